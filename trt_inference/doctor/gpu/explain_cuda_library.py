"""Why neither pycuda nor cuda-bindings can be imported."""

from typing import Any, Dict, Optional

from trt_inference.doctor.diagnosis import Diagnosis, error
from trt_inference.doctor.host import Host
from trt_inference.printable import printable

CUDA_FOR_PYTHON = "CUDA for Python"
_TOOLKIT = "/usr/local/cuda/bin"
# How Python and extensions tell that an extension was compiled for another NumPy.
_OTHER_NUMPY = (
    "numpy.core.multiarray",
    "numpy._core.multiarray",
    "_ARRAY_API",
    "dtype size changed",
)
_NUMPY_API = "compiled against"


def explain_missing(host: Host, answer: Dict[str, Any]) -> Diagnosis:
    """
    Args:
        answer: of ``probe_cuda_library``, which found no library.
    """
    reasons = answer["reasons"]
    return (
        _broken_pycuda(answer, reasons.get("pycuda", ""))
        or _old_bindings(answer, reasons.get("cuda-python", ""))
        or _not_installed(host, answer)
    )


def _broken_pycuda(answer: Dict[str, Any], reason: str) -> Optional[Diagnosis]:
    if not reason or "No module named 'pycuda'" in reason:
        return None
    again = (
        f"PATH={_TOOLKIT}:$PATH python3 -m pip install --force-reinstall --no-deps --no-cache-dir "
        f"{'--no-use-pep517 pycuda==2022.1' if answer['python'] < [3, 7] else 'pycuda'}"
    )
    if _NUMPY_API in reason or any(sign in reason for sign in _OTHER_NUMPY):
        return error(
            CUDA_FOR_PYTHON,
            "pycuda-of-another-numpy",
            f"pycuda was compiled for another NumPy than {answer['numpy'][0]}, which is installed: "
            f"{printable(reason)}.",
            again,
        )
    if "lib" in reason and ".so" in reason:
        return error(
            CUDA_FOR_PYTHON,
            "pycuda-of-another-cuda",
            f"pycuda was compiled for another CUDA than is installed: {printable(reason)}.",
            again,
        )
    return error(
        CUDA_FOR_PYTHON, "pycuda-broken", f"pycuda cannot be imported: {printable(reason)}.", again
    )


def _old_bindings(answer: Dict[str, Any], reason: str) -> Optional[Diagnosis]:
    if not reason or "No module named 'cuda" in reason:
        return None
    if "or newer is needed" in reason:
        return error(
            CUDA_FOR_PYTHON, "cuda-bindings-too-old", f"{printable(reason)}.", answer["command"]
        )
    return error(
        CUDA_FOR_PYTHON,
        "cuda-bindings-broken",
        f"cuda-bindings cannot be imported: {printable(reason)}.",
        answer["command"],
    )


def _not_installed(host: Host, answer: Dict[str, Any]) -> Diagnosis:
    neither = "Neither pycuda nor cuda-bindings is installed for this Python"
    command = answer["command"]
    if "pycuda" not in command or host.program("nvcc"):
        return error(CUDA_FOR_PYTHON, "cuda-library-missing", f"{neither}.", command)
    python = ".".join(str(number) for number in answer["python"])
    has_toolkit = host.exists(f"{_TOOLKIT}/nvcc")
    where = f"it is in {_TOOLKIT}" if has_toolkit else "CUDA's compiler is not installed"
    install = "" if has_toolkit else _toolkit(host)
    return error(
        CUDA_FOR_PYTHON,
        "pycuda-without-nvcc",
        f"{neither}. For Python {python} pycuda has to be compiled, and nvcc is not on the PATH: "
        f"{where}.",
        f"{install}{command}",
    )


def _toolkit(host: Host) -> str:
    """What comes before the compilation where there is no compiler."""
    if host.exists("/etc/nv_tegra_release"):
        return "sudo apt install nvidia-jetpack, then "
    return "Install CUDA's toolkit (in a container, take an image whose name ends in -devel), then "
