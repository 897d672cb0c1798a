"""The box coders of SSD and RetinaNet, in ONNX and in NumPy.

From an anchor with centre x_a, y_a and sides w_a, h_a to a box: x = x_a + tx w_a,
y = y_a + ty h_a, w = w_a exp(tw), h = h_a exp(th) (Faster R-CNN, https://arxiv.org/abs/1506.01497).
Some networks give the offsets of the corners instead: x1 = x1_a + tx1 w_a and so on
(https://github.com/fizyr/keras-retinanet). The network gives the offsets times the box scales,
which are one over the "variances" of SSD (https://arxiv.org/abs/1512.02325).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.heads.decoding.box_formats import CORNERS, Y_FIRST, corner_lines, corners
from converter.heads.decoding.onnx_lines import Lines, index
from converter.onnx_tools.node_names import ALL_BOXES
from converter.onnx_tools.text import floats

OFFSET_ORDERS = {
    "xywh": "tx, ty, tw, th",
    "yxhw": "ty, tx, th, tw",
    "xyxy": "tx1, ty1, tx2, ty2",
    "yxyx": "ty1, tx1, ty2, tx2",
}
_IN_PIXELS = (1.0, 1.0)
_SWAPPED = [1, 0, 3, 2]


@dataclass(frozen=True)
class BoxCoder:
    """What four offsets mean.

    Attributes:
        order: one of ``OFFSET_ORDERS``.
        scales: the box scales, in the order of the offsets.
    """

    order: str
    scales: tuple[float, ...]

    def __str__(self) -> str:
        return f"{OFFSET_ORDERS[self.order]} times {', '.join(f'{one:g}' for one in self.scales)}"

    @property
    def of_corners(self) -> bool:
        """Whether they are those of two corners."""
        return self.order in CORNERS

    def decode(self, offsets: np.ndarray, anchors: np.ndarray) -> np.ndarray:
        """Boxes float32 ``[..., A, 4]``: x1, y1, x2, y2.

        Args:
            offsets: ``[..., A, 4]``.
            anchors: ``[..., A, 4]``, centre x, centre y, width, height.
        """
        offsets = offsets / np.asarray(self.scales, np.float32)
        if self.order in Y_FIRST:
            offsets = offsets[..., _SWAPPED]
        centres, sides = np.split(anchors, 2, axis=-1)
        if self.of_corners:
            moved = offsets * np.concatenate([sides, sides], axis=-1)
            return np.asarray(corners(anchors, "cxcywh", _IN_PIXELS) + moved)
        centred = [centres + offsets[..., :2] * sides, np.exp(offsets[..., 2:]) * sides]
        return corners(np.concatenate(centred, axis=-1), "cxcywh", _IN_PIXELS)

    def lines(self, anchors: np.ndarray) -> Lines:
        """The same in ONNX, from ``offsets [N, A, 4]`` to ``all_boxes [N, A, 4]``."""
        constants = (
            f"float[4] box_scales = {{{floats(self.scales)}}}",
            "int64[4] y_first = {1, 0, 3, 2}",
        )
        swap = "Gather <axis = 2> (given_order, y_first)"
        nodes = (
            "given_order = Div (offsets, box_scales)",
            f"unscaled = {swap if self.order in Y_FIRST else 'Identity (given_order)'}",
        )
        rest = _corner_lines(anchors) if self.of_corners else _centre_lines(anchors)
        return Lines((*constants, *rest.constants), (*nodes, *rest.nodes))


def _corner_lines(anchors: np.ndarray) -> Lines:
    boxes, sides = corners(anchors, "cxcywh", _IN_PIXELS), anchors[:, [2, 3, 2, 3]]
    shape = f"float[1, {len(anchors)}, 4]"
    return Lines(
        (
            f"{shape} anchor_corners = {{{floats(boxes.ravel())}}}",
            f"{shape} anchor_sides = {{{floats(sides.ravel())}}}",
        ),
        (
            "moved = Mul (unscaled, anchor_sides)",
            f"{ALL_BOXES} = Add (anchor_corners, moved)",
        ),
    )


def _centre_lines(anchors: np.ndarray) -> Lines:
    centres, sides = np.split(anchors, 2, axis=1)
    shape = f"float[1, {len(anchors)}, 2]"
    boxes = corner_lines("centred", ALL_BOXES, "cxcywh", _IN_PIXELS)
    return Lines(
        (
            f"{shape} anchor_centres = {{{floats(centres.ravel())}}}",
            f"{shape} anchor_sides = {{{floats(sides.ravel())}}}",
            *(index(f"at_{place}", place) for place in (0, 2, 4)),
            *boxes.constants,
        ),
        (
            "shifts = Slice (unscaled, at_0, at_2, at_2)",
            "stretches = Slice (unscaled, at_2, at_4, at_2)",
            "moved = Mul (shifts, anchor_sides)",
            "centres = Add (anchor_centres, moved)",
            "factors = Exp (stretches)",
            "sides = Mul (factors, anchor_sides)",
            "centred = Concat <axis = 2> (centres, sides)",
            *boxes.nodes,
        ),
    )
