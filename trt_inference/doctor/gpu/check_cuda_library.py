"""Whether pycuda or cuda-bindings brings CUDA to this Python, and works with the driver."""

import re
from typing import Any, Dict, Generator, Iterator, NamedTuple, Optional, Tuple

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.gpu.check_driver import Driver, cuda_version
from trt_inference.doctor.gpu.explain_cuda_library import CUDA_FOR_PYTHON, explain_missing
from trt_inference.doctor.host import Host
from trt_inference.doctor.probe import run_probe
from trt_inference.printable import printable

_PROBE = "trt_inference.doctor.gpu.probe_cuda_library"
_APT_NUMPY = "/usr/lib/python3/dist-packages/numpy"


class Gpu(NamedTuple):
    """A GPU that CUDA can be used on from Python.

    Attributes:
        capability: its compute capability, as ``(8, 7)``.
        integrated: it works in the memory of the processor, as on a Jetson.
    """

    name: str
    capability: Tuple[int, int]
    integrated: bool

    def __str__(self) -> str:
        return f"{printable(self.name)} (sm_{self.capability[0]}{self.capability[1]})"


def check_cuda_library(host: Host, driver: Driver) -> Generator[Diagnosis, None, Optional[Gpu]]:
    """Import the libraries that engines need. Returns the GPU, or None where none works."""
    result = run_probe(host, _PROBE, str(driver.version), str(host.device))
    answer = result.answer
    if result.problem:
        yield _not_examined(result.problem)
        return None
    yield from _about_numpy(host, answer)
    if not answer["library"]:
        yield explain_missing(host, answer)
        return None
    yield from _about_library(answer, driver)
    if answer["error"]:
        return None
    gpu = Gpu(
        answer["gpu"], (answer["capability"][0], answer["capability"][1]), answer["integrated"]
    )
    yield ok(CUDA_FOR_PYTHON, f"{printable(answer['library'])} works, on {gpu}.")
    return gpu


def _not_examined(problem: str) -> Diagnosis:
    return error(
        CUDA_FOR_PYTHON,
        "cuda-library-crashes",
        f"Importing pycuda or cuda-bindings {printable(problem)}.",
        "Mend NumPy first, where it is reported above; else install the library again: python3 -m "
        "pip install --force-reinstall --no-deps --no-cache-dir pycuda",
    )


def _about_library(answer: Dict[str, Any], driver: Driver) -> Iterator[Diagnosis]:
    """A library that is there, and may not fit the driver."""
    library, problem = printable(answer["library"]), printable(answer["error"])
    major = re.match(r"cuda-(?:bindings|python) (\d+)", library)
    if major is not None and int(major.group(1)) > driver.version // 1000:
        text = f"{library} is for a newer driver than this one, of CUDA "
        text += cuda_version(driver.version)
        if problem:
            text += f", and fails: {problem}."
            yield error(CUDA_FOR_PYTHON, "cuda-bindings-newer-than-driver", text, answer["command"])
        else:
            text += ": functions may be missing."
            yield caution(
                CUDA_FOR_PYTHON, "cuda-bindings-newer-than-driver", text, answer["command"]
            )
    elif problem:
        package = "pycuda" if library.startswith("pycuda") else "cuda-bindings"
        yield error(
            CUDA_FOR_PYTHON,
            "cuda-library-fails",
            f"{library} fails where libcuda itself works: {problem}.",
            "Install it again for this driver: python3 -m pip install --force-reinstall --no-deps "
            f"--no-cache-dir {package}",
        )


def _about_numpy(host: Host, answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    """NumPy 2 of pip's over NumPy 1 of apt's. OpenCV and cv_bridge of apt were built for that."""
    version, file = answer["numpy"]
    over = host.exists(_APT_NUMPY) and not file.startswith(str(host.path(_APT_NUMPY)))
    if int(version.partition(".")[0] or 0) >= 2 and over and "cuda" in answer["library"]:
        yield caution(
            CUDA_FOR_PYTHON,
            "numpy-2-with-cuda-python",
            f"NumPy {version} in {printable(file)} hides that of apt. pip brings it along with "
            "cuda-python; cuda-bindings needs none.",
            "python3 -m pip install 'numpy<2'",
        )
