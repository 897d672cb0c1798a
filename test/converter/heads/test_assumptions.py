"""What each family reports as assumed: what is usual, unless values or options show it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from converter.heads.choose import choose_head
from test.converter.heads.stages import (
    SIZE,
    centred,
    corner_boxes,
    evidence,
    in_pixels,
    y_first,
)

COUNT = 60
GENERATOR = np.random.default_rng(8)
FRACTIONS = corner_boxes(GENERATOR, 2, COUNT)
SCORES = GENERATOR.random((2, COUNT, 3), np.float32)
# Of three classes, counted from 1.
NUMBERS = (GENERATOR.integers(1, 4, (2, COUNT))).astype(np.float32)
LOGITS = GENERATOR.normal(0, 4, (2, 9)).astype(np.float32)


def rows(boxes: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes, *columns], axis=-1).astype(np.float32)


def maps(channels: int, spread: float) -> np.ndarray:
    """Logits of maps of 12x24 cells, as often above 0 as below."""
    return GENERATOR.normal(0, spread, (2, 12, 24, channels)).astype(np.float32)


CORNERS = {"boxes": FRACTIONS, "scores": SCORES}
CENTRES = {"boxes": centred(in_pixels(FRACTIONS)), "scores": SCORES}
YOLO = {"out": rows(centred(in_pixels(FRACTIONS)), SCORES)}
# These do not go further along the longer side of the input.
END_TO_END = {"out": rows(FRACTIONS * 40, SCORES[..., :1], NUMBERS[..., None])}
FINISHED = {"boxes": y_first(FRACTIONS), "scores": SCORES[..., 0], "classes": NUMBERS}
API = {f"detection_{name}": value for name, value in FINISHED.items()}
CENTERNET = {
    "heat": maps(3, 1.0),
    "offset": GENERATOR.random((2, 12, 24, 2), np.float32),
    "size": GENERATOR.uniform(1, 5, (2, 12, 24, 2)).astype(np.float32),
}
FCOS = {"class": maps(3, 1.0), "box": GENERATOR.uniform(1, 20, (2, 12, 24, 4)).astype(np.float32)}
CLASS_MAP = {"map": GENERATOR.integers(1, 4, (2, *SIZE)).astype(np.int32)}


def assumed(outputs: dict[str, np.ndarray], labels: int | None, **options: Any) -> str:
    return "\n".join(choose_head(evidence(outputs, labels, **options)).assumed)


@pytest.mark.parametrize(
    ("outputs", "clauses", "options"),
    [
        (CORNERS, ["corners are y1, x1, y2, x2"], {"box_format": "yxyx"}),
        (CENTRES, ["boxes are centres with sides"], {"box_format": "cxcywh"}),
        (YOLO, ["boxes are centres with sides"], {"box_format": "cxcywh"}),
        (
            END_TO_END,
            ["corners are x1, y1, x2, y2", "classes are numbered from 0"],
            {"box_format": "xyxy", "first_class": 0},
        ),
        (FINISHED, ["corners are y1, x1, y2, x2"], {"box_format": "yxyx", "first_class": 1}),
        (API, [], {}),
        (
            CENTERNET,
            ["x is before y", "sizes are in cells", "logits for a sigmoid"],
            {"box_format": "xyxy", "boxes": "cells", "activation": "sigmoid"},
        ),
        (FCOS, ["distances are in", "logits for a sigmoid"], None),
        ({"logits": LOGITS}, ["logits for a softmax"], {"activation": "softmax"}),
        (CLASS_MAP, ["classes are numbered from 0"], {"first_class": 0}),
    ],
    ids=[
        "corners",
        "centres",
        "yolo",
        "end-to-end",
        "finished",
        "names of the API",
        "centernet",
        "fcos",
        "classification",
        "class map",
    ],
)
def test_what_is_usual_is_reported_until_an_option_specifies_it(
    outputs: dict[str, np.ndarray], clauses: list[str], options: dict[str, Any] | None
) -> None:
    four = outputs is END_TO_END or outputs is CLASS_MAP
    labels = 9 if "logits" in outputs else 4 if four else 3
    found = assumed(outputs, labels)
    for clause in clauses:
        assert clause in found
    assert found.count("--") == len(clauses)
    if options is not None:
        assert assumed(outputs, labels, **options) == ""


def test_what_values_show_is_not_assumed() -> None:
    """Along the longer side corners go further, and a 0 is the number of the first class."""
    wide = in_pixels(FRACTIONS)
    wide[..., [0, 2]] = wide[..., [0, 2]].clip(20)
    numbers = NUMBERS - 1
    outputs = {"out": rows(wide, SCORES[..., :1], numbers[..., None])}
    assert assumed(outputs, 3) == ""
    low = {"boxes": in_pixels(FRACTIONS), "scores": -3 - np.abs(SCORES)}
    assert "sigmoid" not in assumed(low, 3)
    assert "sigmoid" in assumed({**low, "scores": SCORES * 9 - 2}, 3)


def test_a_number_of_classes_that_was_only_seen_is_assumed() -> None:
    assert "there are 3 classes" in assumed(API, None)
    assert "there are 4 classes" in assumed(END_TO_END, None)
    assert "objectness: --labels or --head changes it" in assumed(
        {
            "out": rows(
                centred(in_pixels(corner_boxes(GENERATOR, 2, 200))),
                np.tile(SCORES[:, :50], (1, 4, 1)),
            )
        },
        None,
    )
