"""K is as large as the user's images need, and what it loses is reported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from converter.commands.convert import convert
from converter.commands.convert_options import ConvertOptions, SourceOptions, ThresholdOptions
from converter.comparison.agreement import Agreement
from converter.comparison.match_rows import DetectionRows
from converter.conversion import Conversion
from converter.heads.evidence import HeadOptions
from converter.report.verdict import cautions, verdict
from converter.tables.candidate_wording import candidate_facts
from converter.terminal.progress import Progress
from converter.verification import choose_candidates as choosing
from converter.verification.choose_candidates import choose_candidates
from converter.verification.count_candidates import (
    CandidateCount,
    ImageBoxes,
    count_candidates,
    look_at_boxes,
)
from test.color_bundle import CELL, LABELS, write_color_bundle
from test.converter.networks import save_color_module
from trt_inference.bundles.bundle import Thresholds, load_bundle
from trt_inference.inference.geometry import Placement
from trt_inference.inference.selection import Region

SIDE = 320
ACROSS = SIDE // CELL
BLUE = (255, 0, 0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finds cells of pure colour, 1600 of which are in its input."""
    folder = tmp_path_factory.mktemp("dense") / "model"
    return save_color_module(folder, "serving_default", (1, SIDE, SIDE, 3))


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with 500 blue cells, one with 310 and one with 20."""
    folder = tmp_path_factory.mktemp("crowd")
    for count in (500, 310, 20):
        picture = np.full((SIDE, SIDE, 3), 128, np.uint8)
        for cell in range(count):
            y, x = CELL * (cell // ACROSS), CELL * (cell % ACROSS)
            picture[y : y + CELL, x : x + CELL] = BLUE
        cv2.imwrite(str(folder / f"{count}.png"), picture)
    return folder


@pytest.fixture(autouse=True)
def enough_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is."""
    monkeypatch.setattr(choosing, "LONGEST_SUPPRESSION", 1000.0)


def converted(
    model: Path, crowd: Path | None, folder: Path, candidates: int | None = None, most: int = 1000
) -> Conversion:
    labels = folder / "labels.txt"
    labels.write_text("".join(f"{label}\n" for label in LABELS), "utf-8")
    options = ConvertOptions(
        SourceOptions(model, labels=labels, head=HeadOptions(activation="none")),
        folder / "bundle",
        images=crowd,
        candidates=candidates,
        thresholds=ThresholdOptions(0.5, 0.5, most),
    )
    return convert(options, Progress(Console(quiet=True)))


def test_k_is_raised_until_no_detection_is_lost(model: Path, crowd: Path, tmp_path: Path) -> None:
    """600 lose none of 500 cells that do not overlap; 300 lose 200 and 10."""
    conversion = converted(model, crowd, tmp_path)
    manifest = json.loads((conversion.bundle / "model.json").read_text("utf-8"))
    assert manifest["candidates"] == 600
    assert manifest["source"]["most_candidates"] == ACROSS**2
    assert [one["shape"] for one in manifest["outputs"]] == [[-1, 600, 4], [-1, 600], [-1, 600]]
    found = conversion.verification
    assert isinstance(found.agreement, Agreement)
    assert (found.agreement.detections, found.agreement.matched) == (830, 830)
    assert (found.agreement.missing, found.agreement.cut_off) == (0, 0)
    (text,) = candidate_facts(found)
    assert text.startswith("600 of 1,600 boxes; at most 500 are at or above the score threshold")
    assert text.endswith("300 lose 210 detections in 2 images")
    assert cautions(found) == ()
    assert verdict(found).sound


def test_what_the_users_k_loses_is_reported(model: Path, crowd: Path, tmp_path: Path) -> None:
    found = converted(model, crowd, tmp_path, candidates=400).verification
    assert isinstance(found.agreement, Agreement)
    assert (found.agreement.detections, found.agreement.matched) == (830, 730)
    assert (found.agreement.missing, found.agreement.cut_off) == (0, 100)
    (text,) = cautions(found)
    assert text == (
        "400 candidates lose 100 detections in 1 of 3 images: convert without --candidates, or "
        "with --candidates 500."
    )
    assert verdict(found).headline.startswith("Finds 730 of TensorFlow's 830 detections")
    assert not verdict(found).sound


def test_a_k_that_loses_nothing_but_is_full_is_reported(
    model: Path, crowd: Path, tmp_path: Path
) -> None:
    """The robot publishes a hundred at most, of which 300 candidates lose none."""
    found = converted(model, crowd, tmp_path, most=100).verification
    assert found.count is not None
    assert (found.count.candidates, found.count.lost, found.count.full_images) == (300, 0, 2)
    (text,) = cautions(found)
    assert text.startswith("All 300 candidates are at or above the score threshold of 0.5 in 2 of")
    assert "up to 500 boxes, in 500.png" in text
    assert "raise --score-threshold" in text


