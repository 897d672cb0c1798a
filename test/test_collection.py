"""What is collected: by make all tests that there are, elsewhere those that have what they need."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, Set

import pytest

from test.needs import needs

ROOT = Path(__file__).parents[1]


def output_of(*command: str) -> str:
    """What a command prints that succeeds in the project's root."""
    ended = subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def files_in_git() -> Set[str]:
    """All files with tests, by what git knows."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this tree is no git checkout: nothing tells which tests there are")
    return set(output_of("git", "ls-files", "test_*.py", "**/test_*.py").splitlines())


def pytest_commands(*target: str) -> List[List[str]]:
    """The commands with which a target of the Makefile, and its variables, runs pytest."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed: nothing tells what it runs")
    recipe = output_of("make", "--dry-run", *target)
    return [shlex.split(text) for text in re.findall(r"\S+ -m pytest[^|;\n]*", recipe)]


def collected_by(command: List[str]) -> List[str]:
    """The files of the tests that pytest collects."""
    if not (ROOT / command[0]).exists():
        pytest.skip(f"{command[0]} is missing: make test makes both environments")
    output = output_of(*command, "--collect-only", "-q", "-p", "no:cacheprovider")
    return [line.split("::")[0] for line in output.splitlines() if "::" in line]


@pytest.mark.long  # each of these imports everything that is tested
def test_make_collects_every_test_file_in_git() -> None:
    wanted = files_in_git()
    commands = pytest_commands("test-all")
    assert len(commands) == 2
    assert {file for command in commands for file in collected_by(command)} == wanted


def test_make_test_leaves_out_nothing_but_what_is_long() -> None:
    without_long = [
        [word for word in command if word != "--long"] for command in pytest_commands("test-all")
    ]
    assert pytest_commands("test") == without_long != pytest_commands("test-all")


def test_make_test_python_leaves_out_nothing_itself() -> None:
    (command,) = pytest_commands("test-python", "PYTHON=3.6")
    assert command == [".venv/python3.6/bin/python", "-m", "pytest", "test", "-n", "4"]


@pytest.mark.long
@needs("onnx")
def test_without_tensorflow_the_tests_that_need_it_are_left_out_with_the_reason() -> None:
    others = [f"--ignore=test/{folder}" for folder in ("trt_inference", "examples")]
    output = output_of(sys.executable, "-m", "pytest", "--collect-only", "-q", *others)
    lines = output.splitlines()
    assert [line for line in lines if line.startswith("test/test_packaging.py::")]
    of_the_converter = {line.split("::")[0] for line in lines if line.startswith("test/converter/")}
    assert "test/converter/engine_builder/test_build.py" in of_the_converter
    assert [file for file in of_the_converter if "/export/" in file or "/heads/" in file] == []
    assert re.search(r"Left out without tensorflow, tf2onnx.*: .*test/converter/export", output)


# The imports of a module that is there fail, as those of one that is not.
HIDES_TRITON = """
import sys
sys.modules["tritonclient"] = None
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@needs("onnx")
def test_without_the_client_of_triton_the_tests_that_need_it_are_left_out() -> None:
    """As on a Jetson: one module that cannot be imported would end the run."""
    command = (sys.executable, "-c", HIDES_TRITON, "--collect-only", "-q", "-p", "no:cacheprovider")
    output = output_of(*command, "test/trt_inference/engines", "test/test_triton_server.py")
    assert "test/trt_inference/engines/triton/test_breaker.py::" in output
    assert "test/trt_inference/engines/triton/test_recovery.py::" not in output
    assert re.search(r"Left out without tritonclient: .*/triton/test_recovery.py", output)
