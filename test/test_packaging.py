"""pip and colcon put nodes, launch files, parameters and the ament index entry in place."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What git does not track; a build must not depend on it, nor write into the tree.
NOT_SOURCE = (".git", ".venv", "build", "install", "log", "*.egg-info", "__pycache__", ".*_cache")
INSTALLED = (
    "lib/trt_inference/detector",
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
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    return folder


def test_pip_installs_the_package_for_ros(source: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--quiet"]
    run([*command, "--prefix", str(tmp_path), str(source)], cwd=tmp_path)
    assert [name for name in INSTALLED if not (tmp_path / name).is_file()] == []
    packages = Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    check_node_starts(tmp_path, {"PYTHONPATH": str(tmp_path / packages)})


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


def test_the_robots_environment_has_no_tensorflow() -> None:
    assert importlib.util.find_spec("tensorflow") is None
    assert importlib.util.find_spec("tf2onnx") is None


def check_node_starts(prefix: Path, environment: dict[str, str]) -> None:
    """Run the installed node, away from the source tree, as far as its first log line."""
    command = [sys.executable, str(prefix / "lib/trt_inference/detector"), "--ros-args"]
    process = subprocess.Popen(
        [*command, "-p", "autostart:=true"],
        cwd=prefix,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        first_line = process.stdout.readline() if process.stdout else ""
    finally:
        process.terminate()
        process.communicate(timeout=15)
    assert "configure failed: parameter bundle is empty" in first_line


def run(command: list[str], cwd: Path) -> str:
    """The output of a command that succeeds."""
    ended = subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout
