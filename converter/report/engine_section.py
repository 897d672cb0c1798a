"""The engines that were built of a bundle: what they take, and how they agree with their models.

Engines are built on robots, which may not have jinja2: then the content is added, and the page is
drawn when somebody asks for the report where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converter.report import report_files
from converter.report.wording import Bar, Fact, Table, bars, counted, difference, file_size
from trt_inference.bundles.sidecar import Sidecar

_SLOWEST = 10
_UNKNOWN = "unknown"  # where TensorRT does not tell


@dataclass(frozen=True)
class EngineEntry:
    """What the page shows of one engine; ``key`` tells it from others."""

    key: str
    precision: str
    machine: str
    tables: tuple[Table, ...]
    facts: tuple[Fact, ...]
    cautions: tuple[str, ...]
    layers: tuple[Bar, ...]


def add_engine(folder: Path, sidecar: Sidecar) -> Path:
    """Add an engine to the report in ``folder``, or replace the one of the same name.

    Returns:
        The page, which is older than the content where jinja2 is missing.

    Raises:
        OutputError: ``folder`` has no report that can be read, or cannot be written into.
    """
    content = report_files.load_report(folder)
    others = content.get("engines", {}).get("lines", [])
    content["engines"] = engine_section([*others, report_files.plain(engine_entry(sidecar))])
    return report_files.save_report(folder, content)


def engine_section(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The section of lines as plain values: of an engine the last one, by name."""
    latest = {one["key"]: one for one in lines}
    return {"lines": [latest[key] for key in sorted(latest)]}


def engine_entry(sidecar: Sidecar) -> EngineEntry:
    """Of one engine."""
    measured = sidecar.measured
    return EngineEntry(
        key=sidecar.file,
        precision=sidecar.precision,
        machine=str(sidecar.machine),
        tables=_tables(sidecar.precision, measured),
        facts=_facts(sidecar),
        cautions=tuple(measured.get("cautions", ())),
        layers=_layers(measured.get("slowest_layers", ())),
    )


def _tables(precision: str, measured: Mapping[str, Any]) -> tuple[Table, ...]:
    times = measured.get("gpu_milliseconds", {})
    tables = []
    if times:
        row = (precision, *(f"{value:,.3f} ms" for value in times.values()))
        tables.append(Table("One batch on the GPU, without copies", tuple(times), (row,)))
    compared = measured.get("comparison")
    if compared:
        tables.extend(_of_comparison(precision, compared))
    return tuple(tables)


def _of_comparison(precision: str, compared: Mapping[str, Any]) -> tuple[Table, ...]:
    rows = tuple(
        (one["name"], difference(one["max_abs"]), f"{one['magnitude']:.4g}", f"{one['cosine']:.7f}")
        for one in compared["tensors"]
    )
    cells = _agreement(compared["agreement"])
    return (
        Table(
            f"Agreement with the ONNX model on {counted(compared['images'], 'image')}",
            tuple(cells),
            ((precision, *cells.values()),),
        ),
        Table("Outputs", ("largest difference", "values up to", "cosine"), rows),
    )


def _agreement(found: Mapping[str, Any]) -> dict[str, str]:
    moved = {"largest score difference": difference(found["largest_score_difference"])}
    if "matched" not in found:
        return {"same class": f"{found['same']:,} of {found['compared']:,}", **moved}
    return {
        "matched": f"{found['matched']:,} of {found['detections']:,}",
        "missing": f"{found['missing']:,}",
        "extra": f"{found['extra']:,}",
        "lowest IoU": f"{found['lowest_iou']:.4f}",
        **moved,
    }


def _facts(sidecar: Sidecar) -> tuple[Fact, ...]:
    used = sidecar.measured.get("precisions", {})
    shown = [
        f"{counted(int(one['layers']), 'layer')} in {name}"
        for name, one in used.items()
        if name != _UNKNOWN
    ]
    options = [f"{name}: {value}" for name, value in sidecar.options.items()]
    facts = [
        Fact("Size", file_size(sidecar.bytes)),
        Fact("Batch", str(sidecar.batch)),
        Fact("Typing", sidecar.typing),
        Fact(
            "Build", f"{sidecar.seconds:,.1f} s with a workspace of {file_size(sidecar.workspace)}"
        ),
        Fact("Computes", ", ".join(shown)),
        Fact("Options", ", ".join(options)),
    ]
    return tuple(one for one in facts if one.value)


def _layers(slowest: Sequence[Mapping[str, Any]]) -> tuple[Bar, ...]:
    return bars(
        [
            (one["name"], f"{one['milliseconds']:.4f} ms", one["milliseconds"], one["precision"])
            for one in slowest[:_SLOWEST]
        ]
    )
