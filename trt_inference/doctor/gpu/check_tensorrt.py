"""Which TensorRT this Python has, and whether its parts belong together."""

import re
from typing import Any, Dict, Generator, Iterator, List, Optional

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.gpu.check_driver import Driver
from trt_inference.doctor.gpu.explain_tensorrt import (
    TENSORRT,
    explain_import,
    installed_packages,
)
from trt_inference.doctor.host import Host
from trt_inference.doctor.probe import run_probe
from trt_inference.printable import printable

_PROBE = "trt_inference.doctor.gpu.probe_tensorrt"
_OLDEST = (8, 0)


def check_tensorrt(host: Host, driver: Driver) -> Generator[Diagnosis, None, Optional[str]]:
    """Import TensorRT. Returns its version, or None where it cannot be used."""
    result = run_probe(host, _PROBE)
    answer = result.answer
    if result.problem:
        yield _crash(result.problem)
        return None
    if answer["error"]:
        yield explain_import(host, answer, driver)
        return None
    version = str(answer["version"])
    if _numbers(version)[:2] < list(_OLDEST):
        yield _too_old(version)
        return None
    doubts = [*_mixed(answer), *_two(host, answer)]
    yield from doubts
    if not doubts:
        place = f" from {printable(answer['file'])}" if answer["file"] else ""
        yield ok(TENSORRT, f"TensorRT {printable(version)}{place}.")
    return version


def _crash(problem: str) -> Diagnosis:
    return error(
        TENSORRT,
        "tensorrt-crashes",
        f"Importing TensorRT {printable(problem)}.",
        "Install it again: from JetPack's apt on a Jetson (sudo apt install --reinstall "
        "python3-libnvinfer), elsewhere python3 -m pip install --force-reinstall --no-deps "
        "tensorrt",
    )


def _too_old(version: str) -> Diagnosis:
    return error(
        TENSORRT,
        "tensorrt-too-old",
        f"TensorRT {printable(version)} is older than 8.0, the first that engines can be built "
        "with.",
        "Install a newer one: JetPack 4.6 has 8.2.",
    )


def _mixed(answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    """The Python package of one version over libraries of another."""
    libraries = [(printable(name), version) for name, version in answer["libraries"]]
    wanted = _numbers(answer["version"])[:3]
    others = [f"{name} ({version})" for name, version in libraries if _differs(version, wanted)]
    if others or len(libraries) > 1:
        shown = others or [name for name, _ in libraries]
        yield error(
            TENSORRT,
            "tensorrt-libraries-differ",
            f"The Python package is TensorRT {printable(answer['version'])}, and it loads "
            f"{' and '.join(shown)}: parts of different versions crash or compute wrongly.",
            "Keep one: remove the other from LD_LIBRARY_PATH, or uninstall what pip brought: "
            "python3 -m pip uninstall tensorrt tensorrt_libs tensorrt_bindings",
        )


def _two(host: Host, answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    """That of pip over that of JetPack or apt."""
    used = str(answer["file"])
    others = [one for one in installed_packages(host, answer["python"]) if not used.startswith(one)]
    if used and others:
        yield caution(
            TENSORRT,
            "two-tensorrts",
            f"TensorRT {printable(answer['version'])} in {printable(used)} hides the one in "
            f"{printable(others[0])}. On a Jetson only JetPack's own fits the board.",
            "python3 -m pip uninstall tensorrt tensorrt_libs tensorrt_bindings, unless you need "
            "that version",
        )


def _differs(version: str, wanted: List[int]) -> bool:
    return bool(version) and _numbers(version)[: len(wanted)] != wanted


def _numbers(version: str) -> List[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
