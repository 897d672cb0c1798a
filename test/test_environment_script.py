"""scripts/environment.sh: what it tells where it cannot make an environment, and what it adds to a
ROS that is there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONSTRAINTS = sorted((ROOT / "scripts" / "constraints").iterdir())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree without environments; in ``bin``, what the script needs, and no Python."""
    shutil.copytree(str(ROOT / "scripts"), str(tmp_path / "scripts"))
    (tmp_path / "bin").mkdir()
    for name in ("bash", "dirname", "ls", "tail"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def run_script(environment: str, tree: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "scripts/environment.sh", environment],
        cwd=str(tree),
        env={"PATH": str(tree / "bin"), "PYENV_ROOT": str(tree / "pyenv")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        check=False,
    )


def refusal(environment: str, tree: Path) -> str:
    ended = run_script(environment, tree)
    assert ended.returncode == 1, ended.stdout
    return ended.stdout


@pytest.mark.parametrize("file", CONSTRAINTS, ids=lambda file: file.stem)
def test_a_python_that_is_not_there_is_named_with_the_way_to_get_it(file: Path, tree: Path) -> None:
    shown = refusal(file.stem, tree)
    assert f"no {file.stem} found, neither on the PATH nor in {tree}/pyenv/versions" in shown
    assert f"pyenv install {file.stem[len('python') :]}" in shown


def test_a_python_without_constraints_is_refused(tree: Path) -> None:
    assert "there is no scripts/constraints/python3.5.txt" in refusal("python3.5", tree)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("robot", "sudo apt install ros-humble-ros-base, then source /opt/ros/humble/setup.bash"),
        ("jazzy", "Source Jazzy, and run make test"),
        ("converter", "copy the folder of the bundle to this one"),
    ],
)
def test_a_jetson_is_told_what_to_do_before_anything_is_made(
    name: str, remedy: str, tree: Path
) -> None:
    uname = tree / "bin" / "uname"
    uname.write_text("#!/bin/sh\necho aarch64\n", "utf-8")
    uname.chmod(0o755)
    assert remedy in refusal(name, tree).replace("\n", " ")
    assert not (tree / ".venv").exists()


def test_a_ros_for_python_3_6_is_used_without_an_environment(tree: Path) -> None:
    """As in the containers for JetPack 4."""
    python = tree / "bin" / "python3"
    answers = """
        case "$*" in
            *rclpy*) exit 0 ;;
            --version) echo Python 3.6.9 ;;
            *version_info*) exit 1 ;;
        esac
    """
    python.write_text(f"#!{shutil.which('bash')}\n{answers}", "utf-8")
    python.chmod(0o755)
    shown = refusal("robot", tree)
    assert "built for Python 3.6.9" in shown
    assert "python3 -m pip install dataclasses jsonschema rich onnxruntime" in shown
    assert "README.md, under Jetson Nano" in shown
    assert not (tree / ".venv").exists()


def test_jazzy_is_not_hidden_by_a_ros_that_is_sourced(tree: Path) -> None:
    python = tree / "bin" / "python3"
    python.write_text("#!/bin/sh\nexit 0\n", "utf-8")  # it has rclpy
    python.chmod(0o755)
    assert "a ROS distribution is sourced, and would hide that of .venv/jazzy" in refusal(
        "jazzy", tree
    )
    assert not (tree / ".venv").exists()


def test_the_messages_can_be_built_for_each_ros_from_pypi() -> None:
    wheels = re.findall(r"ros-rclpy\[fastrtps\]==(\d+)", (ROOT / "setup.py").read_text("utf-8"))
    known = (ROOT / "interfaces" / "prerequisites.py").read_text("utf-8")
    generators = dict(re.findall(r'"(\d+)": HERE / "(.+?)"', known))
    assert set(wheels) == set(generators)
    for file in generators.values():
        lines = (ROOT / "interfaces" / file).read_text("utf-8").splitlines()
        assert [line for line in lines if line.startswith("ros-") and line.count("==") != 1] == []


@pytest.mark.parametrize("name", ["", "robbot"])
def test_environments_are_named(name: str, tree: Path) -> None:
    assert "choose robot, jazzy, converter, triton or python3.6" in refusal(name, tree)


