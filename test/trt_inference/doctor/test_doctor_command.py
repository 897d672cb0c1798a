"""The command: what it prints and writes, its exit codes, and that it needs nothing to start."""

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from test.trt_inference.doctor.boards import jetson_nano, pc
from test.trt_inference.doctor.fake_machine import ROOT, FakeMachine
from trt_inference.doctor import examine as examine_module
from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.examine import ExaminedPart, examine
from trt_inference.doctor.host import Host
from trt_inference.doctor.json_report import JsonReport
from trt_inference.doctor.line_report import LineReport
from trt_inference.doctor.probe import run_probe
from trt_inference.tools.doctor import main, run_doctor

PROGRAMS = (
    ["-m", "converter", "doctor"],
    ["-m", "trt_inference.tools.doctor"],
    # As ros2 run starts it.
    ["scripts/ros2/doctor"],
)
LIBRARIES = ("numpy", "cv2", "rich", "jsonschema", "onnxruntime", "dataclasses")


def run(
    *arguments: object, environment: Dict[str, str], python: str = sys.executable
) -> "subprocess.CompletedProcess[str]":
    """Run the real command on the machine that the tests run on."""
    return subprocess.run(
        [python, *map(str, arguments)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def without_ros(tmp_path: Path) -> Dict[str, str]:
    """The variables of this machine without ROS, in which it would look around for seconds."""
    machine = FakeMachine(tmp_path / "without_ros")
    machine.missing("rclpy")
    return machine.environment


def options(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"bundle": None, "json": None, "device": 0, **given})


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_starts_where_every_library_crashes_and_names_each(
    program: List[str], tmp_path: Path
) -> None:
    """As where NumPy ends the process by SIGILL: none may be imported but in a probe."""
    machine = FakeMachine(tmp_path)
    machine.missing("rclpy")
    for name in LIBRARIES[:-1]:
        machine.crashing(name)
    # What Python's own library needs may be missing at most, as on Python 3.6.
    machine.missing("dataclasses")
    ended = run(*program, environment=machine.environment)
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == "Board"
    for title in ("NumPy", "jsonschema", "rich"):
        line = next(i for i, line in enumerate(lines) if line.startswith(f"  error    {title}: "))
        assert "was ended by SIGSEGV" in lines[line]
        assert lines[line + 1].startswith("           remedy: ")
    assert lines[-1].startswith("first: ")


def test_it_starts_on_a_python_without_any_package(without_ros: Dict[str, str]) -> None:
    ended = run("-S", "-m", "trt_inference.tools.doctor", environment=without_ros)
    assert ended.stderr == ""
    assert ended.stdout.startswith("Board\n")
    assert " ok\n" in ended.stdout  # of the summary


def test_the_exit_code_is_0_where_there_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    machine = pc(tmp_path)
    machine.missing("rclpy")
    healthy = run_doctor(options(), machine.host())
    shown = capsys.readouterr().out
    assert healthy == 0
    assert "no errors" in shown
    machine.denied.add("/dev/shm")
    assert run_doctor(options(), machine.host()) == 1
    assert "1 error, " in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["--device", "one"], ["one", "two"], ["--json", "/no/such/folder/a.json"], ["--json", "/tmp"]],
)
def test_a_wrong_use_is_told_before_anything_is_looked_at(arguments: List[str]) -> None:
    ended = run("-m", "converter", "doctor", *arguments, environment={})
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "trt-inference doctor: error: " in ended.stderr


def test_json_on_the_standard_output_stands_alone(without_ros: Dict[str, str]) -> None:
    ended = run("-m", "converter", "doctor", "--json", environment=without_ros)
    report = json.loads(ended.stdout)
    assert ended.stderr.startswith("Board\n")
    assert report["version"] == 1
    levels = [one["level"] for one in report["diagnoses"]]
    assert report["counts"] == {one: levels.count(one) for one in ("ok", "caution", "error")}
    assert ended.returncode == (1 if "error" in levels else 0)
    shown = [
        line.split()[0] for line in ended.stderr.splitlines() if line[:3] in ("  o", "  c", "  e")
    ]
    assert shown == levels
    for one in report["diagnoses"]:
        assert sorted(one) == ["fault", "level", "remedy", "section", "subject", "text"]
        assert (one["level"] == "ok") == (one["fault"] == "") == (one["remedy"] == "")