def test_where_there_is_no_time_for_more_the_loss_is_reported(
    model: Path, crowd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "LONGEST_SUPPRESSION", -1.0)
    found = converted(model, crowd, tmp_path).verification
    assert found.count is not None
    assert (found.count.candidates, found.count.lost) == (300, 210)
    (text,) = cautions(found)
    assert "300 candidates lose 210 detections in 2 of 3 images: more take longer than" in text
    assert "--candidates 500" in text


def test_made_up_images_choose_no_k(model: Path, tmp_path: Path) -> None:
    found = converted(model, None, tmp_path).verification
    assert found.count is not None
    assert found.count.candidates == 300


# A picture that fills the input.
WHOLE = Placement(1000, 1000, 0, 0, 1000, 1000, Region(0, 0, 1000, 1000))


def look(rows: DetectionRows, candidates: int, most: int, tmp_path: Path) -> ImageBoxes:
    """With thresholds of 0.5."""
    bundle = load_bundle(write_color_bundle(tmp_path / "bundle"))
    bundle = replace(bundle, candidates=candidates, defaults=Thresholds(0.5, 0.5, most))
    return look_at_boxes(rows, WHOLE, bundle)


def grid(count: int) -> np.ndarray:
    """Boxes that do not overlap."""
    corner = 20 * np.stack([np.arange(count) % 50, np.arange(count) // 50], -1)
    return np.concatenate([corner, corner + 10], -1).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_k_needs_no_more_than_the_last_detection_of_all_boxes(seed: int, tmp_path: Path) -> None:
    """Forty objects, each found by many boxes, in any order: by the place of the best of each."""
    generator = np.random.default_rng(seed)
    objects = generator.integers(0, 40, 900)
    scores = generator.permutation(np.linspace(0.3, 0.99, 900)).astype(np.float32)
    rows = DetectionRows(grid(40)[objects], scores, np.zeros(900, np.int32))
    falling = np.argsort(-scores)
    firsts = [list(objects[falling]).index(number) + 1 for number in range(40)]
    lost = sum(place > 60 for place in firsts)
    assert lost
    found = look(rows, 60, 100, tmp_path)
    assert (found.above, found.needed) == (int((scores >= 0.5).sum()), max(firsts))
    assert found.lost == lost
    assert look(rows, max(firsts), 100, tmp_path).lost == 0
    assert look(rows, max(firsts) - 1, 100, tmp_path).lost == 1
    assert look(rows, 60, 10, tmp_path).lost == 0  # ten are all that a robot publishes


def test_what_is_no_number_is_no_candidate(tmp_path: Path) -> None:
    scores = np.r_[np.linspace(0.9, 0.6, 10), np.full(50, np.nan)].astype(np.float32)
    found = look(DetectionRows(grid(60), scores, np.zeros(60, np.int32)), 20, 100, tmp_path)
    assert (found.above, found.lost) == (10, 0)


def test_a_bundle_with_all_boxes_cuts_none_off(tmp_path: Path) -> None:
    rows = DetectionRows(grid(20), np.ones(20, np.float32), np.zeros(20, np.int32))
    bundle = replace(load_bundle(write_color_bundle(tmp_path / "bundle")), candidates=20)
    images = [look_at_boxes(rows, WHOLE, bundle)]
    assert count_candidates(images, ["one"], 20, bundle) is None
    found = count_candidates(images, ["one"], 21, bundle)
    assert found is not None
    assert found.full_images == 1


def needing(needed: int, boxes: int = 8400) -> CandidateCount:
    nothing = DetectionRows(grid(0), np.zeros(0, np.float32), np.zeros(0, np.int32))
    worst = ImageBoxes(nothing, WHOLE, needed, needed, 1)
    return CandidateCount(300, boxes, 0.5, needed, "one", needed, 1, 1, 1, worst)


@pytest.mark.parametrize(
    ("needed", "boxes", "quick", "chosen"),
    [
        (301, 8400, 3840, 600),
        (600, 8400, 3840, 600),
        (601, 8400, 3840, 1200),
        (700, 1000, 3840, 1000),  # no more than there are
        (9999, 76725, 3840, 3840),  # TensorRT chooses no more
        (5000, 76725, 1200, 1200),
        (400, 8400, 500, 400),  # just enough where twice as many take too long
        (2000, 8400, 300, 300),
    ],
)
def test_k_is_doubled_as_far_as_there_is_time(
    needed: int, boxes: int, quick: int, chosen: int
) -> None:
    """Where up to ``quick`` candidates take a second at most."""
    found = needing(needed, boxes)
    assert choose_candidates(found, lambda count: count / quick, longest=1.0) == chosen
