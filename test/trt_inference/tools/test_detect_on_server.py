"""`trt-inference detect` with a server: all results are the server's, or there are none."""

import itertools
import json
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List

import cv2
import pytest

from test.color_bundle import COLORS, offer_precisions, picture
from test.triton_double import TritonDouble
from trt_inference.engines.triton import server_watch
from trt_inference.tools import detect as program
from trt_inference.tools.detect import main
from trt_inference.tools.no_answer import Patience

NAMES = tuple(COLORS)
PICTURES = 8

Detect = Callable[..., str]


def write_pictures(folder: Path, numbers: Iterable[int]) -> List[Path]:
    files = []
    for number in numbers:
        files.append(folder / f"{number:02}.png")
        assert cv2.imwrite(str(files[-1]), picture(NAMES[number % 3], (number % 8, 2)))
    return files


@pytest.fixture
def server(shared_color_bundle: Path) -> Iterator[TritonDouble]:
    with TritonDouble(shared_color_bundle) as double:
        yield double


@pytest.fixture
def detect(
    shared_color_bundle: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Detect:
    """Runs it on all pictures that there are; gives what it printed."""
    monkeypatch.setenv("COLUMNS", "200")
    write_pictures(tmp_path, range(PICTURES))

    def run(*arguments: object, code: int = 0, bundle: Path = shared_color_bundle) -> str:
        pictures = sorted(tmp_path.glob("*.png"))
        files = ("--output", tmp_path / "out", "--json", tmp_path / "found.json")
        words = map(str, (bundle, *pictures, *files, *arguments))
        assert main(list(words)) == code
        return "".join(capfd.readouterr())

    return run


def on(server: TritonDouble, deadline: float = 30.0) -> List[str]:
    """The arguments for a server. The machine of the tests may be busy."""
    words = f"--backend triton --server-url {server.url} --server-deadline {deadline}"
    return words.split()


def found(tmp_path: Path) -> Dict[str, Any]:
    content = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def errors(tmp_path: Path) -> Dict[int, str]:
    """What is told of the pictures without a result, by their number."""
    return {
        int(Path(one["file"]).stem): one["error"]
        for one in found(tmp_path)["images"]
        if one.get("error")
    }


def spoil(server: TritonDouble, *numbers: int) -> None:
    """Answer these pictures with another model's name. One image tries out the engine before."""
    answers = itertools.count(-1)

    def change(answer: Any) -> None:
        if next(answers) in numbers:
            answer.model_name = "another"

    server.faults.change = change


def test_a_server_finds_what_this_machine_finds(
    server: TritonDouble, detect: Detect, tmp_path: Path
) -> None:
    detect("--backend", "onnxruntime")
    here = found(tmp_path)
    assert f"Triton 2.51.0 at {server.url}, version 1 of" in detect(*on(server))
    there = found(tmp_path)
    assert there["images"] == here["images"] and len(there["images"]) == PICTURES
    assert len(server.received) == 1 + PICTURES
    assert there["backend"].startswith("Triton 2.51.0") and there["precision"] == "fp32"


def test_a_picture_without_an_answer_is_an_error_and_the_others_go_on(
    server: TritonDouble, detect: Detect, tmp_path: Path
) -> None:
    spoil(server, 2, 3)
    shown = detect(*on(server), code=1)
    assert set(errors(tmp_path)) == {2, 3}
    assert all("another" in text for text in errors(tmp_path).values())
    assert "error: '" in shown and "02.png': " in shown
    drawn = {int(file.stem) for file in (tmp_path / "out").glob("*.jpg")}
    assert drawn == set(range(PICTURES)) - {2, 3}
    # Nothing is asked twice, and nothing is answered by this machine.
    assert len(server.received) == 1 + PICTURES
    assert "not all results are of the same engine" not in shown


def test_after_each_picture_without_an_answer_the_server_gets_time(
    server: TritonDouble, detect: Detect, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: List[float] = []
    monkeypatch.setattr(program, "Patience", lambda: Patience(waited.append))
    spoil(server, 1, 2, 5)
    detect(*on(server), code=1)
    first, second, renewed = waited
    assert 0 < first == renewed < second


def test_a_server_that_is_gone_loses_each_picture_by_name(
    server: TritonDouble, detect: Detect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "Patience", lambda: Patience(lambda seconds: None))
    spoil(server, *range(4, 100))
    detect(*on(server), code=1)
    assert set(errors(tmp_path)) == {4, 5, 6, 7}


def test_without_a_server_nothing_is_begun(
    server: TritonDouble, detect: Detect, tmp_path: Path
) -> None:
    server.stop()
    shown = detect(*on(server, deadline=1), code=1)
    assert f"no answer to the first image: server {server.url}, " in shown
    assert ": not reached: " in shown and "Start the server" in shown
    assert not list((tmp_path / "out").iterdir()) and not (tmp_path / "found.json").exists()


def test_a_deadline_that_is_too_short_is_told_as_the_reason(
    server: TritonDouble, detect: Detect
) -> None:
    server.faults.never = True
    shown = detect(*on(server, deadline=0.5), code=1)
    assert "no answer to the first image: " in shown
    assert "no answer before the deadline. Start the server" in shown


def test_another_precision_than_was_asked_for_is_told(
    color_bundle: Path, detect: Detect, tmp_path: Path
) -> None:
    offer_precisions(color_bundle, "fp32", "fp16")
    with TritonDouble(color_bundle) as server:
        asked = detect("--precision", "fp16", *on(server), bundle=color_bundle)
        assert "caution: precision fp16 is asked for, and fp32 runs: version 1 of " in asked
        assert "had no fp16 of this bundle" in asked
        for fitting in ("fp32", "auto"):
            shown = detect("--precision", fitting, *on(server), bundle=color_bundle)
            assert "asked for" not in shown


def test_a_server_without_a_backend_and_a_backend_without_a_server_are_refused(
    detect: Detect, tmp_path: Path
) -> None:
    assert "add --backend triton, or leave it out" in detect("--server-url", "gpu:8001", code=1)
    assert "give --server-url HOST:PORT" in detect("--backend", "triton", code=1)
    assert not (tmp_path / "out").exists()


def test_results_of_another_precision_are_in_no_file(
    detect: Detect, shared_color_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file tells the precision once, for all of them."""
    monkeypatch.setattr(server_watch, "PERIOD", 0.01)
    copy = tmp_path / "colors"
    shutil.copytree(str(shared_color_bundle), str(copy))
    offer_precisions(copy, "fp32", "int8")
    write_pictures(tmp_path, range(PICTURES, 30))
    answers = itertools.count(-1)

    def change(answer: Any) -> None:
        if next(answers) == 2:
            server.add(copy, 2, "int8")
            server.unload(1)

    with TritonDouble(copy) as server:
        server.faults.change = change
        detect(*on(server), code=1, bundle=copy)
    assert found(tmp_path)["precision"] == "fp32"
    told = errors(tmp_path)
    # Where the exchange is noticed at once, the answer during which it happened is not used either.
    assert set(told) in (set(range(2, 30)), set(range(3, 30)))
    assert "int8 of this bundle now, instead of fp32" in told[29]


@pytest.mark.long
def test_a_version_that_is_exchanged_meanwhile_is_told(
    server: TritonDouble, detect: Detect, shared_color_bundle: Path, tmp_path: Path
) -> None:
    """The pictures that are lost until it is found again give it the time."""
    answers = itertools.count(-1)

    def change(answer: Any) -> None:
        if next(answers) == 2:
            server.add(shared_color_bundle, 2)
            server.unload(1)

    server.faults.change = change
    write_pictures(tmp_path, range(PICTURES, 30))
    shown = detect(*on(server, deadline=2), code=1)
    lost = set(errors(tmp_path))
    assert lost and lost < set(range(3, 30)) and 29 not in lost
    assert "caution: not all results are of the same engine: " in shown
    assert "version 1 of" in shown and "version 2 of" in shown