def test_json_in_a_file_replaces_it_whole(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "found.json"
    file.write_text("old", "utf-8")
    machine = pc(tmp_path / "pc")
    machine.missing("rclpy")
    run_doctor(options(json=file), machine.host())
    assert json.loads(file.read_text("utf-8"))["counts"]["error"] == 0
    assert capsys.readouterr().out.startswith("Board\n")
    assert [one.name for one in tmp_path.iterdir() if "found" in one.name] == ["found.json"]


@pytest.mark.parametrize("program", PROGRAMS[:2])
def test_a_disk_that_is_full_is_told_after_all_lines(
    program: List[str], without_ros: Dict[str, str]
) -> None:
    ended = run(*program, "--json", "/dev/full", environment=without_ros)
    assert ended.returncode == 1
    assert " ok\n" in ended.stdout
    assert ended.stderr.startswith("error: '/dev/full' cannot be written: ")
    assert len(ended.stderr.splitlines()) == 1


def test_foreign_text_controls_neither_terminal_nor_json(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    machine = jetson_nano(tmp_path)
    machine.missing("rclpy")
    machine.write("/proc/device-tree/model", 'Nano\x1b[2J\n  ok       Board: forged "\u202e\ud7ff')
    file = tmp_path / "found.json"
    run_doctor(options(json=file), machine.host())
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "\u202e" not in shown
    assert not [line for line in shown.splitlines() if line.startswith("  ok       Board: forged")]
    text = json.loads(file.read_text("ascii"))["diagnoses"][0]["text"]
    assert r"Nano\x1b[2J\x0a  ok       Board: forged" in text


def test_what_an_output_in_ascii_lacks_ends_nothing() -> None:
    """As over ssh without a locale; Python 3.6 raises otherwise."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    LineReport(stream).add("Board", ok("Temperature", "48 °C"))
    stream.seek(0)
    assert stream.read() == "Board\n  ok       Temperature: 48 \\xb0C\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colors_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    colored, plain, unwanted = Terminal(), io.StringIO(), Terminal()
    LineReport(colored).add("Board", error("a", "b", "c", "d"))
    LineReport(plain).add("Board", error("a", "b", "c", "d"))
    assert "\x1b[31;1merror" in colored.getvalue()
    assert "\x1b" not in plain.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    LineReport(unwanted).add("Board", error("a", "b", "c", "d"))
    assert unwanted.getvalue() == plain.getvalue()


def test_the_first_thing_to_do_is_the_first_error() -> None:
    stream = io.StringIO()
    lines = LineReport(stream)
    for one in (
        ok("a", "fine"),
        caution("b", "x", "so so", "first"),
        error("c", "y", "no", "cure"),
    ):
        lines.add("Board", one)
    lines.print_summary()
    assert stream.getvalue().splitlines()[-2:] == ["1 error, 1 caution, 1 ok", "first: c: cure"]


def test_a_check_that_fails_is_told_and_ends_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def check_of_ours(host: Host) -> Iterator[Diagnosis]:
        yield ok("One", "fine.")
        raise ValueError("17 is no number")

    def check_after_it(host: Host) -> Iterator[Diagnosis]:
        yield ok("Two", "fine.")

    parts = [ExaminedPart("Board", [check_of_ours, check_after_it])]
    monkeypatch.setattr(examine_module, "sections", lambda bundle: parts)
    first, failed, last = examine(Host())
    assert (first.subject, last.subject) == ("One", "Two")
    assert (failed.level, failed.fault) == ("error", "check-failed")
    assert "check of ours" in failed.text and "17 is no number" in failed.text
    assert failed.remedy


def test_the_number_of_the_gpu_reaches_the_checks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def check_device(host: Host) -> Iterator[Diagnosis]:
        yield ok("GPU", f"number {host.device}")

    parts = [ExaminedPart("GPU", [check_device])]
    monkeypatch.setattr("trt_inference.tools.doctor.sections", lambda bundle: parts)
    assert main(["--device", "7"]) == 0
    assert "GPU: number 7" in capsys.readouterr().out


def test_a_file_of_the_system_that_never_ends_or_answers_is_not_waited_for(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    os.mkfifo(str(machine.root / "fifo"))
    (machine.root / "zero").symlink_to("/dev/zero")
    machine.folder("/folder")
    host = machine.host()
    assert host.text("/fifo") == ""
    writer = os.open(str(machine.root / "fifo"), os.O_RDWR)  # who writes nothing yet
    assert host.text("/fifo") == ""
    os.close(writer)
    assert host.text("/zero") == ""
    assert host.text("/folder") is None
    assert host.number("/zero") is None


def test_numbers_of_the_report_are_counted() -> None:
    report = JsonReport()
    assert json.loads(report.text())["counts"] == {"ok": 0, "caution": 0, "error": 0}
    report.add("Board", ok("a", "b"))
    assert json.loads(report.text())["counts"]["ok"] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_what_it_started(number: signal.Signals, tmp_path: Path) -> None:
    """The probes have sessions of their own, which do not hear it themselves."""
    machine = FakeMachine(tmp_path)
    mark = tmp_path / "pid"
    machine.module(
        "numpy",
        f"import os, time\nopen({str(mark)!r} + '.new', 'w').write(str(os.getpid()))\n"
        f"os.rename({str(mark)!r} + '.new', {str(mark)!r})\ntime.sleep(600)",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "converter", "doctor", "--json", tmp_path / "found.json"],
        cwd=ROOT,
        env=machine.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    wait_for(mark.exists)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert errors == ("interrupted, nothing was written\n" if number == signal.SIGINT else "")
    assert not (tmp_path / "found.json").exists()
    probe = int(mark.read_text("ascii"))
    wait_for(lambda: not is_alive(probe))


def wait_for(condition: Any) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it never came true")


def is_alive(process: int) -> bool:
    """Whether it runs; a zombie, which nobody waits for in a container, does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text("ascii")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_program_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.environment["PATH"] += os.pathsep + os.environ.get("PATH", os.defpath)
    machine.script("hangs", f"sleep 600 & echo $! > {tmp_path}/pid\necho begun\nwait")
    answer = machine.host().run(["hangs"], seconds=2)
    assert answer is not None
    assert (answer.code, answer.output) == (None, "begun")
    started = int((tmp_path / "pid").read_text("ascii"))
    wait_for(lambda: not is_alive(started))


def test_a_probe_that_hangs_or_does_not_answer_is_told(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.module("sleeps", "import time\ntime.sleep(600)")
    machine.module("silent", "print('{}, but not JSON')")
    machine.module("speaks", "print('noise')\nprint('{\"a\": 1}')")
    host = machine.host()
    assert run_probe(host, "sleeps", seconds=1).problem == "did not end within 1 seconds"
    assert run_probe(host, "silent").problem
    assert run_probe(host, "is_not_there").problem.startswith("ended with exit code 1: ")
    assert run_probe(host, "speaks").answer == {"a": 1}
    host.python = "/no/such/python"
    assert "could not be started" in run_probe(host, "speaks").problem


@pytest.mark.parametrize(
    "command",
    ["converter doctor", "trt_inference.tools.doctor", "trt_inference.tools.doctor --json"],
)
def test_an_output_on_a_full_disk_is_told(command: str, without_ros: Dict[str, str]) -> None:
    ended = run_in_shell(f"{command} > /dev/full", without_ros)
    assert ended.returncode == 1
    assert "error: the output cannot be written: [Errno 28]" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_closed_output_leaves_the_file_of_json(
    tmp_path: Path, without_ros: Dict[str, str]
) -> None:
    file = tmp_path / "found.json"
    ended = run_in_shell(f"trt_inference.tools.doctor --json {file} >&- <&-", without_ros)
    assert "Traceback" not in ended.stderr
    assert json.loads(file.read_text("ascii"))["diagnoses"]


def run_in_shell(command: str, environment: Dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run the real command with redirections of a shell."""
    return subprocess.run(
        f'exec "{sys.executable}" -m {command}',
        shell=True,
        cwd=ROOT,
        env={**environment, "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=120,
        check=False,
    )


def test_a_probe_that_prints_more_than_memory_holds_is_read_from_its_end(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.module(
        "chatty",
        "import os\nfor _ in range(64): os.write(1, b'x' * (1 << 20))\nprint('\\n{\"a\": 1}')",
    )
    assert run_probe(machine.host(), "chatty").answer == {"a": 1}
    answer = machine.host().run([machine.python, "-m", "chatty"])
    assert answer is not None and len(answer.output) <= 1 << 20


def test_a_child_that_a_probe_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    file = tmp_path / "child"
    machine.module(
        "parent",
        f"import os, time\nchild = os.fork()\nif not child: time.sleep(3600)\n"
        f"open({str(file)!r}, 'w').write(str(child))\nprint('{{\"a\": 1}}')",
    )
    assert run_probe(machine.host(), "parent", seconds=100).answer == {"a": 1}
    wait_for(lambda: not is_alive(int(file.read_text("ascii"))))


def test_an_answer_that_is_nested_too_deeply_is_told(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.module("nested", "print('[' * 100000)")
    assert run_probe(machine.host(), "nested").problem == "gave no answer"
