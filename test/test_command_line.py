"""trt-inference COMMAND: one program for all commands, of which some run on robots."""

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import List, Tuple

import cv2
import pytest

from test.color_bundle import picture
from test.needs import PYTHON_IS_OF_WORKSTATIONS, needs, needs_python_of_workstations

ROOT = Path(__file__).parents[1]
COMMANDS = (
    "build",
    "check",
    "convert",
    "deploy",
    "detect",
    "doctor",
    "engines",
    "export-triton",
    "inspect",
    "quantize",
    "replay",
    "report",
)
OF_ROBOTS = ("build", "detect", "doctor", "engines", "export-triton", "replay")
# The doctor starts without any, and reports what is missing.
NEEDS_NO_LIBRARY = "doctor"
_ON_WORKSTATIONS = [needs_python_of_workstations, needs("onnx")]
RUNNABLE = [
    name if name in OF_ROBOTS else pytest.param(name, marks=_ON_WORKSTATIONS) for name in COMMANDS
]
OF_WORKSTATIONS = ("tensorflow", "tf2onnx", "onnx", "pycocotools", "jinja2")


def run(*arguments: object, before: str = "", code: int = 0) -> str:
    """Run a command in a process of its own after the statements ``before``; what it printed."""
    program = f"""
        import sys
        from converter.command_line.main import main
        {before}
        sys.exit(main())
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == code, ended.stdout
    assert "Traceback" not in ended.stdout
    return ended.stdout


def without(*modules: str) -> str:
    """The statement that makes these modules missing."""
    return f"sys.modules.update(dict.fromkeys({modules!r}))"


@pytest.mark.parametrize(
    ("arguments", "code", "first"),
    [
        (["--help"], 0, "usage: trt-inference COMMAND"),
        ([], 2, "error: a command is missing"),
        (["bulid"], 2, "error: there is no command 'bulid'"),
        (["--bundle", "build"], 2, "error: there is no command '--bundle'"),
    ],
)
def test_commands_are_listed(arguments: List[str], code: int, first: str) -> None:
    shown = run(*arguments, code=code)
    assert shown.startswith(first)
    listed = [line.split()[0] for line in shown.splitlines() if line.startswith("  ")]
    assert listed == list(COMMANDS)


@pytest.mark.parametrize("name", ["", *RUNNABLE])
def test_help_is_shown_where_the_terminal_knows_ascii_only(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over ssh without a locale."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert run(*name.split(), "--help").startswith("usage: trt-inference ")


@pytest.mark.parametrize("arguments", [("--help",), ("engines", "BUNDLE")])
def test_a_reader_that_goes_away_ends_a_command_without_a_traceback(
    arguments: Tuple[str, ...], shared_color_bundle: Path
) -> None:
    """As ``| head`` does."""
    given = [str(shared_color_bundle) if one == "BUNDLE" else one for one in arguments]
    process = subprocess.Popen(
        [sys.executable, "-m", "converter", *given],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=120) == 1


def test_python_runs_the_same_program_as_a_module() -> None:
    command = [sys.executable, "-m", "converter", "--help"]
    assert subprocess.check_output(command, cwd=ROOT, universal_newlines=True) == run("--help")


def test_commands_of_robots_run_with_what_robots_have(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    bare = without(*OF_WORKSTATIONS)
    assert "has no engines" in run("engines", shared_color_bundle, before=bare)
    assert run("build", "--help", before=bare).startswith("usage: trt-inference build ")
    file = tmp_path / "scene.png"
    cv2.imwrite(str(file), picture("red", (2, 3)))
    found = run("detect", shared_color_bundle, file, "--output", tmp_path / "out", before=bare)
    assert " red " in found
    assert (tmp_path / "out" / "scene.jpg").is_file()


@pytest.mark.parametrize("name", [one for one in RUNNABLE if one != NEEDS_NO_LIBRARY])
def test_a_missing_library_is_reported_with_the_remedy_of_the_command(name: str) -> None:
    shown = run(name, "--help", before=without("rich"), code=1)
    assert "rich" in shown
    assert ("sudo apt install python3-rich" in shown) == (name in OF_ROBOTS)
    environment = "robot" if name in OF_ROBOTS else "converter"
    assert f"scripts/environment.sh {environment}" in shown
    assert f".venv/{environment}/bin/trt-inference" in shown


def test_python_3_6_without_the_dataclasses_of_pip_is_told_so() -> None:
    shown = run("detect", "--help", before=without("dataclasses"), code=1)
    assert shown.startswith("error: ")
    assert "python3 -m pip install dataclasses" in shown


@pytest.mark.parametrize(
    ("name", "arguments"), [("build", ("--precision", "fp32")), ("detect", ("a.jpg",))]
)
def test_a_library_that_was_built_for_another_numpy_is_told_from_a_missing_one(
    name: str, arguments: Tuple[str, ...], tmp_path: Path, shared_color_bundle: Path
) -> None:
    """As apt's OpenCV does where pip has put NumPy 2 over apt's."""
    module = tmp_path / "cv2.py"
    module.write_text("raise ImportError('numpy.core.multiarray failed to import')", "utf-8")
    before = f"sys.path.insert(0, {str(tmp_path)!r})"
    shown = run(name, shared_color_bundle, *arguments, before=before, code=1)
    assert "numpy.core.multiarray failed to import. " in shown
    assert "pip install 'numpy<2'" in shown
    assert "environment.sh" not in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_of_workstations_refuse_the_python_of_robots(name: str) -> None:
    # The libraries are those of the Python that really runs.
    old = "import cv2, jsonschema, rich.console; sys.version_info = (3, 8, 10)"
    if not PYTHON_IS_OF_WORKSTATIONS:
        old = ""
    if name in OF_ROBOTS:
        assert run(name, "--help", before=old).startswith(f"usage: trt-inference {name} ")
    else:
        shown = run(name, "--help", before=old, code=1)
        assert "needs Python 3.10 or newer" in shown
        assert "run it on a workstation" in shown


def test_words_of_the_command_line_cannot_control_the_terminal(tmp_path: Path) -> None:
    forged = "--x\x1b[2K\nerror:forged"
    shown = r"--x\x1b[2K\x0aerror:forged"
    assert f"error: there is no command {forged!r}" in run(forged, code=2)
    assert f"unrecognized arguments: {shown}" in run("detect", tmp_path, "a.jpg", forged, code=2)
    lines = run("detect", tmp_path / forged, "a.jpg", code=1).splitlines()
    assert lines[0].startswith("error: ") and r"--x\x1b[2K" in "".join(lines[:2])
    assert not [line for line in lines[1:] if line.startswith("error:")]
