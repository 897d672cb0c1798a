"""Engines: which there are, what they take, and how they agree with their ONNX models.

All figures come from the sidecars. Robots import this: nothing here needs more than they have.
"""

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from converter.tables.wording import (
    Bar,
    Fact,
    Table,
    bars,
    counted,
    difference,
    file_size,
    outputs_title,
)
from trt_inference.bundles.sidecar import Sidecar
from trt_inference.engines.tensorrt.engine_memory import needed_memory

_SLOWEST = 10
_UNKNOWN = "unknown"  # where TensorRT does not tell


def engine_list_table(engines: Sequence[Tuple[Sidecar, str]], machine_is_known: bool) -> Table:
    """The engines of a bundle, each with the reason why it does not run here, if there is one."""
    here = ["here"] if machine_is_known else []
    columns = ("TensorRT", "GPU", "system", "size, memory", "batch", "GPU ms", *here)
    return Table("Engines", columns, tuple(_list_row(*one, machine_is_known) for one in engines))


def _list_row(sidecar: Sidecar, reason_against: str, machine_is_known: bool) -> Tuple[str, ...]:
    built = sidecar.machine
    times = sidecar.measured.get("gpu_milliseconds", {})
    return (
        sidecar.precision,
        built.tensorrt,
        f"{built.gpu} ({built.sm})",
        f"{built.system} {built.architecture}",
        f"{file_size(sidecar.bytes)}, {file_size(needed_memory(sidecar))}",
        str(sidecar.batch),
        f"{times['p50']:.3f}" if times else "",
        *(["no" if reason_against else "runs"] if machine_is_known else []),
    )


def engine_tables(sidecar: Sidecar) -> Tuple[Table, ...]:
    """Times on the GPU, and agreement with the ONNX model where that was measured."""
    measured, precision = sidecar.measured, sidecar.precision
    tables: List[Table] = []
    times = measured.get("gpu_milliseconds", {})
    if times:
        row = (precision, *(f"{value:,.3f} ms" for value in times.values()))
        tables.append(Table("One batch on the GPU, without copies", tuple(times), (row,)))
    compared = measured.get("comparison")
    if compared:
        tables.extend(_comparison_tables(precision, compared))
    return tuple(tables)


def _comparison_tables(precision: str, compared: Mapping[str, Any]) -> Tuple[Table, ...]:
    cells = _agreement_cells(compared["agreement"])
    title = f"Agreement with the ONNX model on {counted(compared['images'], 'image')}"
    rows = tuple(
        (one["name"], difference(one["max_abs"]), f"{one['magnitude']:.4g}", f"{one['cosine']:.7f}")
        for one in compared["tensors"]
    )
    return (
        Table(title, tuple(cells), ((precision, *cells.values()),)),
        Table(
            outputs_title(f"the {precision} engine", compared.get("rows")),
            ("largest difference", "values up to", "cosine"),
            rows,
        ),
    )


def _agreement_cells(found: Mapping[str, Any]) -> Dict[str, str]:
    """The published results, as a sidecar keeps them: a value for each column."""
    score = found["largest_score_difference"]  # None for class maps, which have no scores
    moved = {} if score is None else {"largest score difference": difference(score)}
    if "matched" not in found:
        return {"same class": f"{found['same']:,} of {found['compared']:,}", **moved}
    return {
        "matched": f"{found['matched']:,} of {found['detections']:,}",
        "missing": f"{found['missing']:,}",
        "extra": f"{found['extra']:,}",
        "lowest IoU": f"{found['lowest_iou']:.4f}",
        **moved,
    }


def engine_facts(sidecar: Sidecar) -> Tuple[Fact, ...]:
    """How the engine was built, and the types that it computes in."""
    options = [f"{name}: {value}" for name, value in sidecar.options.items()]
    workspace = file_size(sidecar.workspace)
    facts = [
        Fact("Size", file_size(sidecar.bytes)),
        Fact("GPU memory", f"about {file_size(needed_memory(sidecar))}"),
        Fact("Batch", str(sidecar.batch)),
        Fact("Typing", sidecar.typing),
        Fact("Build", f"{sidecar.seconds:,.1f} s with a workspace of {workspace}"),
        Fact("Computes", ", ".join(computed_types(sidecar))),
        Fact("Options", ", ".join(options)),
    ]
    return tuple(one for one in facts if one.value)


def computed_types(sidecar: Sidecar) -> List[str]:
    """How many layers compute in which type; empty where TensorRT tells it of none."""
    used: Mapping[str, Mapping[str, float]] = sidecar.measured.get("precisions", {})
    if set(used) <= {_UNKNOWN}:
        return []
    return [
        f"{counted(int(one['layers']), 'layer')} {_in_type(name)} ({one['milliseconds']:.3f} ms)"
        for name, one in used.items()
    ]


def _in_type(name: str) -> str:
    return "of unknown type" if name == _UNKNOWN else f"in {name}"


def layer_bars(sidecar: Sidecar) -> Tuple[Bar, ...]:
    """The layers that take longest, with their milliseconds and types."""
    slowest = sidecar.measured.get("slowest_layers", ())
    return bars(
        [
            (one["name"], f"{one['milliseconds']:.4f} ms", one["milliseconds"], _type(one))
            for one in slowest[:_SLOWEST]
        ]
    )


def _type(layer: Mapping[str, Any]) -> str:
    return "" if layer["precision"] == _UNKNOWN else str(layer["precision"])
