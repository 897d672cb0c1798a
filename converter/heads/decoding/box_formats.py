"""The formats of four numbers that make a box, and how the numbers show which format it is.

``xyxy`` is two corners, ``cxcywh`` is the centre and ``xywh`` the top left corner, each with width
and height. ``yxyx``, ``cycxhw`` and ``yxhw`` are the same with y before x and height before width.
All are in pixels of the network's input or normalised, which is in fractions of its width and
height.
"""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.onnx_lines import Lines, index
from converter.onnx_tools.text import floats

# The formats with y first, and those that they become when each pair of values is exchanged.
Y_FIRST = {"yxyx": "xyxy", "cycxhw": "cxcywh", "yxhw": "xywh"}
BOX_FORMATS = (*Y_FIRST.values(), *Y_FIRST)
CORNERS = ("xyxy", "yxyx")
PIXELS, NORMALISED = "pixels", "normalised"

# The constants with which four values are cut in halves, on the third axis.
PLACES = {"zero": 0, "two": 2, "four": 4, "last": 2}

# A score below this is published on no robot.
PUBLISHABLE = 0.05
# Nearly all boxes of a network are sound; a few may have collapsed.
MOST = 0.95
# Fractions reach a little beyond the image; pixels do so much further in any image that is larger.
LARGEST_FRACTION, LEAST_SIDE = 4.0, 16


def corners(values: np.ndarray, box_format: str, scale: tuple[float, float]) -> np.ndarray:
    """Boxes ``[..., 4]`` in ``box_format`` → ``[..., 4]`` of the same dtype: x1, y1, x2, y2 in
    input pixels.

    Args:
        scale: width, height of the input for normalised boxes; 1, 1 for boxes in pixels.
    """
    first, second = values[..., :2], values[..., 2:]
    if box_format in Y_FIRST:
        first, second = first[..., ::-1], second[..., ::-1]
    box_format = Y_FIRST.get(box_format, box_format)
    if box_format == "cxcywh":
        first, second = first - second / 2, first + second / 2
    elif box_format == "xywh":
        second = first + second
    return np.concatenate([first, second], axis=-1) * np.asarray(scale * 2, values.dtype)


def corner_lines(values: str, result: str, box_format: str, scale: tuple[float, float]) -> Lines:
    """The same in ONNX, from float ``values [N, A, 4]`` to ``result [N, A, 4]``.

    Takes the names ``scale``, ``half``, ``zero``, ``two``, ``four``, ``last``, ``yx``, ``x_first``,
    ``box_first``, ``box_second``, ``half_sizes``, ``top_left``, ``bottom_right`` and
    ``unscaled_boxes``.
    """
    constants, nodes, unscaled = _unscaled_lines(values, box_format)
    return Lines(
        (f"float[4] scale = {{{floats(scale * 2)}}}", *constants),
        (*nodes, f"{result} = Mul ({unscaled}, scale)"),
    )


def _unscaled_lines(values: str, box_format: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Constants and nodes up to ``xyxy`` without the scale, and the name of that result."""
    if box_format in Y_FIRST:
        given, rest, result = _unscaled_lines("x_first", Y_FIRST[box_format])
        swap = f"x_first = Gather <axis = 2> ({values}, yx)"
        return ("int64[4] yx = {1, 0, 3, 2}", *given), (swap, *rest), result
    if box_format == "xyxy":
        return (), (), values
    constants = [index(name, place) for name, place in PLACES.items()]
    if box_format == "xywh":
        first, nodes = "box_first", ["bottom_right = Add (box_first, box_second)"]
    else:
        first, constants = "top_left", [*constants, "float[2] half = {0.5, 0.5}"]
        nodes = [
            "half_sizes = Mul (box_second, half)",
            "top_left = Sub (box_first, half_sizes)",
            "bottom_right = Add (box_first, half_sizes)",
        ]
    return (
        tuple(constants),
        (
            f"box_first = Slice ({values}, zero, two, last)",
            f"box_second = Slice ({values}, two, four, last)",
            *nodes,
            f"unscaled_boxes = Concat <axis = 2> ({first}, bottom_right)",
        ),
        "unscaled_boxes",
    )


def telling_rows(values: np.ndarray) -> np.ndarray:
    """The rows ``[rows, 4]`` of boxes ``[..., 4]`` that are evidence: finite, and not the zeros
    with which a model fills its list of detections up."""
    rows = values.reshape(-1, 4)
    return rows[np.isfinite(rows).all(axis=1) & (rows != 0).any(axis=1)]


def publishable_boxes(values: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The rows ``[rows, 4]`` of finished boxes ``[..., 4]`` whose ``scores [...]`` are such that a
    robot may publish them; where none is, those that are nearest to it.

    The ends of ranked lists are filled up with what the network has given no thought.
    """
    scores = np.where(np.isfinite(scores) & np.isfinite(values).all(axis=-1), scores, -np.inf)
    best = scores.max(initial=-np.inf)
    least = min(PUBLISHABLE, best / 2) if best > 0 else best
    return values[scores >= least]


def ordered_fraction(values: np.ndarray) -> float:
    """The fraction of the boxes ``[..., 4]`` whose third and fourth value are not below their
    first and second, as in corners; 0 without boxes."""
    rows = telling_rows(values)
    return float(np.mean((rows[:, 2:] >= rows[:, :2]).all(axis=1))) if len(rows) else 0.0


def positive_fraction(values: np.ndarray) -> float:
    """The fraction of the boxes ``[..., 4]`` whose third and fourth value are above 0, as sides
    are; 0 without boxes."""
    rows = telling_rows(values)
    return float(np.mean((rows[:, 2:] > 0).all(axis=1))) if len(rows) else 0.0


def are_normalised(values: np.ndarray, input_size: tuple[int, int]) -> bool:
    """Whether boxes ``[..., 4]`` are fractions of an input of ``input_size`` height, width.

    Raises:
        HeadError: there are no boxes to tell it from.
    """
    rows = np.abs(telling_rows(values))
    if not len(rows):
        raise HeadError(
            "the network finds no boxes on these images, so that it cannot be determined whether "
            f"they are in pixels: give --boxes {PIXELS} or --boxes {NORMALISED}, or other images"
        )
    return max(input_size) > LEAST_SIDE and float(np.percentile(rows, 99)) <= LARGEST_FRACTION


def find_scale(values: np.ndarray, boxes: str, input_size: tuple[int, int]) -> tuple[float, float]:
    """What brings boxes ``[..., 4]`` to pixels: width, height of the input, or 1, 1.

    Args:
        boxes: ``pixels``, ``normalised``, or ``auto`` to tell it from the values.

    Raises:
        HeadError: the values have to decide, and there are no boxes.
    """
    normalised = are_normalised(values, input_size) if boxes == "auto" else boxes == NORMALISED
    return (float(input_size[1]), float(input_size[0])) if normalised else (1.0, 1.0)


def unit(scale: tuple[float, float]) -> str:
    """The unit of boxes with that scale, in words."""
    return PIXELS if scale == (1.0, 1.0) else "fractions of the input"
