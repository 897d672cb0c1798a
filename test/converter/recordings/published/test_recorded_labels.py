"""What classes in recorded results stand for."""

from typing import Dict, Optional

import pytest

from converter.recordings.published.recorded_labels import (
    AMBIGUOUS,
    LabelInfoAtTime,
    RecordedLabels,
    label_info_at_time,
    names_in_order,
    without_repetition,
)
from test.converter.recordings.bags import header, new


def info(seconds: float, names: Dict[int, str], threshold: float = 0.25) -> LabelInfoAtTime:
    """As it is read from a message."""
    classes = [
        new("vision_msgs/msg/VisionClass", class_id=number, class_name=name)
        for number, name in names.items()
    ]
    message = new(
        "vision_msgs/msg/LabelInfo", header=header(0), class_map=classes, threshold=threshold
    )
    return label_info_at_time(seconds, message)


def labels_of(*infos: LabelInfoAtTime) -> RecordedLabels:
    return RecordedLabels(infos, names_in_order(infos))


@pytest.mark.parametrize(
    ("text", "number"),
    [("cat", 0), ("dog", 1), ("0", 0), ("1", 1), ("7", 7), ("-1", -1), ("cow", None), ("", None)],
)
def test_a_class_is_given_by_name_or_number(text: str, number: Optional[int]) -> None:
    assert labels_of(info(0.0, {0: "cat", 1: "dog"})).class_id(text, 1.0) == number


def test_a_number_that_does_not_fit_is_no_class() -> None:
    assert labels_of(info(0.0, {0: "cat"})).class_id("9999999999", 0.0) is None


def test_a_name_that_is_a_number_is_a_name() -> None:
    labels = labels_of(info(0.0, {0: "1", 1: "0"}))
    assert [labels.class_id(text, 0.0) for text in "01"] == [1, 0]
    assert labels.counts[AMBIGUOUS] == 2


def test_digits_in_order_are_not_ambiguous() -> None:
    labels = labels_of(info(0.0, {0: "0", 1: "1"}))
    assert [labels.class_id(text, 0.0) for text in "01"] == [0, 1]
    assert labels.counts[AMBIGUOUS] == 0


def test_numbers_change_their_meaning_with_the_model() -> None:
    labels = labels_of(info(1.0, {0: "cat", 1: "dog"}), info(5.0, {0: "dog", 1: "cow"}))
    assert [labels.class_id("0", seconds) for seconds in (0.0, 1.0, 4.9, 5.0, 9.0)] == [
        0,
        0,
        0,
        1,
        1,
    ]
    assert labels.class_id("cow", 0.0) == 2
    assert [labels.of_number(1, seconds) for seconds in (0.0, 9.0)] == [1, 2]


def test_numbers_between_those_with_a_name_stand_for_no_other_class() -> None:
    """A background, 0, must not become the first class with a name."""
    infos = [info(0.0, {1: "cat", 3: "dog"})]
    names = names_in_order(infos)
    labels = RecordedLabels(infos, names)
    assert [names[labels.of_number(number, 0.0)] for number in range(4)] == ["0", "cat", "2", "dog"]
    assert labels.class_id("3", 0.0) == names.index("dog")


def test_classes_with_the_same_name_are_told_apart_by_number() -> None:
    infos = [info(0.0, {0: "crane", 1: "dog", 2: "crane"})]
    assert names_in_order(infos) == ["crane", "dog", "crane"]
    labels = labels_of(*infos)
    assert [labels.class_id(text, 0.0) for text in "012"] == [0, 1, 2]
    assert labels.of_number(2, 0.0) == 2
    assert labels.counts[AMBIGUOUS] == 0
    assert labels.class_id("crane", 0.0) == 0
    assert labels.counts[AMBIGUOUS] == 1


def test_latched_messages_that_are_recorded_again_are_one() -> None:
    infos = [info(0.0, {0: "cat"}), info(3.0, {0: "cat"}), info(6.0, {0: "cat"}, threshold=0.5)]
    assert [one.seconds for one in without_repetition(infos)] == [0.0, 6.0]
