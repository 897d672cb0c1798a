"""Whether the precisions of a bundle really run here, each tried in a process of its own.

A library may die of a model that it does not know: ONNX Runtime 1.14 does of fp16.
"""

from pathlib import Path
from typing import Any, Dict, Iterator, List

from trt_inference.doctor.diagnosis import IS_CAUTION, Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.probe import ProbeResult, run_probe
from trt_inference.doctor.system.memory_facts import available_memory
from trt_inference.printable import printable, shortened

_PROBE = "trt_inference.doctor.bundle.probe_bundle_run"
_SECONDS = 300.0
_COPIES = 2  # of the weights, while ONNX Runtime loads a model
_BUNDLE_ON_GPU, _BUNDLE_ON_CPU = "Bundle on TensorRT", "Bundle on ONNX Runtime"


def check_tensorrt_run(
    host: Host, bundle: Path, precision: str, device: int
) -> Iterator[Diagnosis]:
    """Open an engine that is for this machine, and run it once."""
    result = _run(host, bundle, "tensorrt", precision, device)
    answer = result.answer
    if result.problem or answer["problem"]:
        text = f"The {precision} engine does not run: {shortened(answer.get('problem', ''))}."
        which = f" --device {device}" if device else ""
        yield error(
            _BUNDLE_ON_GPU,
            "engine-fails",
            f"Running the {precision} engine {result.problem}." if result.problem else text,
            f"trt-inference build {bundle} --precision {precision}{which}",
        )
    elif not answer["are_finite"]:
        yield _not_finite(_BUNDLE_ON_GPU, precision, answer)
    else:
        text = f"{precision} was loaded in {answer['seconds']:.1f} s and runs"
        yield ok(_BUNDLE_ON_GPU, f"{text}, on {printable(answer['description'])}.")


def check_onnxruntime(
    host: Host, bundle: Path, files: Dict[str, Any], has_tensorrt: bool
) -> Iterator[Diagnosis]:
    """Load each precision on ONNX Runtime and run it once.

    Args:
        files: the answer of ``probe_bundle_files``.
        has_tensorrt: the node takes TensorRT here, so that this matters less.
    """
    chosen, reason = files["on_cpu"]
    described: Dict[str, List[str]] = {}
    for precision, size in files["precisions"].items():
        available = available_memory(host)
        if available is not None and available < _COPIES * size:
            yield _no_room(precision, size, available)
            continue
        result = _run(host, bundle, "onnxruntime", precision, 0)
        if result.problem or result.answer["problem"]:
            found = _explain(result, precision)
            matters = precision == chosen and not has_tensorrt
            yield found if matters else found._replace(level=IS_CAUTION)
            if _is_missing(result):  # the other precisions have the same
                return
        elif not result.answer["are_finite"]:
            yield _not_finite(_BUNDLE_ON_CPU, precision, result.answer)
        else:
            described.setdefault(result.answer["description"], []).append(precision)
    for description, precisions in described.items():
        names = f"{', '.join(precisions)} run{'' if len(precisions) > 1 else 's'}"
        wish = " with backend:=onnxruntime" if has_tensorrt else ""
        node = f"; the node{wish} would take {printable(reason)}" if chosen in precisions else ""
        yield ok(_BUNDLE_ON_CPU, f"{names} on {printable(description)}{node}.")


def _run(host: Host, bundle: Path, backend: str, precision: str, device: int) -> ProbeResult:
    arguments = (str(bundle), backend, precision, str(device))
    return run_probe(host, _PROBE, *arguments, seconds=_SECONDS)


def _not_finite(subject: str, precision: str, answer: Dict[str, Any]) -> Diagnosis:
    return error(
        subject,
        "results-not-finite",
        f"{precision} gives results that are not numbers, on {printable(answer['description'])}.",
        "Take another precision, or convert the model again.",
    )


def _explain(result: ProbeResult, precision: str) -> Diagnosis:
    if result.problem:
        return error(
            _BUNDLE_ON_CPU,
            "onnxruntime-crashes",
            f"Loading {precision} {printable(result.problem)}.",
            "Take another ONNX Runtime (1.14.0 and 1.14.1 die of fp16): python3 -m pip install "
            "'onnxruntime!=1.14.*' 'numpy<2', where NumPy 1 is installed",
        )
    problem = printable(result.answer["problem"])
    if _is_missing(result):
        return error(
            _BUNDLE_ON_CPU,
            "onnxruntime-needed-for-bundle",
            f"{precision} does not run: {shortened(problem)}.",
            "python3 -m pip install onnxruntime 'numpy<2', where NumPy 1 is installed",
        )
    if "is too new for ONNX Runtime" in problem:
        return error(
            _BUNDLE_ON_CPU,
            "model-too-new-for-onnxruntime",
            f"{precision} does not run: {problem.partition(': convert')[0]}.",
            "On the workstation: trt-inference convert … --target jetson-nano",
        )
    return error(
        _BUNDLE_ON_CPU,
        "model-fails-on-onnxruntime",
        f"{precision} does not run: {shortened(problem)}.",
        "Convert the model again on a workstation.",
    )


def _is_missing(result: ProbeResult) -> bool:
    return str(result.answer.get("problem", "")).startswith("backend onnxruntime:")


def _no_room(precision: str, size: int, available: int) -> Diagnosis:
    return caution(
        _BUNDLE_ON_CPU,
        "too-little-memory-to-load",
        f"Not looked at: {precision} takes about {_COPIES * size >> 20} MiB while it is loaded, "
        f"and {available >> 20} MiB are available.",
        "Close other programs, or take a narrower precision.",
    )
