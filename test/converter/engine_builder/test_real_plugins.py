"""Models with operators of which TensorRT makes plugins, on a real GPU: each build and each run in
a process of its own, as on a robot."""

import ctypes
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from test.converter.command_line import ROOT, Result, finish, start
from test.plugin_bundles import INSTANCE_NORM, ROI_ALIGN, write_plugin_bundle
from trt_inference.engines.tensorrt.gpu import import_tensorrt

pytestmark = pytest.mark.gpu

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


def build(folder: Path, *options: str) -> Result:
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


def test_instance_normalization_is_built_and_loaded(normalising: Path) -> None:
    result = build(normalising)
    assert result.exit_code == 0, result.output
    check_in_a_process_of_its_own(normalising)


def test_roi_align_is_built_and_loaded_or_the_library_that_it_lacks_is_named(
    aligning: Path,
) -> None:
    result = build(aligning)
    if lacks_library_of_compatible(result):
        result.refused("Unable to open library", "Remedy: install the library")
        return
    assert result.exit_code == 0, result.output
    check_in_a_process_of_its_own(aligning)


@pytest.mark.parametrize("option", ["--hardware-compatible", "--version-compatible"])
def test_instance_normalization_for_others_is_built_or_refused_with_the_reason(
    real_tensorrt: ModuleType, option: str, tmp_path: Path
) -> None:
    folder = write_plugin_bundle(tmp_path / "normalising", INSTANCE_NORM)
    result = build(folder, option)
    if not hasattr(real_tensorrt, "OnnxParserFlag"):
        result.refused("has InstanceNormalization", option)
    elif "nvinfer_lean" in result.output:
        result.refused("leave --version-compatible out")
    else:
        assert result.exit_code == 0, result.output
        check_in_a_process_of_its_own(folder)


def test_an_accelerator_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = write_plugin_bundle(tmp_path / "normalising", INSTANCE_NORM)
    build(folder, "--dla").refused("--dla: TensorRT", "leave --dla out")
