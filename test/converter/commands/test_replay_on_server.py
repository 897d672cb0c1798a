"""`trt-inference replay` with a server: both sides are there, or nothing is compared."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.changed_bundles import exchange_colors
from test.color_bundle import COLORS, offer_precisions, picture, write_color_bundle
from test.converter.command_line import run_here
from test.converter.recordings.bags import (
    PERIOD,
    START,
    BagMessage,
    detections_message,
    image_message,
    image_messages,
    write_bag,
)
from test.triton_double import TritonDouble

IMAGES = 12
NAMES = tuple(COLORS)


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = [picture(NAMES[number % 3], (number % 8, 2)) for number in range(IMAGES)]
    return write_bag(tmp_path_factory.mktemp("bags") / "drive", image_messages(images))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In two precisions, which are the same network."""
    folder = write_color_bundle(tmp_path_factory.mktemp("bundles") / "colors")
    offer_precisions(folder, "fp32", "int8")
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the same name that was served before, which takes blue for red."""
    return exchange_colors(write_color_bundle(tmp_path_factory.mktemp("earlier") / "colors"))


@pytest.fixture
def server(bundle: Path) -> Iterator[TritonDouble]:
    with TritonDouble(bundle) as double:
        yield double


class Replay:
    """Runs the command on a bag and a server, in this process."""

    def __init__(
        self, given: tuple[Path, Path, TritonDouble], capsys: pytest.CaptureFixture[str], out: Path
    ) -> None:
        self._bag, self._bundle, self._server = given
        self._capsys, self._out = capsys, out

    def __call__(
        self, *arguments: object, code: int = 0, deadline: float = 30, bag: Path | None = None
    ) -> str:
        server = f"--backend triton --server-url {self._server.url} --server-deadline {deadline}"
        words = ("replay", bag or self._bag, "--bundle", self._bundle, *server.split())
        result = run_here(self._capsys, *words, "--output", self._out, *arguments)
        assert result.exit_code == code, result.output
        return result.output

    def figures(self) -> dict[str, Any]:
        return dict(json.loads((self._out / "replay.json").read_text("utf-8")))


@pytest.fixture
def replay(
    bag: Path,
    bundle: Path,
    server: TritonDouble,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Replay:
    monkeypatch.setattr("converter.replay.pipeline.bare_rate._SECONDS", 0.01)
    monkeypatch.setenv("COLUMNS", "200")
    return Replay((bag, bundle, server), capsys, tmp_path / "out")


def test_two_versions_on_one_server_are_told_apart_by_their_bundles(
    replay: Replay, server: TritonDouble, other: Path
) -> None:
    server.add(other, 2)
    shown = replay("--against", other)
    assert f"Triton 2.51.0 at {server.url}, version 2 of colors" in shown
    assert f"Triton 2.51.0 at {server.url}, version 1 of colors" in shown
    # Green stays; what was red is blue, and the other way round.
    figures = replay.figures()
    assert figures["images"] == {"compared": IMAGES, "differing": IMAGES * 2 // 3}
    asked = [one.version for one in server.received[-2 * IMAGES :]]
    assert asked == ["2", "1"] * IMAGES


def test_two_precisions_that_are_both_served(
    replay: Replay, server: TritonDouble, bundle: Path
) -> None:
    server.add(bundle, 2, "int8")
    shown = replay("--precision", "fp32", "int8")
    assert "the baseline is colors fp32: Triton" in shown
    assert "the candidate is colors int8: Triton" in shown
    asked = [one.version for one in server.received[-2 * IMAGES :]]
    assert asked == ["1", "2"] * IMAGES


def test_without_a_wish_the_other_precision_of_the_server_is_compared(
    replay: Replay, server: TritonDouble, bundle: Path
) -> None:
    server.add(bundle, 1, "int8")
    server.add(bundle, 2, "fp32")  # the newest, which is the server's own choice
    replay()
    figures = replay.figures()
    assert [figures[side]["title"] for side in ("baseline", "candidate")] == [
        "colors fp32",
        "colors int8",
    ]


def test_what_the_server_lacks_is_refused_and_not_replaced(
    replay: Replay, server: TritonDouble, other: Path
) -> None:
    why = f"Triton at {server.url} has no int8 of this bundle"
    assert f"{why} ('" in replay("--precision", "fp32", "int8", code=1)
    assert "only fp32 that runs on the server" in replay(code=1)
    shown = replay("--against", other, code=1)
    assert "has another 'colors'" in shown
    assert "export-triton BUNDLE REPOSITORY --platform " in shown


def test_images_without_an_answer_are_counted_and_not_compared(
    replay: Replay, server: TritonDouble, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the times of the engines alone, the images are the last ones.
    monkeypatch.setattr("converter.replay.replay_run.measure_bare_rate", lambda sides: None)
    server.add(other, 2)
    answers = itertools.count(-2)  # each side is tried out

    def spoil(answer: Any) -> None:
        if next(answers) in (4, 9):  # the baseline of image 2, and the candidate of image 4
            answer.model_name = "another"

    server.faults.change = spoil
    shown = replay("--against", other)
    figures = replay.figures()
    assert figures["images"]["compared"] == IMAGES - 2
    (skipped,) = figures["skipped"]
    assert skipped["images"] == 2 and "another" in skipped["example"]
    assert figures["baseline"]["missing"] == figures["candidate"]["missing"] == 0
    assert "2 images could not be compared" in shown


def test_what_the_robot_published_is_compared_with_what_the_server_finds(
    replay: Replay, server: TritonDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("converter.replay.replay_run.measure_bare_rate", lambda sides: None)

    def messages() -> Iterator[BagMessage]:
        """Of a robot that saw nothing."""
        for number in range(IMAGES):
            stamp = START + number * PERIOD
            pixels = picture(NAMES[number % 3], (number % 8, 2))
            yield BagMessage("/camera/image_raw", stamp, image_message(pixels, stamp))
            yield BagMessage("/detector/detections", stamp + 1, detections_message([], stamp))

    answers = itertools.count(-1)  # the engine is tried out

    def spoil(answer: Any) -> None:
        if next(answers) in (2, 3):
            answer.model_name = "another"

    server.faults.change = spoil
    bag = write_bag(tmp_path / "seen", messages())
    shown = replay("--recorded", bag=bag)
    assert "the baseline is recorded: /detector/detections" in shown
    assert f"Triton 2.51.0 at {server.url}" in shown
    figures = replay.figures()
    assert figures["images"]["compared"] == IMAGES - 2
    assert (figures["total"]["baseline"], figures["total"]["new"]) == (0, IMAGES - 2)
    assert figures["candidate"]["missing"] == 0
    (skipped,) = figures["skipped"]
    assert skipped["images"] == 2


def test_without_a_server_nothing_is_begun(
    replay: Replay, server: TritonDouble, other: Path, tmp_path: Path
) -> None:
    server.stop()
    shown = replay("--against", other, code=1, deadline=1)
    assert f"no answer to the first image: server {server.url}, " in shown
    assert ": not reached: " in shown and "Start the server" in shown
    assert not (tmp_path / "out").exists()
