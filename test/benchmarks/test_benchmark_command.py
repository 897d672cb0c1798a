"""python3 -m benchmarks: what is stored, shown and compared, and its exit code."""

import subprocess
import sys
from pathlib import Path
from typing import Any, List

import pytest

from benchmarks import node
from benchmarks.__main__ import main
from benchmarks.figures import Figure, Sheet
from benchmarks.parts import PARTS, Choices
from benchmarks.stored_run import new_run, read_run, save_run


@pytest.fixture
def stored(tmp_path: Path, shared_color_bundle: Path) -> Any:
    """Stores a run with a p50 and the time of a bare loop, in milliseconds; returns the file."""

    def store(name: str, p50: float, bare: float, **changes: Any) -> str:
        figures = [
            Figure("30", "p50", "ms", (p50, p50 * 1.01, p50 * 0.99)),
            Figure("30", "bare", "ms", (bare,) * 3, ours=False),
        ]
        sheets = [Sheet("node", "the node", "camera/s", figures)]
        run = new_run(shared_color_bundle, {"seconds": "4"}, sheets)
        save_run(tmp_path / name, run._replace(**changes))
        return str(tmp_path / name)

    return store


def test_a_slower_run_is_named_and_fails(stored: Any, capsys: pytest.CaptureFixture) -> None:
    old, new = stored("old.json", 4.0, 3.0), stored("new.json", 5.0, 3.0)
    assert main(["--stored", new, "--against", old]) == 1
    shown = capsys.readouterr().out
    assert "slower than before" in shown and "node: 30, p50" in shown and "+25 %" in shown
    assert "1 slower, 0 faster, 1 the same" in shown
    assert main(["--stored", new, "--against", old, "--least", "30"]) == 0


def test_a_faster_run_is_named_and_does_not_fail(
    stored: Any, capsys: pytest.CaptureFixture
) -> None:
    old, new = stored("old.json", 5.0, 3.0), stored("new.json", 4.0, 3.0)
    assert main(["--stored", new, "--against", old]) == 0
    assert "0 slower, 1 faster, 1 the same" in capsys.readouterr().out


def test_a_slower_machine_is_told_apart(stored: Any, capsys: pytest.CaptureFixture) -> None:
    old = stored("old.json", 4.0, 3.0, machine={"processor": "another one"})
    assert main(["--stored", stored("new.json", 4.0, 5.0), "--against", old]) == 0
    shown = capsys.readouterr().out
    assert "not of this project" in shown and "node: 30, bare" in shown
    assert "the runs differ: processor: another one → " in shown


def test_a_stored_run_is_shown_as_it_was_when_it_was_measured(
    stored: Any, capsys: pytest.CaptureFixture
) -> None:
    file = stored("run.json", 4.0, 3.0)
    assert main(["--stored", file]) == 0
    shown = capsys.readouterr().out
    assert read_run(Path(file)).made in shown
    assert "p50 ms" in shown and "4.00" in shown and "the node" in shown


def test_a_broken_file_is_refused_before_anything_is_measured(
    tmp_path: Path, shared_color_bundle: Path, capsys: pytest.CaptureFixture
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}", "utf-8")
    assert main(["--bundle", str(shared_color_bundle), "--against", str(broken)]) == 2
    assert "error: " in capsys.readouterr().out


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_measured(
    tmp_path: Path, shared_color_bundle: Path, capsys: pytest.CaptureFixture
) -> None:
    missing = tmp_path / "none" / "run.json"
    assert main(["--bundle", str(shared_color_bundle), "--save", str(missing)]) == 2
    assert "is no folder to write into" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--bundle", "a", "--stored", "b"],
        ["--bundle", "a", "--only", "nothing"],
        ["--bundle", "a", "--size", "large"],
        ["--bundle", "a", "--cameras", "0"],
        ["--bundle", "a", "--seconds", "0"],
    ],
)
def test_wrong_options_are_refused(wrong: List[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2


def test_all_parts_are_expected_to_end_in_five_minutes() -> None:
    usual = Choices(
        Path("shapes"),
        3.5,
        2000,
        [1, 2, 4, 8],
        (1920, 1080),
        Path("model"),
        True,
        print,
    )
    assert sum(part.expected(usual) for part in PARTS.values()) <= 300


@pytest.mark.long
def test_all_parts_are_measured_and_stored(
    tmp_path: Path, shared_color_bundle: Path, capsys: pytest.CaptureFixture
) -> None:
    """In a process of its own, since that of the tests has a context of rclpy already."""
    file = tmp_path / "run.json"
    command = [sys.executable, "-m", "test.benchmarks.shortened_benchmarks"]
    given = ["--bundle", str(shared_color_bundle), "--save", str(file)]
    ended = subprocess.run(
        [*command, *given],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=600,
    )
    shown = ended.stdout.decode("utf-8", "replace")
    assert ended.returncode == 0, shown
    assert "stored in" in shown
    figures = read_run(file).figures()
    keys = {name.partition(":")[0] for name in figures}
    assert {"preprocessing", "messages", "node", "outside"} <= keys
    assert {"peer", "networks", "cameras", "many 320x240", "memory"} <= keys
    for name in ("this node", "by hand"):
        assert figures[f"peer: results, {name}"].value > 1
        assert figures[f"peer: stamp → received by a subscriber, p50, {name}"].value > 0
        assert figures[f"peer: image received → published, p50, {name}"].value > 0
        assert figures[f"peer: memory of the process, {name}"].value > 10
    assert figures["node: 30, node"].value > 1
    assert len(figures["node: 30, node p50"].samples) == node.BLOCKS
    assert figures["outside: 30, p99"].value >= figures["outside: 30, p50"].value > 0
    assert figures["many 320x240: 2, results"].value > 1
    assert main(["--stored", str(file), "--against", str(file)]) == 0
    assert f"0 slower, 0 faster, {len(figures)} the same" in capsys.readouterr().out
