"""When two processors agree on what `detect` finds."""

from typing import Any, Dict, List, Tuple

import pytest

from benchmarks.aarch64 import Compared, compare
from test.color_bundle import write_color_bundle
from trt_inference.bundles.bundle import Bundle, load_bundle

Row = Dict[str, Any]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(write_color_bundle(tmp_path_factory.mktemp("bundles") / "colors"))


def row(bundle: Bundle, score: float, left: float = 10.0, label: int = 0) -> Row:
    box = {"x1": left, "y1": 20.0, "x2": left + 50, "y2": 80.0}
    return {"class": bundle.labels[label], "score": score, **box}


def compared(bundle: Bundle, *pictures: Tuple[List[Row], List[Row]]) -> Compared:
    wanted, given = (
        {"images": [{"detections": sides[side]} for sides in pictures]} for side in (0, 1)
    )
    return compare(wanted, given, bundle)


def test_the_same_rows_agree_and_the_largest_difference_is_told(bundle: Bundle) -> None:
    found = compared(
        bundle,
        ([row(bundle, 0.9)], [row(bundle, 0.895, left=10.25)]),
        ([row(bundle, 0.8, label=1)], [row(bundle, 0.8, left=9.5, label=1)]),
        ([], []),
    )
    assert all(found.is_within(precision) for precision in ("fp32", "fp16", "int8"))
    assert (found.rows, found.agreement.detections, found.pixels) == (2, 2, 0.5)
    assert found.agreement.largest_score_difference == pytest.approx(0.005)


def test_a_wider_precision_may_differ_less(bundle: Bundle) -> None:
    found = compared(bundle, ([row(bundle, 0.9)], [row(bundle, 0.88)]))
    assert [found.is_within(name) for name in ("fp32", "fp16", "int8")] == [False, True, True]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_other_rows_do_not_agree(bundle: Bundle, precision: str) -> None:
    one = row(bundle, 0.9)
    for other in ([], [row(bundle, 0.9, label=1)], [row(bundle, 0.9, left=15)], [one, one]):
        for pair in (([one], other), (other, [one])):
            assert not compared(bundle, pair).is_within(precision), pair


@pytest.mark.parametrize(("gap", "precision"), [(0.002, "fp32"), (0.025, "fp16"), (0.04, "int8")])
def test_what_falls_below_the_threshold_is_not_missing(
    bundle: Bundle, gap: float, precision: str
) -> None:
    threshold = bundle.defaults.score_threshold
    pair = [row(bundle, threshold + gap / 2)], [row(bundle, threshold - gap / 2)]
    for found in (compared(bundle, pair), compared(bundle, pair[::-1])):
        assert found.is_within(precision)
