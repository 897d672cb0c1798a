"""Models and plans with operators of which TensorRT makes plugins: in the process that builds them,
and in another one; at the end on a real GPU with --gpu, in processes of their own."""

import contextlib
import ctypes
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Iterator

import numpy as np
import pytest

from test.converter.command_line import ROOT, Result, finish, run_here, start
from test.plugin_bundles import INSTANCE_NORM, ROI_ALIGN, class_map, write_plugin_bundle
from test.tensorrt_double.install import Double, install
from test.tensorrt_double.plan import Plan
from trt_inference.engines.tensorrt.gpu import import_tensorrt
from trt_inference.errors import EngineError

Build = Callable[..., Result]

# RoiAlign came with 8.5. From 10 on InstanceNormalization is a layer.
FOR_OTHERS = [
    (version, name)
    for version in ("8.6.1", "9.3.0", "10.3.0", "11.4.0")
    for name in (INSTANCE_NORM, ROI_ALIGN)
]
EVERY = [("8.2.1", INSTANCE_NORM), ("8.4.1", INSTANCE_NORM), *FOR_OTHERS]
WITH_PLUGINS = [("8.2.1", INSTANCE_NORM), ("8.6.1", ROI_ALIGN), ("11.4.0", ROI_ALIGN)]

_CUDNN = ("libcudnn.so.9", "libcudnn.so.8")
_RUN = """
import sys
from pathlib import Path
from test.plugin_bundles import class_map
folder = Path(sys.argv[1])
same = (class_map(folder, "tensorrt") == class_map(folder, "onnxruntime")).mean()
print(f"{same:.3f} of the cells are the same")
sys.exit(0 if same > 0.99 else 1)
"""


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A bundle with the operator that is the parameter."""
    return write_plugin_bundle(tmp_path / "segments", request.param)


@pytest.fixture
def build(folder: Path, capsys: pytest.CaptureFixture[str]) -> Build:
    def run(*arguments: object) -> Result:
        return run_here(capsys, "build", folder, "--precision", "fp32", *arguments)

    return run


@contextlib.contextmanager
def fresh_process(version: str) -> Iterator[Double]:
    """TensorRT as a process that has just started finds it."""
    with install(version) as double:
        assert double.machine.plugin_logger is None
        yield double


def plan_of(folder: Path) -> Path:
    (file,) = folder.glob("engines/*.engine")
    return file


def content_of(folder: Path) -> Plan:
    return Plan.from_bytes(plan_of(folder).read_bytes())


@pytest.mark.parametrize(("version", "folder"), EVERY, indirect=["folder"])
def test_an_engine_with_plugins_is_built_and_loaded_in_another_process(
    version: str, folder: Path, build: Build
) -> None:
    with install(version):
        result = build()
        assert result.exit_code == 0, result.output
        assert "caution: this TensorRT" not in result.output
    with fresh_process(version):
        np.testing.assert_array_equal(
            class_map(folder, "tensorrt"), class_map(folder, "onnxruntime")
        )


@pytest.mark.parametrize(
    ("version", "folder", "expected"),
    [
        ("8.2.1", INSTANCE_NORM, ["InstanceNormalization_TRT"]),
        ("8.6.1", INSTANCE_NORM, ["InstanceNormalization_TRT"]),
        ("8.6.1", ROI_ALIGN, ["ROIAlign_TRT"]),
        ("10.3.0", INSTANCE_NORM, []),
        ("10.3.0", ROI_ALIGN, ["ROIAlign_TRT"]),
    ],
    indirect=["folder"],
)
def test_a_plugin_is_where_the_version_has_no_layer(
    version: str, folder: Path, expected: Any, build: Build
) -> None:
    with install(version):
        build()
    assert content_of(folder).options["plugins"] == expected


@pytest.mark.parametrize(("version", "folder"), WITH_PLUGINS, indirect=["folder"])
def test_a_plan_of_trtexec_with_plugins_is_taken_in(
    version: str, folder: Path, build: Build, tmp_path: Path
) -> None:
    with install(version):
        build()
    plan = tmp_path / "trtexec.plan"
    plan_of(folder).rename(plan)
    with fresh_process(version):
        result = build("--import-engine", plan)
        assert result.exit_code == 0, result.output
    assert plan_of(folder).read_bytes() == plan.read_bytes()


@pytest.mark.parametrize(
    ("version", "folder", "option"),
    [
        *((version, name, "--version-compatible") for version, name in FOR_OTHERS),
        ("8.6.1", INSTANCE_NORM, "--hardware-compatible"),
        ("11.4.0", INSTANCE_NORM, "--hardware-compatible"),
    ],
    indirect=["folder"],
)
def test_an_engine_for_others_is_built_and_loaded_in_another_process(
    version: str, folder: Path, option: str, build: Build
) -> None:
    with install(version):
        result = build(option)
        assert result.exit_code == 0, result.output
    with fresh_process(version):
        np.testing.assert_array_equal(
            class_map(folder, "tensorrt"), class_map(folder, "onnxruntime")
        )


@pytest.mark.parametrize("option", ["--version-compatible", "--hardware-compatible"])
@pytest.mark.parametrize("folder", [INSTANCE_NORM], indirect=True)
def test_without_the_flag_of_the_parser_an_engine_for_others_is_refused(
    folder: Path, option: str, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    with install("8.6.1") as double:
        monkeypatch.delattr(double.tensorrt, "OnnxParserFlag")  # as in 8.6.0
        build(option).refused("has InstanceNormalization", "makes a plugin", f"{option}")
        assert build().exit_code == 0


@pytest.mark.parametrize("folder", [INSTANCE_NORM], indirect=True)
def test_without_plugins_what_needs_none_is_built(folder: Path, build: Build) -> None:
    with install("10.3.0") as double:
        double.faults.plugins = True
        result = build()
        assert result.exit_code == 0, result.output
    assert "caution: TensorRT could not register its plugins" in result.output


@pytest.mark.parametrize("folder", [ROI_ALIGN], indirect=True)
def test_without_plugins_what_needs_one_is_refused(folder: Path, build: Build) -> None:
    with install("10.3.0") as double:
        double.faults.plugins = True
        result = build()
    assert "caution: TensorRT could not register its plugins" in result.output
    result.refused("plugin was not found in the plugin registry")


@pytest.mark.parametrize("lean", [True, False])
@pytest.mark.parametrize("folder", [ROI_ALIGN], indirect=True)
def test_a_plan_whose_plugins_cannot_be_had_is_refused_with_the_reason(
    folder: Path, lean: bool, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    with install("10.3.0"):
        build()
    with fresh_process("10.3.0") as double:
        if lean:
            monkeypatch.delattr(double.tensorrt, "init_libnvinfer_plugins")
        double.faults.plugins = True
        reason = "comes without its plugins" if lean else "could not register its plugins"
        with pytest.raises(EngineError, match=f"needs a plugin: .*{reason}"):
            class_map(folder, "tensorrt")


@pytest.mark.parametrize("folder", [ROI_ALIGN], indirect=True)
def test_a_plan_with_a_plugin_of_somebody_else_is_refused(
    folder: Path, build: Build, tmp_path: Path
) -> None:
    with install("10.3.0"):
        build()
        known = content_of(folder)
        theirs = replace(known, options={**known.options, "plugins": ["YoloLayer_TRT"]})
        plan = tmp_path / "trtexec.plan"
        plan.write_bytes(theirs.to_bytes())
        build("--import-engine", plan).refused(
            "YoloLayer_TRT", "needs a plugin", "none of those that come with TensorRT"
        )


@pytest.fixture(scope="session")
def real_tensorrt() -> ModuleType:
    return import_tensorrt()


@pytest.fixture
def normalising(real_tensorrt: ModuleType, tmp_path: Path) -> Path:
    """A bundle with InstanceNormalization, whose plugin, before 10, computes with cuDNN."""
    if int(real_tensorrt.__version__.partition(".")[0]) < 10 and not any(map(works, _CUDNN)):
        pytest.skip("the plugin needs cuDNN")
    return write_plugin_bundle(tmp_path / "normalising", INSTANCE_NORM)


@pytest.fixture
def aligning(tmp_path: Path) -> Path:
    """A bundle with RoiAlign."""
    return write_plugin_bundle(tmp_path / "aligning", ROI_ALIGN)


def works(library: str) -> bool:
    """Whether this is cuDNN, and not something that only has its name."""
    try:
        version = ctypes.CDLL(library).cudnnGetVersion
    except (OSError, AttributeError):
        return False
    version.restype = ctypes.c_size_t
    return bool(version() >= 8000)


def build_here(folder: Path, *options: str) -> Result:
    return finish(start("build", folder, "--precision", "fp32", "--workspace", "256MiB", *options))


def check_in_a_process_of_its_own(folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _RUN, str(folder)],
        cwd=str(ROOT),
        universal_newlines=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=250,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def lacks_library_of_compatible(result: Result) -> bool:
    return result.exit_code == 1 and "nvinfer_vc_plugin" in result.output


@pytest.mark.gpu
def test_instance_normalization_is_built_and_loaded(normalising: Path) -> None:
    result = build_here(normalising)
    assert result.exit_code == 0, result.output
    check_in_a_process_of_its_own(normalising)


@pytest.mark.gpu
def test_roi_align_is_built_and_loaded_or_the_library_that_it_lacks_is_named(
    aligning: Path,
) -> None:
    result = build_here(aligning)
    if lacks_library_of_compatible(result):
        result.refused("Unable to open library", "Remedy: install the library")
        return
    assert result.exit_code == 0, result.output
    check_in_a_process_of_its_own(aligning)


@pytest.mark.gpu
@pytest.mark.parametrize("option", ["--hardware-compatible", "--version-compatible"])
def test_instance_normalization_for_others_is_built_or_refused_with_the_reason(
    real_tensorrt: ModuleType, option: str, tmp_path: Path
) -> None:
    folder = write_plugin_bundle(tmp_path / "normalising", INSTANCE_NORM)
    result = build_here(folder, option)
    if not hasattr(real_tensorrt, "OnnxParserFlag"):
        result.refused("has InstanceNormalization", option)
    elif "nvinfer_lean" in result.output:
        result.refused("leave --version-compatible out")
    else:
        assert result.exit_code == 0, result.output
        check_in_a_process_of_its_own(folder)


@pytest.mark.gpu
def test_an_accelerator_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = write_plugin_bundle(tmp_path / "normalising", INSTANCE_NORM)
    build_here(folder, "--dla").refused("--dla: TensorRT", "leave --dla out")
