"""Why a package cannot be imported, and what to do."""

import re
from typing import Optional

from trt_inference.doctor.diagnosis import Diagnosis, error
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.python_packages import (
    NUMPY,
    OPENCV,
    ImportOutcome,
    Packages,
    PythonPackage,
    pip_install,
    python_name,
    version_numbers,
)

_OF_APT = "/usr/lib/python3/dist-packages"
_NO_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[.0-9]*): cannot open shared object")
_ARMV8 = "OPENBLAS_CORETYPE"


def explain_package(
    host: Host, package: PythonPackage, outcome: ImportOutcome
) -> Optional[Diagnosis]:
    """Why a package does not work, as far as it is nothing of its own; None where it does."""
    title = package.title
    if outcome.is_missing:
        text = f"{title} is not installed."
        return error(title, "package-missing", text, package.install(host))
    if outcome.error:
        return error(
            title,
            "package-broken",
            f"{title} cannot be imported: {outcome.error}.",
            f"{pip_install(host)} --force-reinstall --no-deps {package.pip}; what apt installed: "
            "sudo apt install --reinstall " + (package.apt or "its package"),
        )
    if outcome.crash:
        return error(
            title,
            "package-crashes",
            f"The process that imported {title} {outcome.crash}.",
            f"{package.install(host)}, after {python_name(host)} -m pip uninstall "
            f"{_project(package)} where pip installed it",
        )
    return None


def explain_numpy(host: Host, packages: Packages) -> Optional[Diagnosis]:
    """Why NumPy does not work; None where it does."""
    outcome = packages.outcomes[NUMPY.module]
    if "SIGILL" in outcome.crash and host.architecture == "aarch64":
        version = packages.version("numpy") or "of unknown version"
        value = host.environment.get(_ARMV8)
        if not value:
            return error(
                NUMPY.title,
                "numpy-takes-wrong-processor",
                f"NumPy {version} {outcome.crash} ('Illegal instruction'): its OpenBLAS takes this "
                "processor for another one. OpenCV and ONNX Runtime need NumPy.",
                f"export {_ARMV8}=ARMV8, in ~/.bashrc too; in a container, docker run -e "
                f"{_ARMV8}=ARMV8 ...",
            )
    return explain_package(host, NUMPY, outcome)


def explain_opencv(host: Host, packages: Packages) -> Optional[Diagnosis]:
    """Why OpenCV does not work; None where it does."""
    outcome, numpy = (packages.outcomes[one.module] for one in (OPENCV, NUMPY))
    is_of_numpy = "numpy" in outcome.error.lower() or "_ARRAY_API" in outcome.error
    if version_numbers(numpy.version) >= (2,) and (is_of_numpy or outcome.crash):
        return error(
            "NumPy and OpenCV",
            "numpy-2-over-opencv",
            f"OpenCV was built for NumPy 1, and Python finds NumPy {numpy.version} in "
            f"{numpy.file.rpartition('/numpy/')[0] or numpy.file}: it cannot be imported, nor can "
            f"cv_bridge ({outcome.error or outcome.crash}).",
            back_to_numpy_1(host),
        )
    library = _NO_LIBRARY.search(outcome.error)
    if library:
        return error(
            OPENCV.title,
            "opencv-without-library",
            f"OpenCV cannot be imported, because {library.group(1)} is not installed.",
            "sudo apt install libgl1 libglib2.0-0, or use the OpenCV without windows: "
            f"{python_name(host)} -m pip uninstall opencv-python; {pip_install(host)} {OPENCV.pip}",
        )
    return explain_package(host, OPENCV, outcome)


def back_to_numpy_1(host: Host) -> str:
    """The command after which Python finds a NumPy that was there before NumPy 2."""
    other = f"{pip_install(host)} {NUMPY.pip}"
    if host.exists(f"{_OF_APT}/numpy"):
        python = python_name(host)
        return f"{python} -m pip uninstall numpy, so that apt's is found again; or {other}"
    return other


def _project(package: PythonPackage) -> str:
    """The name of a package for pip, without versions."""
    return re.split("[<>=!' ]", package.pip.lstrip("'"))[0]