@pytest.mark.parametrize("file", CONSTRAINTS, ids=lambda file: file.stem)
def test_each_line_of_the_constraints_is_one_version(file: Path) -> None:
    lines = [line for line in file.read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert {line.partition("==")[0] for line in lines} >= {"numpy", "onnxruntime", "pytest", "onnx"}
    assert [line for line in lines if line.count("==") != 1 or "*" in line] == []


# A Python with apt's ROS, NumPy 1 and OpenCV, and nothing else: it prints what pip is told.
PYTHON_OF_ROS = r"""#!/bin/bash
case "$*" in
    *"venv --clear"*) mkdir -p "${@: -1}/bin"; cp "$0" "${@: -1}/bin/python" ;;
    *"pip install"*) echo "$*" ;;
    *"(3, 10)"*) exit IS_OLD ;;
    "-c import numpy" | "-c import cv2" | *[,\;]*) ;;
    "-c import "*) exit 1 ;;
esac
"""
OF_REPLAY = {"rosbags", "mcap", "foxglove-sdk", "jinja2", "pycocotools"}


@pytest.mark.parametrize("is_old", [False, True])
def test_beside_the_ros_of_apt_what_it_has_stays(is_old: bool, tree: Path) -> None:
    """And what replay needs is there too, where Python is not too old for it."""
    for name in ("cp", "mkdir", "rm", "touch"):
        (tree / "bin" / name).symlink_to(str(shutil.which(name)))
    python = tree / "bin" / "python3"
    python.write_text(PYTHON_OF_ROS.replace("IS_OLD", str(int(is_old))), "utf-8")
    python.chmod(0o755)
    ended = run_script("robot", tree)
    assert ended.returncode == 0, ended.stdout
    (command,) = (line for line in ended.stdout.splitlines() if "pip install" in line)
    installed = set(command.partition("--editable ")[2].split())
    assert installed & OF_REPLAY == (set() if is_old else OF_REPLAY)
    assert {".[test,colcon]", "rich", "numpy<2"} <= installed
    assert not [one for one in installed if "opencv" in one or one == "numpy"]


def put_programs(tree: Path, **answers: str) -> None:
    """Programs that print what is given, and those that the script needs."""
    for name in ("mkdir", "rm", "touch"):
        (tree / "bin" / name).symlink_to(str(shutil.which(name)))
    for name, answer in answers.items():
        program = tree / "bin" / name
        program.write_text(f"#!/bin/sh\necho '{answer}'\n", "utf-8")
        program.chmod(0o755)


def reason_to_skip(tree: Path) -> str:
    """What the tests tell that start a server."""
    ended = subprocess.run(
        [sys.executable, "-c", "from test.triton_server import REASON; print(REASON)"],
        cwd=str(ROOT),
        env={**os.environ, "TRT_INFERENCE_TRITON": str(tree / ".venv" / "triton")},
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
    )
    return ended.stdout


@pytest.mark.parametrize(
    ("machine", "libc", "reason"),
    [
        (
            "riscv64",
            "glibc 2.39",
            "nvidia-pytriton is made for x86_64 and aarch64, not for riscv64",
        ),
        (
            "aarch64",
            "glibc 2.31",
            "needs glibc 2.35, as Ubuntu 22.04 has, and this system has glibc 2.31",
        ),
        ("x86_64", "", "needs glibc 2.35"),
        ("aarch64", "glibc 2.35", "no Python from 3.9 to 3.12 with its shared library found"),
    ],
)
def test_where_there_can_be_no_triton_its_tests_are_skipped_with_the_reason(
    machine: str, libc: str, reason: str, tree: Path
) -> None:
    put_programs(tree, uname=machine, getconf=libc)
    assert reason in refusal("triton", tree)
    assert reason in reason_to_skip(tree)
    assert not (tree / ".venv" / "triton" / ".ready").exists()


def test_make_test_goes_on_without_triton_and_tries_again_the_next_time(tree: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    put_programs(tree, uname="riscv64")
    shutil.copyfile(str(ROOT / "Makefile"), str(tree / "Makefile"))
    for _ in range(2):
        ended = subprocess.run(
            [make, ".venv/triton/.ready"],
            cwd=str(tree),
            env={"PATH": f"{tree / 'bin'}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
        assert "not for riscv64" in ended.stdout


def test_an_environment_that_was_never_made_is_told_with_the_command(tree: Path) -> None:
    assert "scripts/environment.sh triton installs it" in reason_to_skip(tree)
