"""Python and its packages: each is imported in a process of its own, which may crash."""

from typing import Iterator, List

from trt_inference.doctor.diagnosis import IS_ERROR, Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.explain_imports import (
    explain_numpy,
    explain_opencv,
    explain_package,
)
from trt_inference.doctor.system.explain_onnxruntime import explain_onnxruntime
from trt_inference.doctor.system.python_packages import (
    DATACLASSES,
    JSONSCHEMA,
    NUMPY,
    ONNX_RUNTIME,
    OPENCV,
    RICH,
    Packages,
    PythonPackage,
    look_at_packages,
    pip_install,
    python_name,
    version_numbers,
)

_PIP_OF_WHEELS = (19, 3)


def check_python_packages(host: Host) -> Iterator[Diagnosis]:
    """Import NumPy, what was built for it, and the rest. Whether TensorRT is for this Python, the
    checks of TensorRT tell."""
    yield ok("Python", f"{'.'.join(map(str, host.python_version))}, {host.python}.")
    rest = [JSONSCHEMA, RICH, *([DATACLASSES] if host.python_version < (3, 7) else [])]
    needed = [NUMPY, OPENCV, ONNX_RUNTIME, *rest]
    packages = look_at_packages(host, *(package.module for package in needed))
    found = [*_check_numpy(host, packages), *_check_rest(host, rest, packages)]
    found += _check_doubles(host, packages)
    yield from _check_pip(host, packages, any(one.level == IS_ERROR for one in found))
    yield from found


def _check_rest(host: Host, rest: List[PythonPackage], packages: Packages) -> Iterator[Diagnosis]:
    for package in rest:
        problem = explain_package(host, package, packages.outcomes[package.module])
        yield problem or _judge_version(host, package, packages)


def _check_numpy(host: Host, packages: Packages) -> Iterator[Diagnosis]:
    """NumPy, and what was built for it. Where NumPy cannot be imported, nor can that be: whether
    it is there is all that can be told."""
    problem = explain_numpy(host, packages)
    yield problem or _judge_version(host, NUMPY, packages)
    opencv = explain_opencv(host, packages) or _judge_version(host, OPENCV, packages)
    runtime = explain_onnxruntime(host, packages)
    for found in (opencv, runtime or _judge_version(host, ONNX_RUNTIME, packages)):
        if problem is None or found.fault in ("package-missing", "onnxruntime-missing"):
            yield found


def _judge_version(host: Host, package: PythonPackage, packages: Packages) -> Diagnosis:
    noted = packages.version(package.module)  # rich states none itself
    version = packages.outcomes[package.module].version or noted
    numbers = version_numbers(version)
    if numbers and numbers < package.oldest:
        oldest = ".".join(map(str, package.oldest))
        return error(
            package.title,
            "package-too-old",
            f"{package.title} {version} is older than {oldest}, from which on this project works.",
            f"{pip_install(host)} {package.pip}",
        )
    return ok(package.title, f"{f'version {version} ' if version else ''}can be imported.")


def _check_doubles(host: Host, packages: Packages) -> Iterator[Diagnosis]:
    """Packages that write into the same folder: the last one installed has overwritten files of
    the others, and to uninstall any of them leaves a ruin."""
    pip = f"{python_name(host)} -m pip"
    kinds = ("", "-headless")
    names = [f"opencv{contrib}-python{kind}" for contrib in ("", "-contrib") for kind in kinds]
    opencvs = packages.installed_of(*names)
    if len(opencvs) > 1:
        yield caution(
            "OpenCV",
            "several-opencvs",
            f"pip has installed {' and '.join(opencvs)}, which overwrite each other's files.",
            f"{pip} uninstall -y {' '.join(opencvs)}; {pip_install(host)} {OPENCV.pip}",
        )
    runtimes = packages.installed_of("onnxruntime", "onnxruntime-gpu")
    if len(runtimes) > 1:
        yield caution(
            "ONNX Runtime",
            "several-onnxruntimes",
            f"pip has installed {' and '.join(runtimes)}, which overwrite each other's files.",
            f"{pip} uninstall -y {' '.join(runtimes)}; {pip_install(host)} {ONNX_RUNTIME.pip}",
        )


def _check_pip(host: Host, packages: Packages, is_needed: bool) -> Iterator[Diagnosis]:
    """Ubuntu 18.04 brings pip 9, which knows none of the wheels of today. Where packages have to be
    installed, that comes first."""
    version = packages.version("pip")
    if not version or version_numbers(version) >= _PIP_OF_WHEELS:
        return
    text = f"pip {version} does not know wheels of manylinux2014: it compiles NumPy and OpenCV "
    text += "for hours, or fails."
    remedy = f"{python_name(host)} -m pip install --user -U pip"
    if is_needed:
        yield error("pip", "pip-too-old", text, remedy)
    else:
        yield caution("pip", "pip-too-old", text, remedy)
