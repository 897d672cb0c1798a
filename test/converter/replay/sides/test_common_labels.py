"""Class numbers of two sides by their names."""

import numpy as np
import pytest

from converter.errors import ReplayError
from converter.replay.sides.common_labels import MOST_WITHOUT_LABEL, CommonLabels
from converter.replay.sides.side import SideResult
from test.converter.replay.scenes import class_map, classified, same
from trt_inference.inference.detections import Detections
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import OUTSIDE, Segmentation


def of_classes(*class_ids: int) -> SideResult:
    """A box of each class."""
    count = len(class_ids)
    boxes = np.zeros((count, 4), np.float32)
    return same(Detections(boxes, np.ones(count, np.float32), np.array(class_ids, np.int32)))


def names_of(common: CommonLabels, result: SideResult) -> list[str]:
    ids = result.published.class_ids.tolist()  # type: ignore[union-attr]
    return [class_name(common.names, one) for one in ids]


def test_a_class_has_one_number_whatever_its_place() -> None:
    common = CommonLabels(["dog", "cat", "cow"], ["cat", "dog", "fox"])
    assert names_of(common, common.of_before(of_classes(0, 1, 2))) == ["dog", "cat", "cow"]
    assert names_of(common, common.of_after(of_classes(0, 1, 2))) == ["cat", "dog", "fox"]
    assert list(common.names) == ["cat", "dog", "fox", "cow"]


def test_with_the_same_labels_nothing_is_translated() -> None:
    common = CommonLabels(("cat", "dog"), ["cat", "dog"])
    for result in (
        of_classes(0, 1, 1),
        same(classified((1, 0.5))),
        same(class_map([[0, 1, OUTSIDE]])),
    ):
        assert common.of_before(result) is result
        assert common.of_after(result) is result


def test_results_below_the_threshold_are_translated_too() -> None:
    common = CommonLabels(["dog", "cat"], ["cat", "dog"])
    published, pool = of_classes(0).published, of_classes(0, 1).pool
    translated = common.of_before(SideResult(published, pool, is_finite=False))
    assert translated.published.class_ids.tolist() == [1]  # type: ignore[union-attr]
    assert translated.pool.class_ids.tolist() == [1, 0]  # type: ignore[union-attr]
    assert not translated.is_finite
    assert published.class_ids.tolist() == [0]  # type: ignore[union-attr]


@pytest.mark.parametrize("number", [7, -1, 10**9])
def test_a_number_without_a_label_is_a_class_of_its_own_for_both(number: int) -> None:
    common = CommonLabels(["cat", "dog"], ["dog", "cat"])
    before = common.of_before(of_classes(number, 0, 8))
    after = common.of_after(of_classes(8, number, 0))
    assert names_of(common, before) == [str(number), "cat", "8"]
    assert names_of(common, after) == ["8", str(number), "dog"]
    assert before.published.class_ids[0] == after.published.class_ids[1]  # type: ignore[union-attr]
    assert min(before.published.class_ids) >= 0  # type: ignore[union-attr]


def test_a_number_without_a_label_is_not_the_digit_of_that_name() -> None:
    common = CommonLabels(["zero"], ["5", "6", "7"])
    before, after = common.of_before(of_classes(7)), common.of_after(of_classes(2))
    assert (names_of(common, before), names_of(common, after)) == (["#7"], ["7"])


def test_a_number_beyond_one_sides_labels_is_not_the_other_sides_class() -> None:
    common = CommonLabels(["cat"], ["cat", "dog"])
    assert names_of(common, common.of_before(of_classes(1))) == ["1"]


def test_classes_with_one_name_stay_apart() -> None:
    names = ["person", "person", "car"]
    common = CommonLabels(["car", *names], names)
    numbers = common.of_before(of_classes(0, 1, 2, 3)).published.class_ids  # type: ignore[union-attr]
    assert numbers.tolist() == [2, 0, 1, 3]
    assert list(common.names) == [*names, "car"]


def test_labels_that_come_up_while_a_recording_is_read_are_known() -> None:
    recorded = ["cat"]
    common = CommonLabels(recorded, ["dog"])
    names = common.names
    assert names_of(common, common.of_before(of_classes(0))) == ["cat"]
    recorded += ["fox", "dog"]
    assert names_of(common, common.of_before(of_classes(1, 2, 0))) == ["fox", "dog", "cat"]
    assert list(names) == ["dog", "cat", "fox"]


def test_broken_numbers_do_not_fill_the_memory() -> None:
    common = CommonLabels(["cat"], ["cat"])
    for start in range(1, 5000, 500):
        common.of_before(of_classes(*range(start, start + 500)))
    assert len(common.names) == 1 + MOST_WITHOUT_LABEL + 1
    (last,) = names_of(common, common.of_before(of_classes(10**6)))
    assert last == common.names[-1] != "1000000"


def test_class_maps_are_translated_but_for_what_is_outside() -> None:
    common = CommonLabels(["road", "sky"], ["sky", "road", "tree"])
    translated = common.of_before(same(class_map([[0, 1, OUTSIDE], [9, 1, 0]])))
    assert translated.published is translated.pool
    assert translated.published.class_map.tolist() == [[1, 0, OUTSIDE], [3, 0, 1]]  # type: ignore[union-attr]
    assert common.names[3] == "9"
    assert translated.published.class_map.dtype == np.uint8  # type: ignore[union-attr]


def test_class_maps_with_too_many_classes_are_refused() -> None:
    common = CommonLabels(
        [f"a{number}" for number in range(200)], [f"b{number}" for number in range(200)]
    )
    assert common.of_after(same(class_map([[199]])))
    with pytest.raises(ReplayError, match="400 classes"):
        common.of_before(same(Segmentation(np.full((2, 2), 199, np.uint8))))
