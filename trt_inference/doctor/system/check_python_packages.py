"""The packages of Python: each is imported in a process of its own, which may crash."""

from typing import Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.explain_imports import (
    explain_numpy,
    explain_onnxruntime,
    explain_opencv,
    explain_package,
)
from trt_inference.doctor.system.python_packages import (
    DATACLASSES,
    JSONSCHEMA,
    NUMPY,
    ONNX_RUNTIME,
    OPENCV,
    RICH,
    ImportOutcome,
    Installed,
    PythonPackage,
    python_name,
    read_installed,
    try_import,
    version_numbers,
)


def check_python_packages(host: Host) -> Iterator[Diagnosis]:
    """Import NumPy, what was built for it, and the rest."""
    installed = read_installed(host)
    numpy = try_import(host, NUMPY.module)
    problem = explain_numpy(host, numpy, installed)
    yield problem or _judge_version(host, NUMPY, numpy.version)
    for found in _check_built_for_numpy(host, numpy, installed):
        # Without NumPy they cannot be imported, so that only whether they are there can be told.
        if problem is None or found.fault in ("package-missing", "onnxruntime-missing"):
            yield found
    yield from _check_rest(host, installed)
    yield from _check_doubles(host, installed)


def _check_built_for_numpy(
    host: Host, numpy: ImportOutcome, installed: Installed
) -> Iterator[Diagnosis]:
    opencv = try_import(host, OPENCV.module)
    yield explain_opencv(host, opencv, numpy) or _judge_version(host, OPENCV, opencv.version)
    runtime = try_import(host, ONNX_RUNTIME.module)
    problem = explain_onnxruntime(host, runtime, installed)
    yield problem or _judge_version(host, ONNX_RUNTIME, runtime.version)


def _check_rest(host: Host, installed: Installed) -> Iterator[Diagnosis]:
    rest = [JSONSCHEMA, RICH]
    if host.python_version < (3, 7):
        rest.append(DATACLASSES)
    for package in rest:
        outcome = try_import(host, package.module)
        problem = explain_package(host, package, outcome)
        noted = installed.version(package.module)
        yield problem or _judge_version(host, package, noted or outcome.version)


def _judge_version(host: Host, package: PythonPackage, version: str) -> Diagnosis:
    numbers = version_numbers(version)
    if numbers and numbers < package.oldest:
        oldest = ".".join(map(str, package.oldest))
        return error(
            package.title,
            "package-too-old",
            f"{package.title} {version} is older than {oldest}, from which on this project works.",
            f"{python_name(host)} -m pip install {package.pip}",
        )
    return ok(package.title, f"{f'version {version} ' if version else ''}can be imported.")


def _check_doubles(host: Host, installed: Installed) -> Iterator[Diagnosis]:
    """Packages that write into the same folder: the last one installed has overwritten files of
    the others, and to uninstall any of them leaves a ruin."""
    pip = f"{python_name(host)} -m pip"
    kinds = ("", "-headless")
    names = [f"opencv{contrib}-python{kind}" for contrib in ("", "-contrib") for kind in kinds]
    opencvs = installed.names(*names)
    if len(opencvs) > 1:
        yield caution(
            "OpenCV",
            "several-opencvs",
            f"pip has installed {' and '.join(opencvs)}, which overwrite each other's files.",
            f"{pip} uninstall -y {' '.join(opencvs)}; {pip} install {OPENCV.pip}",
        )
    runtimes = installed.names("onnxruntime", "onnxruntime-gpu")
    if len(runtimes) > 1:
        yield caution(
            "ONNX Runtime",
            "several-onnxruntimes",
            f"pip has installed {' and '.join(runtimes)}, which overwrite each other's files.",
            f"{pip} uninstall -y {' '.join(runtimes)}; {pip} install {ONNX_RUNTIME.pip}",
        )
