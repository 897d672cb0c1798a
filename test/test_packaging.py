"""pip and colcon put the node, the commands, launch files, parameters and the index in place."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Dict, List, Optional, Set

import pytest

from converter.command_line.command import command_names
from test.needs import needs

ROOT = Path(__file__).parents[1]
# What git does not track; a build must not depend on it, nor write into the tree.
NOT_SOURCE = (".git", ".venv", "*.egg-info", "__pycache__", ".*_cache")
NOT_SOURCE_AT_THE_TOP = ("build", "install", "log")
INSTALLED = (
    "bin/trt-inference",
    "lib/trt_inference/detector",
    "lib/trt_inference/swap",
    "lib/trt_inference/video",
    "lib/trt_inference/trt-inference",
    *(f"lib/trt_inference/{name}" for name in command_names()),
    "share/ament_index/resource_index/packages/trt_inference",
    "share/trt_inference/package.xml",
    "share/trt_inference/launch/detector.launch.py",
    "share/trt_inference/config/detector.yaml",
    "share/trt_inference/config/fastdds_large_images.xml",
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in a colcon workspace."""
    folder = tmp_path_factory.mktemp("workspace") / "src" / "trt_inference"
    shutil.copytree(ROOT, folder, ignore=not_source)
    return folder


def not_source(folder: str, names: List[str]) -> Set[str]:
    ignored = shutil.ignore_patterns(*NOT_SOURCE)(folder, names)
    return {*ignored, *(NOT_SOURCE_AT_THE_TOP if Path(folder) == ROOT else ())}


@pytest.fixture(scope="module")
def installed_by_pip(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix."""
    prefix = tmp_path_factory.mktemp("prefix")
    # Without --ignore-installed, pip takes the package out of this environment.
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--ignore-installed", "--quiet"]
    run([*command, "--prefix", str(prefix), str(source)], cwd=prefix)
    return prefix


def packages_in(prefix: Path) -> Dict[str, str]:
    """The environment in which Python finds what pip installed."""
    return {"PYTHONPATH": str(prefix / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix))}


@needs("pip")
def test_pip_installs_the_package_for_ros(installed_by_pip: Path) -> None:
    assert [name for name in INSTALLED if not (installed_by_pip / name).is_file()] == []
    check_commands_start(installed_by_pip, packages_in(installed_by_pip))


@needs("rclpy")
def test_the_node_that_pip_installs_starts(installed_by_pip: Path) -> None:
    check_node_starts(installed_by_pip, packages_in(installed_by_pip))


@needs("rclpy", "colcon")
@pytest.mark.long
def test_colcon_builds_the_package(source: Path) -> None:
    workspace = source.parents[1]
    run([sys.executable, "-m", "colcon", "build"], cwd=workspace)
    prefix = workspace / "install" / "trt_inference"
    assert [name for name in INSTALLED if not (prefix / name).is_file()] == []
    # The messages in interfaces/ must not be built over the distribution's own.
    assert [folder.name for folder in (workspace / "install").iterdir() if folder.is_dir()] == [
        "trt_inference"
    ]
    sourced = run(["bash", "-c", ". install/setup.bash && env -0"], cwd=workspace)
    environment = dict(line.split("=", 1) for line in sourced.split("\0") if "=" in line)
    assert str(prefix) in environment["AMENT_PREFIX_PATH"]
    check_node_starts(prefix, environment)
    check_commands_start(prefix, environment)
    assert shutil.which("trt-inference", path=environment["PATH"]) is not None


@pytest.mark.parametrize("script", ["detector", "video"])
@pytest.mark.parametrize(
    ("module", "remedy"),
    [
        ("rclpy", "source /opt/ros/"),
        # Without ROS, that is what is missing first.
        pytest.param("dataclasses", "pip install dataclasses", marks=needs("rclpy")),
    ],
)
def test_the_nodes_tell_what_they_need(script: str, module: str, remedy: str) -> None:
    program = (
        f"import runpy, sys; sys.modules[{module!r}] = None; "
        f"runpy.run_path('scripts/{script}', run_name='__main__')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout.startswith(f"error: import of {module} halted")
    assert remedy in ended.stdout


def test_ros2_run_finds_each_command_by_its_name() -> None:
    links = {file.name for file in (ROOT / "scripts" / "ros2").iterdir()}
    assert links == {*command_names(), "trt-inference"}


def test_the_robots_environment_has_no_tensorflow() -> None:
    assert importlib.util.find_spec("tensorflow") is None
    assert importlib.util.find_spec("tf2onnx") is None


def check_node_starts(prefix: Path, environment: Dict[str, str]) -> None:
    """Run the installed node, away from the source tree, as far as its first log line."""
    command = [sys.executable, str(prefix / "lib/trt_inference/detector"), "--ros-args"]
    process = subprocess.Popen(
        [*command, "-p", "autostart:=true"],
        cwd=prefix,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    try:
        first_line = process.stdout.readline() if process.stdout else ""
    finally:
        process.terminate()
        process.communicate(timeout=120)
    assert "configure failed: parameter bundle is empty" in first_line


def check_commands_start(prefix: Path, environment: Dict[str, str]) -> None:
    """Run what `ros2 run` finds, and the console script, away from the source tree."""
    listed = run([sys.executable, str(prefix / "bin/trt-inference"), "--help"], prefix, environment)
    for name in command_names():
        assert f"\n  {name} " in listed
        assert os.access(prefix / "lib/trt_inference" / name, os.X_OK)
    for name in ("build", "engines", "detect"):
        command = [sys.executable, str(prefix / "lib/trt_inference" / name), "--help"]
        assert run(command, prefix, environment).startswith(f"usage: trt-inference {name} ")


def run(command: List[str], cwd: Path, environment: Optional[Dict[str, str]] = None) -> str:
    """The output of a command that succeeds."""
    ended = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout
