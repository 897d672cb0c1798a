"""What tests need beside pytest and the libraries of a robot: where it is missing, they are left
out or skipped, with the reason."""

import importlib.util
import os
import sys
from pathlib import Path, PurePosixPath
from typing import Dict, Iterator, List, Sequence, Tuple

import pytest

TEST = Path(__file__).parent
PYTHON_IS_OF_WORKSTATIONS = sys.version_info >= (3, 10)

# Modules that the tests in a folder or file need; what stands deeper has its own. Of the tests of
# the converter, robots run those of what `build`, `engines`, `detect`, `export-triton` and `replay`
# import.
NEEDS: Dict[str, Tuple[str, ...]] = {
    "benchmarks/test_benchmark_command.py": ("rclpy", "psutil", "onnx"),
    "benchmarks/test_cameras_benchmark.py": ("rclpy", "psutil"),
    "benchmarks/test_compare_runs.py": ("psutil", "importlib.metadata"),
    "benchmarks/test_fleet.py": ("tritonclient", "psutil", "onnx"),
    "benchmarks/test_fleet_figures.py": ("tritonclient", "psutil", "onnx"),
    "benchmarks/test_fleet_robots.py": ("psutil",),
    "benchmarks/test_gpu_benchmark.py": ("onnx",),
    "benchmarks/test_handwritten_node.py": ("rclpy", "onnx"),
    "benchmarks/test_handwritten_networks.py": ("onnx",),
    "benchmarks/test_observed.py": ("rclpy", "psutil"),
    "benchmarks/test_sized_bundle.py": ("onnx",),
    "benchmarks/test_stored_run.py": ("psutil", "importlib.metadata"),
    "converter": ("tensorflow", "tf2onnx", "tf_keras", "pycocotools", "jinja2"),
    "converter/bundle": (),
    "converter/commands/test_replay.py": ("rosbags", "mcap", "foxglove"),
    "converter/commands/test_export_triton.py": ("onnx", "tritonclient"),
    "converter/commands/test_replay_on_server.py": ("rosbags", "mcap", "foxglove", "tritonclient"),
    "converter/commands/test_images_from.py": ("tensorflow", "tf2onnx", "rosbags", "mcap"),
    "converter/commands/test_images_of_recording.py": ("tensorflow", "rosbags", "mcap"),
    "converter/comparison/test_agreement.py": (),
    "converter/comparison/test_compare_by_task.py": (),
    "converter/engine_builder": ("onnx",),
    "converter/inputs/model_files": ("tensorflow", "yaml"),
    "converter/model_repository": ("onnx", "tritonclient"),
    "converter/recordings": ("rosbags", "mcap", "foxglove"),
    "converter/replay": ("rosbags", "mcap", "foxglove"),
    "converter/replay/sides/test_results_of_our_node.py": ("rosbags", "mcap", "rclpy"),
    "examples/test_camera.py": ("rclpy",),
    "examples/test_demo_bag.py": ("rclpy", "rosbags"),
    "examples/test_demo_tables.py": ("rclpy",),
    "examples/test_fleet_answerers.py": ("rclpy", "onnx"),
    "examples/test_fleet_demo.py": ("rclpy", "onnx", "tritonclient"),
    "examples/test_fleet_monitor.py": ("rclpy",),
    "examples/test_fleet_story.py": ("rclpy", "onnx"),
    "examples/test_fleet_tables.py": ("rclpy",),
    "examples/test_recorder.py": ("rclpy", "rosbags", "mcap"),
    "examples/test_truth_of_bag.py": ("rosbags", "mcap", "pycocotools"),
    "test_containers.py": ("rclpy",),
    "test_cuda_python_double.py": ("onnx",),
    "test_docs_commands.py": ("onnx",),
    "test_launch.py": ("rclpy",),
    "test_launch_files.py": ("rclpy", "yaml"),
    "test_tensorrt_double.py": ("onnx",),
    "test_tensorrt_double_parser.py": ("onnx",),
    "test_tensorrt_facts.py": ("onnx",),
    "test_triton_double.py": ("tritonclient", "onnx"),
    "trt_inference/bundles/test_broken_bundles.py": ("onnx",),
    "trt_inference/bundles/test_external_data.py": ("onnx",),
    "trt_inference/doctor/bundle": ("onnx",),
    "trt_inference/doctor/gpu": ("onnx",),
    "trt_inference/engines/test_contract.py": ("onnx",),
    "trt_inference/engines/test_cuda.py": ("onnx",),
    "trt_inference/engines/test_tensorrt.py": ("onnx",),
    "trt_inference/engines/triton": ("tritonclient", "onnx"),
    "trt_inference/engines/triton/client/test_server_url.py": (),
    "trt_inference/engines/triton/client/test_tls.py": ("tritonclient", "onnx", "cryptography"),
    "trt_inference/engines/triton/client/test_tls_of_triton.py": (
        "tritonclient",
        "onnx",
        "cryptography",
    ),
    "trt_inference/engines/triton/test_breaker.py": (),
    "trt_inference/images/test_rosbags_image.py": ("rosbags.image",),
    "trt_inference/inference/test_labels_of_classes.py": ("onnx",),
    "trt_inference/ros": ("rclpy",),
    "trt_inference/ros/faults/test_played_bag.py": ("rclpy", "rosbags"),
    "trt_inference/ros/messages/test_detection_layout.py": ("rclpy", "rosbags"),
    "trt_inference/ros/servers": ("rclpy", "tritonclient"),
    "trt_inference/tools/test_detect.py": ("onnx",),
    "trt_inference/tools/test_detect_on_server.py": ("onnx", "tritonclient"),
    "trt_inference/tools/test_doubtful_pictures.py": ("onnx",),
}
# scripts/debian.sh sets it.
PROCESSOR_IS_EMULATED = "QEMU_CPU" in os.environ
# Tests of the sources as such, which they read with the syntax of a workstation's Python, and of
# commands that only workstations have. They find the same on any processor, and take many minutes
# on an emulated one.
OF_THE_SOURCES = ("test_architecture.py", "test_docs_commands.py", "test_metadata.py")


