"""Boxes with sides whose first two values are their centre, or their corner."""

from __future__ import annotations

import numpy as np
import pytest

from converter.heads.boxes_and_scores.recognise import recognise
from converter.heads.decoding.centre_or_corner import centre_or_corner
from test.converter.heads.stages import assert_decodes, evidence

SIZE = (160, 256)  # height, width
PIXELS = (1.0, 1.0)


def boxes_of_cells(seed: int, spread: float = 0.3) -> np.ndarray:
    """Corners of one box for each cell of 8x8 pixels and two kinds, for two images."""
    generator = np.random.default_rng(seed)
    centres = [
        (column * 8 + 4, row * 8 + 4)
        for row in range(SIZE[0] // 8)
        for column in range(SIZE[1] // 8)
        for _ in range(2)
    ]
    sides = np.exp(generator.normal(3.2, spread, (2, len(centres), 2)))
    places = np.array(centres) + generator.normal(0, 0.1, sides.shape) * sides
    return np.concatenate([places - sides / 2, places + sides / 2], axis=-1)


def in_form(corners: np.ndarray, form: str) -> np.ndarray:
    first, sides = corners[..., :2], corners[..., 2:] - corners[..., :2]
    first = first + sides / 2 if form == "cxcywh" else first
    return np.concatenate([first, sides], axis=-1).astype(np.float32)


@pytest.mark.parametrize("form", ["cxcywh", "xywh"])
@pytest.mark.parametrize("normalised", [False, True])
def test_boxes_of_all_cells_show_it(form: str, normalised: bool) -> None:
    values = in_form(boxes_of_cells(1), form)
    scale = (float(SIZE[1]), float(SIZE[0])) if normalised else PIXELS
    found = centre_or_corner(values / np.array(scale * 2, np.float32), scale, SIZE)
    assert found is not None
    assert found[0] == form
    assert "middle of the image" in found[1]


@pytest.mark.parametrize("form", ["cxcywh", "xywh"])
def test_clipped_boxes_show_it_also_where_they_are_few(form: str) -> None:
    clipped = np.clip(boxes_of_cells(2)[:, ::20], 0, [SIZE[1], SIZE[0]] * 2)
    found = centre_or_corner(in_form(clipped, form), PIXELS, SIZE)
    assert found == (form, "as so read, they lie within the image")


@pytest.mark.parametrize("form", ["cxcywh", "xywh"])
def test_a_few_boxes_anywhere_show_nothing(form: str) -> None:
    assert centre_or_corner(in_form(boxes_of_cells(3)[:, ::20], form), PIXELS, SIZE) is None


@pytest.mark.parametrize("form", ["cxcywh", "xywh"])
def test_the_head_reads_them_so_and_assumes_nothing(form: str) -> None:
    corners = boxes_of_cells(4)
    scores = np.random.default_rng(5).random((*corners.shape[:2], 3)).astype(np.float32)
    outputs = {"boxes": in_form(corners, form), "scores": scores}
    found = recognise(evidence(outputs, 3, SIZE))
    assert found is not None
    assert_decodes(found.head, outputs, list(corners), list(scores))
    assert f"are {form}" in found.reason
    assert found.assumed == ()
