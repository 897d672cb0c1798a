"""What the command line shows of a replay."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from converter.command_line.print_replay import print_replay
from converter.replay.results.replay_results import ReplayResults
from test.converter.replay import replay_samples


def printed(results: ReplayResults, width: int = 100) -> list[str]:
    """The lines on a terminal of that width, without spaces at their ends."""
    file = io.StringIO()
    print_replay(results, Path("out"), Console(file=file, width=width))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def row(lines: list[str], name: str) -> list[str]:
    """The cells of a class, which are two spaces or more apart."""
    (found,) = (line for line in lines if re.match(rf"\s*{name}\s{{2,}}", line))
    return re.split(r"\s{2,}", found.strip())[1:]


def test_what_was_compared_comes_first_and_then_the_verdict() -> None:
    lines = printed(replay_samples.detection())
    assert lines[0] == "shapes fp32 (baseline) → shapes int8 (candidate)"
    headline = "3 of 1,274 detections are lost, 5 are new, 1 has another class"
    assert lines[1] == f"! {headline}; 8 of 450 images differ"
    assert lines[2] == "450 images of 2 cameras compared, 15.0 s of recording."
    assert lines[-1] == f"The page is {Path('out') / 'index.html'}; its files are beside it."


@pytest.mark.parametrize("width", [80, 100, 200])
def test_figures_of_the_classes_are_whole_on_every_terminal(width: int) -> None:
    lines = printed(replay_samples.detection(), width)
    assert row(lines, "all classes") == ["1,274", "1,276", "3", "5", "1", "2", "5", "0.31 %"]
    assert row(lines, "triangle") == ["74", "74", "0", "0", "0", "0", "0", "0 %"]
    assert "…" not in "".join(lines)


@pytest.mark.parametrize("width", [20, 40, 60])
def test_classes_keep_their_names_on_a_terminal_that_is_too_narrow(width: int) -> None:
    lines = printed(replay_samples.detection(), width)
    assert row(lines, "triangle") == ["74", "74", "0", "0", "0", "0", "0", "0 %"]
    assert row(lines, "circle")[0] == row(printed(replay_samples.detection()), "circle")[0]


def test_of_many_classes_those_that_differ_are_shown() -> None:
    lines = printed(replay_samples.huge())
    shown = [line for line in lines if re.match(r"\s*class \d+\s", line)]
    # Labels 2, 3 … have as many differences as their number less one modulo four.
    numbers = [int(line.split()[1]) for line in shown]
    assert len(numbers) == 18
    assert all((number + 1) % 4 for number in numbers)
    assert "… and 60 more classes are in the page." in lines


def test_limits_skipped_images_and_the_rate_are_told() -> None:
    lines = printed(replay_samples.detection())
    assert "✓ 4 of 1,274 detections lost: 0.31 %, allowed are 1.00 %" in lines
    (skipped,) = (line for line in lines if line.startswith("skipped: 2 images"))
    assert "/camera/front/image_raw" in skipped
    assert "the image is truncated" in skipped
    share = round(100 * 345.6 / 371.2)
    assert f"345.6 images a second, {share}% of the engines alone (371.2)" in lines
    assert any("mAP@0.5 0.9312 → 0.9287" in line for line in lines)
    failed = printed(replay_samples.classification())
    assert "✕ 12 of 60 classified images lost: 20.00 %, allowed are 1.00 %" in failed


def test_a_recording_of_which_nothing_was_compared_has_no_table() -> None:
    lines = printed(replay_samples.empty())
    assert lines[1] == "! No image was compared"
    assert "caution: broken.mcap ends in the middle of a message: the rest is missing" in lines
    assert not [line for line in lines if "all classes" in line]


def test_foreign_text_controls_no_terminal() -> None:
    lines = printed(replay_samples.huge())
    text = "\n".join(lines)
    assert "\x1b" not in text and "\u202e" not in text
    assert "[red]" in text
    assert max(map(len, lines)) < 1500
