"""Whose a result is, found by the scores that it has."""

from pathlib import Path
from typing import List, Sequence

import numpy as np
import pytest

from examples.fleet.answerers import Judge, Result, choose_precisions, whose
from examples.fleet.receipts import EITHER, NEITHER, ROBOT, SERVER
from test.color_bundle import picture, write_color_bundle
from test.two_networks import WEAKER, write_two_networks
from trt_inference.bundles.bundle import load_bundle
from trt_inference.errors import BundleError
from trt_inference.inference.detections import Detections

ROUNDING = 3e-7  # of scores in float32


def found(*scores: float, classes: Sequence[int] = ()) -> Detections:
    count = len(scores)
    return Detections(
        np.zeros((count, 4), np.float32),
        np.array(scores, np.float32),
        np.array(classes or [0] * count, np.int32),
    )


@pytest.mark.parametrize(
    ("received", "whose_it_is"),
    [
        (found(0.91 + ROUNDING, 0.6), SERVER),
        (found(0.92, 0.6 - ROUNDING), ROBOT),
        (found(0.915, 0.6), NEITHER),
        (found(0.91), NEITHER),
        (found(0.91, 0.6, classes=[0, 1]), NEITHER),
        (found(), NEITHER),
    ],
)
def test_a_result_is_that_of_the_network_with_its_scores(
    received: Detections, whose_it_is: str
) -> None:
    assert whose(received, by_server=found(0.91, 0.6), by_robot=found(0.92, 0.6)) == whose_it_is


def test_what_both_find_is_either() -> None:
    one, other = found(0.9, 0.6), found(0.9 + ROUNDING, 0.6)
    assert whose(one, one, other) == EITHER
    assert whose(found(), found(), found()) == EITHER


def test_scores_that_are_almost_the_same_may_change_places() -> None:
    one = found(0.9 + ROUNDING, 0.9, classes=[0, 1])
    assert whose(found(0.9 + ROUNDING, 0.9, classes=[1, 0]), one, found()) == SERVER


def test_a_difference_in_the_number_of_objects_tells_them_apart() -> None:
    assert whose(found(0.9), found(0.9), found(0.9, 0.41)) == SERVER


def test_the_judge_looks_at_the_image_of_each_result(tmp_path: Path) -> None:
    judge = Judge(load_bundle(write_two_networks(tmp_path / "colors")), "int8")
    told: List[str] = []
    blue, grey = picture("blue", (2, 3)), np.full((64, 64, 3), 128, np.uint8)
    for image, received in (
        (blue, found(1.0)),
        (blue, found(WEAKER)),
        (blue, found(0.5)),
        (grey, found()),
        (grey, found(1.0)),
    ):
        judge.ask(Result(image, received, told.append))
    judge.close()
    assert told == [ROBOT, SERVER, NEITHER, EITHER, NEITHER]
    assert judge.problem is None


def test_the_server_gets_another_precision_than_the_robots_run(tmp_path: Path) -> None:
    bundle = load_bundle(write_two_networks(tmp_path / "colors"))
    of_server, of_robot = choose_precisions(bundle)
    assert {of_server, of_robot} == {"int8", "fp32"}


def test_a_bundle_of_one_precision_is_refused_with_a_remedy(tmp_path: Path) -> None:
    bundle = load_bundle(write_color_bundle(tmp_path / "colors"))
    with pytest.raises(BundleError, match=r"only fp32.*--precision fp32 int8"):
        choose_precisions(bundle)