def is_missing(module: str) -> bool:
    """Whether it cannot be imported; nothing is imported but the packages that it is in."""
    try:
        return importlib.util.find_spec(module) is None
    except ModuleNotFoundError:  # the package that it is in
        return True


def missing_of(path: str) -> List[str]:
    """What a folder or file of tests needs and this environment lacks."""
    if path in OF_THE_SOURCES and not PYTHON_IS_OF_WORKSTATIONS:
        return ["Python 3.10"]
    if path in OF_THE_SOURCES and PROCESSOR_IS_EMULATED:
        return ["a processor that is not emulated"]
    places = (path, *map(str, PurePosixPath(path).parents))
    needed = next((NEEDS[place] for place in places if place in NEEDS), ())
    return [module for module in needed if is_missing(module)]


def left_out(folder: Path = TEST) -> Iterator[str]:
    """The folders and files of tests of which nothing can run, relative to ``test/``."""
    for path in sorted(folder.iterdir()):
        name = path.relative_to(TEST).as_posix()
        if path.is_dir() and any(place.startswith(f"{name}/") for place in NEEDS):
            yield from left_out(path)
        elif (path.is_dir() or path.match("test_*.py")) and missing_of(name):
            yield name


def reasons(asked: Sequence[Path] = (TEST,)) -> List[str]:
    """A line for each thing that is missing, with the tests in ``asked`` that are left out."""
    tests: Dict[str, List[str]] = {}
    for name in left_out():
        path = TEST / name
        if any(one == path or one in path.parents for one in asked):
            tests.setdefault(", ".join(missing_of(name)), []).append(f"test/{name}")
    return [f"Left out without {what}: {', '.join(names)}" for what, names in tests.items()]


def needs(*modules: str) -> pytest.MarkDecorator:
    """Skip a test where one of ``modules`` is missing."""
    missing = [module for module in modules if is_missing(module)]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


needs_python_of_workstations = pytest.mark.skipif(
    not PYTHON_IS_OF_WORKSTATIONS, reason="needs Python 3.10, as most of the converter does"
)


def onnxruntime_is_before(version: str) -> bool:
    """Whether the ONNX Runtime that is installed is older, as ``1.12``."""
    import onnxruntime

    found = onnxruntime.__version__.split(".")
    return [int(part) for part in found[:2]] < [int(part) for part in version.split(".")]
