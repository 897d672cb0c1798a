"""What a model's own suppression lets through, against the robot's at the same thresholds:
TensorFlow's suppression on boxes and scores of all classes, and candidates that are read rightly
or wrongly."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from converter.comparison.agreement import ClassAgreement
from converter.comparison.compare_detections import DetectionComparison
from converter.errors import ParityError
from converter.export.request_answer import OwnDetections, Suppression
from converter.heads.boxes_and_scores.head import BoxesAndScoresHead, BoxRows
from converter.heads.decoding.scores import ScoreReading
from converter.heads.evidence import BOXES_BEFORE_NMS, SCORES_BEFORE_NMS
from converter.inputs.quiet_tensorflow import tensorflow
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.tables.verification_tables import agreement_facts
from converter.verification.check_parity import check
from converter.verification.compare_suppression import compare_with_own
from converter.verification.source_model import SourceModel
from converter.verification.verification_results import SourceSuppression, Verification
from test.converter.heads.stages import corner_boxes, y_first
from trt_inference.bundles.bundle import Bundle, Thresholds
from trt_inference.bundles.names import CLASSIFICATION

tf = tensorflow()

SIZE = (120, 200)
ANCHORS, COLUMNS, MOST = 150, 4, 100
IOU, SCORE = 0.5, 0.3
Values = dict[str, np.ndarray]


def everything() -> tuple[np.ndarray, np.ndarray]:
    """Boxes [A, 4], x first, in fractions, and probabilities [A, 1 + C] of which the first, the
    background, is high in every second box; no box has two classes above the threshold."""
    generator = np.random.default_rng(4)
    logits = generator.normal(0, 1, (ANCHORS, 1 + COLUMNS))
    logits[::2, 0] += 9
    logits[np.arange(ANCHORS), generator.integers(1, 1 + COLUMNS, ANCHORS)] += 6
    powers = np.exp(logits)
    scores = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return corner_boxes(generator, 1, ANCHORS)[0], scores


def by_tensorflow(
    scores: np.ndarray, per_class: int = MOST, most: int = MOST, threshold: float = SCORE
) -> Values:
    """The outputs of a SavedModel that numbers its classes from 1."""
    boxes = y_first(everything()[0])[None, :, None]
    found = tf.image.combined_non_max_suppression(
        boxes, scores[None], per_class, most, IOU, threshold
    )
    boxes, scores, classes, count = (value.numpy() for value in found)
    return {"places": boxes, "values": scores, "numbers": classes + 1, "count": count}


def cut(classes: int, **changes: Any) -> Suppression:
    own = OwnDetections("places", "values", "numbers", "count", False)
    numbers = tuple(range(1, 1 + classes))
    known = Suppression(
        "CombinedNonMaxSuppression", SCORE, IOU, (SCORE,) * classes, numbers, MOST, own=own
    )
    return replace(known, **changes)


def compared(scores: np.ndarray, given: Values, suppression: Suppression | None) -> Any:
    """The comparison of a bundle whose candidates have these scores [A, C] of the classes."""
    classes = scores.shape[1]
    head = BoxesAndScoresHead(
        "tf-object-detection",
        BoxRows(BOXES_BEFORE_NMS, ANCHORS, 4),
        BoxRows(SCORES_BEFORE_NMS, ANCHORS, classes),
        "yxyx",
        (SIZE[1], SIZE[0]),
        ScoreReading(),
    )
    outputs = {
        BOXES_BEFORE_NMS: y_first(everything()[0])[None],
        SCORES_BEFORE_NMS: scores[None],
    }
    decoded = head.decode(outputs)
    one_image = {name: value[0] for name, value in decoded.items()}
    candidates = DetectionComparison().rank(one_image, ANCHORS, 0.0).outputs
    network = cast(Any, SimpleNamespace(input_size=SIZE))
    source = SourceModel(cast(Any, None), network, head, cast(Any, None), suppression=suppression)
    defaults = SimpleNamespace(defaults=Thresholds(0.25, 0.5, 100))
    return compare_with_own(source, cast(Bundle, defaults), given, decoded, candidates)


def check_it(found: SourceSuppression) -> None:
    check(agreeing(found))


def agreeing(found: SourceSuppression) -> Verification:
    """All else agrees."""
    return Verification(CLASSIFICATION, (), (), ClassAgreement(1, 1), 1, False, suppression=found)


def of_classes() -> np.ndarray:
    """Without the background."""
    return everything()[1][:, 1:]


def rows_of(found: SourceSuppression) -> dict[str, str]:
    return {fact.name: fact.value for fact in agreement_facts(agreeing(found))}


# --- right


@pytest.mark.parametrize(("per_class", "most"), [(MOST, MOST), (3, MOST), (MOST, 7), (3, 7)])
def test_the_same_suppression_gives_the_same_detections(per_class: int, most: int) -> None:
    given = by_tensorflow(of_classes(), per_class, most)
    found = compared(of_classes(), given, cut(COLUMNS, most_of_class=per_class))
    assert found.found == found.detections == given["count"][0] > 5
    assert found.published >= found.detections
    assert found.extra == found.further_classes == found.class_blind == 0
    check_it(found)


@pytest.mark.parametrize("across", [True, False])
def test_a_suppression_across_classes_is_repeated_across_classes(across: bool) -> None:
    scores, boxes = of_classes(), y_first(everything()[0])
    index = tf.image.non_max_suppression(boxes, scores.max(1), ANCHORS, IOU, SCORE).numpy()
    numbers = scores.argmax(1)[index].astype(np.float32)
    given = {
        "places": boxes[index][None],
        "values": scores.max(1)[index][None],
        "numbers": numbers[None] + 1,
        "count": np.array([len(index)], np.float32),
    }
    found = compared(scores, given, cut(COLUMNS, class_agnostic=across))
    assert found.found == found.detections == len(index) > 5
    assert (found.extra == 0) == across


def test_boxes_that_become_sides_behind_the_suppression_are_read() -> None:
    given = by_tensorflow(of_classes())
    corners = given["places"]
    sides = corners[..., 2:] - corners[..., :2]
    given["places"] = np.concatenate([corners[..., :2], sides], -1)[..., [1, 0, 3, 2]]
    own = OwnDetections("places", "values", "numbers", "count", True, "xywh")
    found = compared(of_classes(), given, cut(COLUMNS, own=own))
    assert found.found == found.detections > 5
    assert found.extra == 0


def test_a_threshold_that_is_not_known_is_the_lowest_score_that_is_given() -> None:
    found = compared(of_classes(), by_tensorflow(of_classes()), cut(COLUMNS, class_thresholds=()))
    assert found.found == found.detections > 5
    assert found.extra == 0


@pytest.mark.parametrize("iou", [None, IOU])
def test_an_overlap_that_is_not_known_explains_what_overlaps(iou: float | None) -> None:
    given = by_tensorflow(of_classes())
    check_it(compared(of_classes(), given, cut(COLUMNS, iou_threshold=iou)))


def test_soft_suppression_lowers_scores_and_drops_nothing_else() -> None:
    scores = of_classes()[:, 0]
    boxes = y_first(everything()[0])
    index, lowered = tf.image.non_max_suppression_with_scores(
        boxes, scores, MOST, 1.0, SCORE, soft_nms_sigma=0.5
    )
    assert (lowered.numpy() < scores[index.numpy()] - 0.02).any()
    given = {"places": boxes[index.numpy()][None], "values": lowered.numpy()[None]}
    own = OwnDetections("places", "values", None, None, False)
    suppression = cut(1, own=own, soft=True, iou_threshold=1.0, class_numbers=())
    found = compared(scores[:, None], given, suppression)
    assert found.found == found.detections == len(index) > 5
    assert found.extra == 0


def test_clipped_boxes_are_the_same_boxes() -> None:
    """Where the suppression cuts them off at the image only behind its own choice."""
    given = by_tensorflow(of_classes())
    given["places"] = given["places"] * 1.0
    check_it(compared(of_classes(), given, cut(COLUMNS)))


def test_further_classes_of_a_box_are_told() -> None:
    """A suppression of each class gives a box twice; the robot gives the better one."""
    scores = of_classes().copy()
    scores[:, 1] = scores[:, 0] * 0.9
    given = by_tensorflow(scores)
    found = compared(scores, given, cut(COLUMNS))
    best = scores.argmax(axis=1)
    twice = sum(
        best[np.abs(everything()[0][:, [1, 0, 3, 2]] - place).sum(axis=1).argmin()] != number - 1
        for place, number in zip(given["places"][0], given["numbers"][0], strict=True)
        if number > 0 and place.any()
    )
    assert found.further_classes == twice > 0
    assert found.found == found.detections
    assert found.extra == 0
    assert f"{twice}: a robot" in rows_of(found)["further classes of a box there"]


# --- wrong


def test_a_background_that_is_kept_is_refused() -> None:
    given = by_tensorflow(of_classes())
    found = compared(everything()[1], given, cut(1 + COLUMNS, class_numbers=(0, 1, 2, 3, 4)))
    assert found.extra > 5
    with pytest.raises(ParityError, match="--background first or last"):
        check_it(found)


@pytest.mark.parametrize("given_at_all", [True, False])
def test_a_background_of_a_model_of_one_class_is_refused(given_at_all: bool) -> None:
    """Also where the model itself finds nothing."""
    face, background = everything()[1][:, 1:2], everything()[1][:, :1]
    given = by_tensorflow(face if given_at_all else face * 0.1)
    own = OwnDetections("places", "values", None, "count", False)
    right = compared(face if given_at_all else face * 0.1, given, cut(1, own=own))
    check_it(right)
    with pytest.raises(ParityError, match="own suppression"):
        check_it(compared(background, given, cut(1, own=own)))


@pytest.mark.parametrize("order", [[1, 2, 3, 0], [1, 0, 2, 3], [0, 1, 3, 2]])
def test_shifted_and_exchanged_classes_are_refused(order: list[int]) -> None:
    found = compared(of_classes()[:, order], by_tensorflow(of_classes()), cut(COLUMNS))
    assert found.found < found.detections
    with pytest.raises(ParityError, match="with the score of their class"):
        check_it(found)


def test_a_suppression_that_is_missing_is_refused() -> None:
    """The model suppresses at a lower overlap than the robot would."""
    loose = cut(COLUMNS, iou_threshold=0.9)
    found = compared(of_classes(), by_tensorflow(of_classes()), loose)
    assert found.extra > 0


def test_exchanged_classes_that_the_model_does_not_number_are_not_claimed() -> None:
    given = by_tensorflow(of_classes())
    found = compared(of_classes()[:, [1, 0, 2, 3]], given, cut(COLUMNS, class_numbers=()))
    check_it(found)
    assert "not compared" in rows_of(found)["classes of the source's own suppression"]


def test_outputs_that_cannot_be_read_are_not_claimed() -> None:
    found = compared(of_classes(), {"a": np.zeros((1, 3), np.float32)}, cut(COLUMNS, own=None))
    check_it(found)
    (value,) = [value for name, value in rows_of(found).items() if "suppression" in name]
    assert "not compared" in value


def test_finished_detections_beside_raw_ones_are_compared_without_a_cut() -> None:
    given = by_tensorflow(of_classes())
    names = {"places": "detection_boxes", "values": "detection_scores"}
    names.update(numbers="detection_classes", count="num_detections")
    given = {names[name]: value for name, value in given.items()}
    check_it(compared(of_classes(), given, None))
    with pytest.raises(ParityError):
        check_it(compared(of_classes() * 0.5, given, None))


def test_a_model_without_a_suppression_is_not_compared() -> None:
    given = {ALL_BOXES: np.zeros((1, 3, 4)), CLASS_SCORES: np.zeros((1, 3, 2))}
    assert compared(of_classes(), given, None) is None
