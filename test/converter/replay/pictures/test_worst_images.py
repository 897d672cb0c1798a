"""The images that differ most: which are kept, and what is marked on their pictures."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from converter.replay.differences.difference import (
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    ComparedImage,
    Difference,
    FoundThing,
)
from converter.replay.pictures.draw_marks import MARK_COLORS
from converter.replay.pictures.worst_images import WorstImages
from test.converter.replay.replay_samples import (
    FADED,
    FRESH,
    GONE,
    HEIGHT,
    HOSTILE,
    KEPT,
    LABELS,
    RENAMED,
    SHIFTED,
    SLID,
    WIDTH,
    compared,
    detections,
    differing_image,
    recorded,
)
from trt_inference.inference.frame import Frame
from trt_inference.inference.results import Classification, Segmentation

# JPEG and a smaller picture mix colours; marks of other kinds are much farther away.
NEAR = 60


def pictures(image: ComparedImage) -> tuple[np.ndarray, np.ndarray]:
    """What is drawn of an image: baseline and candidate."""
    worst = WorstImages(1, LABELS)
    worst.add(image)
    (kept,) = worst.worst()
    left, right = (cv2.imdecode(np.frombuffer(one, np.uint8), 1) for one in kept.pictures)
    return left, right


def has_mark(picture: np.ndarray, kind: str) -> np.ndarray:
    """Which pixels have the colour of the kind, bool ``[h, w]``."""
    distance = np.abs(picture.astype(int) - MARK_COLORS[kind]).max(axis=2)
    return np.asarray(distance < NEAR)


def part_of_frame(picture: np.ndarray, thing: FoundThing, kind: str, scale: float = 1) -> float:
    """Which part of the left, right and lower edge of a box has the colour of the kind. Its upper
    edge has the caption. The edge is looked for in 2 pixels on either side."""
    assert thing.box is not None
    x1, y1, x2, y2 = (round(value * scale) for value in thing.box)
    marks = has_mark(picture, kind)
    margin = max(6, (y2 - y1) // 5)
    edges = [
        marks[y1 + margin : y2 - 6, x1 - 2 : x1 + 3].any(axis=1),
        marks[y1 + margin : y2 - 6, x2 - 3 : x2 + 2].any(axis=1),
        marks[y2 - 3 : y2 + 2, x1 + 6 : x2 - 6].any(axis=0),
    ]
    return float(np.concatenate(edges).mean())


def test_the_heaviest_are_kept_and_of_equals_the_earlier_ones() -> None:
    weights = np.random.default_rng(5).integers(1, 9, 60).astype(float)
    worst = WorstImages(7, LABELS)
    for number, weight in enumerate(weights):
        worst.add(differing_image(number, weight))
    # The other differences of each image weigh the same.
    expected = sorted(range(60), key=lambda number: (-weights[number], number))[:7]
    assert [one.name for one in worst.worst()] == [recorded(number).name for number in expected]
    found = [one.weight for one in worst.worst()]
    assert found == sorted(found, reverse=True)


def test_images_that_are_not_kept_cost_nothing() -> None:
    worst = WorstImages(1, LABELS)
    worst.add(differing_image(0, 5.0))
    cannot_be_drawn = Frame(np.empty(0, np.uint8))
    lighter = differing_image(1, 4.0)
    worst.add(replace(lighter, image=replace(lighter.image, frame=cannot_be_drawn)))
    (kept,) = worst.worst()
    assert kept.name == recorded(0).name


def test_images_without_difference_or_comparison_are_never_among_them() -> None:
    worst = WorstImages(3, LABELS)
    same = compared(recorded(0), detections([KEPT]), detections([KEPT]), [])
    worst.add(same)
    worst.add(replace(same, before=None, found=None))
    assert worst.worst() == ()
    none = WorstImages(0, LABELS)
    none.add(differing_image())
    assert none.worst() == ()


def test_an_image_is_kept_when_its_frame_is_overwritten() -> None:
    image = differing_image()
    worst = WorstImages(1, LABELS)
    worst.add(image)
    before = worst.worst()[0].pictures
    image.image.frame.pixels[:] = 255
    assert worst.worst()[0].pictures == before


def test_what_differs_is_in_words_and_the_heaviest_first() -> None:
    worst = WorstImages(1, LABELS)
    worst.add(differing_image(30))
    (one,) = worst.worst()
    assert [text.partition(":")[0] for text in one.differences] == [
        LOST,
        NEW,
        OTHER_CLASS,
        MOVED,
        SCORE_SHIFTED,
    ]
    assert "square" in one.differences[0] and "triangle" in one.differences[1]
    assert (one.topic, one.seconds) == ("/camera/image_raw", 1.0)
    assert one.captions == ("5 detections", "5 detections")


def test_what_is_lost_is_framed_on_the_left_and_dashed_on_the_right() -> None:
    left, right = pictures(differing_image())
    assert part_of_frame(left, GONE, LOST) > 0.95
    # The candidate still has it a little aside, with a low score.
    assert 0.3 < part_of_frame(right, FADED, LOST) < 0.8


def test_what_is_new_is_framed_on_the_right_and_dashed_on_the_left() -> None:
    left, right = pictures(differing_image())
    assert part_of_frame(right, FRESH, NEW) > 0.95
    assert 0.3 < part_of_frame(left, FRESH, NEW) < 0.8


@pytest.mark.parametrize(
    ("kind", "things"), [(OTHER_CLASS, RENAMED), (MOVED, SLID), (SCORE_SHIFTED, SHIFTED)]
)
def test_what_both_have_differently_is_framed_on_both(
    kind: str, things: tuple[FoundThing, FoundThing]
) -> None:
    for picture, thing in zip(pictures(differing_image()), things, strict=True):
        assert part_of_frame(picture, thing, kind) > 0.95


def test_what_is_the_same_has_no_mark() -> None:
    for picture in pictures(differing_image()):
        assert all(part_of_frame(picture, KEPT, kind) == 0 for kind in MARK_COLORS)


def test_marks_are_at_their_place_when_the_picture_is_made_smaller() -> None:
    image = recorded(0, np.full((3 * HEIGHT, 3 * WIDTH, 3), 96, np.uint8))
    corners = [3 * value for value in GONE.box or ()]
    large = replace(GONE, box=(corners[0], corners[1], corners[2], corners[3]))
    left, right = pictures(
        compared(image, detections([large]), detections([]), [Difference(LOST, 1, large, None)])
    )
    assert left.shape == right.shape == (HEIGHT, WIDTH, 3)
    assert part_of_frame(left, large, LOST, 1 / 3) > 0.95


def test_marks_are_at_their_place_when_a_small_image_is_made_larger() -> None:
    image = recorded(0, np.full((60, 80, 3), 96, np.uint8))
    small = FoundThing(0, 0.5, (20.0, 20.0, 50.0, 50.0))
    left, _ = pictures(
        compared(image, detections([small]), detections([]), [Difference(LOST, 1, small, None)])
    )
    factor = left.shape[0] // 60
    assert factor > 1
    assert part_of_frame(left, small, LOST, factor) > 0.95


def test_colours_of_the_image_are_those_of_the_camera() -> None:
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rgb[..., 0] = 200
    image = recorded(0)
    image = replace(image, frame=Frame(rgb, cv2.COLOR_RGB2BGR))
    difference = Difference(NEW, 1, None, FRESH)
    for picture in pictures(compared(image, detections([]), detections([FRESH]), [difference])):
        assert picture[10, 10] == pytest.approx([0, 0, 200], abs=6)


@pytest.mark.parametrize("corner", [float("inf"), float("nan"), 1e30, -1e30])
def test_a_box_that_no_picture_has_room_for_is_no_failure(corner: float) -> None:
    wide = FoundThing(1, 0.5, (10.0, 10.0, corner, 200.0))
    difference = Difference(LOST, 1, wide, None)
    left, _ = pictures(compared(recorded(0), detections([wide]), detections([]), [difference]))
    assert left.shape == (HEIGHT, WIDTH, 3)


def test_labels_of_any_length_and_those_that_come_later_are_drawn() -> None:
    labels = ["circle", HOSTILE]
    worst = WorstImages(1, labels)
    labels.append("late")
    worst.add(differing_image())
    (one,) = worst.worst()
    assert "late" in one.differences[1]
    assert len("".join(one.differences)) < 2000
    left = cv2.imdecode(np.frombuffer(one.pictures[0], np.uint8), 1)
    assert part_of_frame(left, GONE, LOST) > 0.95


def test_class_maps_have_a_line_around_what_changed_but_not_along_borders() -> None:
    before = np.zeros((HEIGHT, WIDTH), np.uint8)
    before[:, 400:] = 1
    after = before.copy()
    after[:, 400:402] = 0  # the border is two pixels aside
    after[200:300, 100:200] = 2
    things = FoundThing(0, 0.03, is_share=True), FoundThing(2, 0.03, is_share=True)
    found = [Difference(OTHER_CLASS, 0.03, *things)]
    image = compared(recorded(0), Segmentation(before), Segmentation(after), found)
    changed = FoundThing(0, 1, (100.0, 200.0, 200.0, 300.0))
    for picture in pictures(image):
        assert part_of_frame(picture, changed, OTHER_CLASS) > 0.9
        # A line has dark edges.
        is_dark = (picture < 50).all(axis=2)
        assert is_dark[200:300, 90:110].any()
        assert not is_dark[:, 390:412].any()


def test_classes_of_an_image_are_its_captions() -> None:
    before = Classification(np.array([0.9], np.float32), np.array([0], np.int32))
    after = Classification(np.array([0.6], np.float32), np.array([2], np.int32))
    found = [Difference(OTHER_CLASS, 1.9, FoundThing(0, 0.9), FoundThing(2, 0.6))]
    worst = WorstImages(1, LABELS)
    worst.add(compared(recorded(0), before, after, found))
    assert worst.worst()[0].captions == ("best class: circle", "best class: triangle")


def test_a_side_that_is_not_finite_is_told_from_one_that_finds_nothing() -> None:
    image = compared(
        recorded(0), detections([GONE]), detections([]), [Difference(LOST, 1, GONE, None)]
    )
    worst = WorstImages(2, LABELS)
    worst.add(replace(image, after=replace(image.after, is_finite=False)))
    worst.add(image)
    assert "NaN" in worst.worst()[0].captions[1]
    assert worst.worst()[1].captions[1] == "0 detections"
