"""When a precision is good enough."""

from __future__ import annotations

import pytest

from converter.comparison.accuracy import Accuracy
from converter.comparison.agreement import Agreement, ClassAgreement
from converter.comparison.class_accuracy import ClassAccuracy
from converter.precision.precision_results import PrecisionMeasurement


def detections(loss: float, missing: int = 0, extra: int = 0) -> PrecisionMeasurement:
    """A measurement on 100 detections that fp32 publishes."""
    agreement = Agreement(9, 100, 100 - missing, missing, extra, 1.0, 1.0, 0.0)
    return PrecisionMeasurement(9, agreement, Accuracy(9, 1 - loss, 1 - loss), None, None, {})


def test_the_loss_may_reach_the_limit() -> None:
    assert detections(0.25).is_within(0.25)
    assert not detections(0.25).is_within(0.2)
    assert not detections(float("nan")).is_within(1.0)


def test_few_detections_may_be_missing_or_new_whatever_map_is() -> None:
    assert detections(0, missing=5, extra=5).is_within(0.01)
    assert not detections(0, missing=6).is_within(0.01)
    assert not detections(0, extra=6).is_within(0.01)


def classified(before: float, after: float, same: int = 90) -> PrecisionMeasurement:
    """100 annotated images, of which ``same`` get the class of fp32."""
    accuracies = (ClassAccuracy(100, 9, top_1) for top_1 in (before, after))
    return PrecisionMeasurement(100, ClassAgreement(100, same), None, *accuracies, {})


def test_of_annotated_classes_the_drop_of_the_accuracy_is_limited() -> None:
    """One image may always get another class, but not two."""
    assert classified(0.95, 0.95).is_within(0.005)
    assert classified(0.95, 0.96).loss == pytest.approx(-0.01)
    assert classified(0.95, 0.94).is_within(0.005)
    assert not classified(0.95, 0.93).is_within(0.005)
    assert classified(0.95, 0.93).is_within(0.02 + 1e-9)


def test_classes_that_fp32_does_not_meet_judge_nothing() -> None:
    assert not classified(0.1, 0.1).is_within(0.005)
    assert classified(0.1, 0.1).loss == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("images", "same", "within"), [(8, 7, True), (60, 59, True), (8, 6, False), (300, 298, True)]
)
def test_one_image_may_always_get_another_class(images: int, same: int, within: bool) -> None:
    measured = PrecisionMeasurement(images, ClassAgreement(images, same), None, None, None, {})
    assert measured.is_within(0.01) == within
    assert measured.loss == pytest.approx((images - same) / images)
