"""What of a bundle runs on this machine, and what does not, with the reason."""

from pathlib import Path
from typing import Any, Dict, Generator, Iterator, List, Optional

from trt_inference.doctor.bundle.check_runs import check_onnxruntime, check_tensorrt_run
from trt_inference.doctor.diagnosis import Diagnosis, caution, error
from trt_inference.doctor.gpu.nvidia_devices import find_nvidia_devices
from trt_inference.doctor.host import Host
from trt_inference.doctor.probe import run_probe
from trt_inference.printable import printable, printable_name

_PACKAGE = "trt_inference.doctor.bundle"
_SECONDS = 600.0  # to read some GB from a slow card for their hashes


def check_bundle_here(host: Host, bundle: Path, device: int = 0) -> Iterator[Diagnosis]:
    """Look at the files, the engines, and at ONNX Runtime; each in a process of its own.

    Args:
        device: number of the GPU.
    """
    files = run_probe(host, f"{_PACKAGE}.probe_bundle_files", str(bundle), seconds=_SECONDS)
    if files.problem:
        yield _not_examined(bundle, files.problem)
        return
    yield from _diagnoses(files.answer)
    precisions: Dict[str, int] = files.answer["precisions"]
    if not precisions:
        return
    running = yield from _check_engines(host, bundle, device)
    for precision in running or ():
        yield from check_tensorrt_run(host, bundle, precision, device)
    yield from check_onnxruntime(host, bundle, files.answer, running is not None)


def _check_engines(
    host: Host, bundle: Path, device: int
) -> Generator[Diagnosis, None, Optional[List[str]]]:
    """Report about engines, where TensorRT works. Returns the precisions that have one for this
    machine, or None where no engine can run."""
    probe = f"{_PACKAGE}.probe_bundle_engines"
    result = run_probe(host, probe, str(bundle), str(device), seconds=_SECONDS)
    why_not = f"looking for it {result.problem}" if result.problem else result.answer["why_not"]
    if why_not:
        if find_nvidia_devices(host).are_there:
            yield _no_engines(why_not)
        return None
    yield from _diagnoses(result.answer)
    running: List[str] = result.answer["running"]
    return running


def _diagnoses(answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    for fields in answer["diagnoses"]:
        yield Diagnosis(*fields)


def _not_examined(bundle: Path, problem: str) -> Diagnosis:
    return error(
        "Bundle",
        "bundle-not-examined",
        f"Not looked at: reading {printable_name(bundle)} {printable(problem)}.",
        "Mend Python's packages first, as reported above: a bundle needs numpy and jsonschema.",
    )


def _no_engines(why_not: str) -> Diagnosis:
    return caution(
        "Engines of the bundle",
        "engines-not-examined",
        f"Not looked at: no engine can run here ({printable(why_not)}).",
        "Mend GPU, driver, CUDA for Python or TensorRT, as reported above, and run the doctor "
        "again.",
    )
