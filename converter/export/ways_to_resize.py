"""The ways of an image through a graph to where it is resized first."""

from __future__ import annotations

from typing import Any

from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.nodes import attribute
from converter.inputs.quiet_tensorflow import tensorflow

_RESIZES = (
    "ResizeArea",
    "ResizeBicubic",
    "ResizeBilinear",
    "ResizeNearestNeighbor",
    "ScaleAndTranslate",
)
_PADS = ("MirrorPad", "Pad", "PadV2")
# What changes neither height nor width.
_KEEPS_SIZE = (
    *("Add", "AddV2", "Cast", "ClipByValue", "Div", "ExpandDims", "Floor", "Identity", "Maximum"),
    *("Minimum", "Mul", "Pack", "RealDiv", "ReverseV2", "Round", "Squeeze", "StopGradient", "Sub"),
    *("Transpose", "Unpack"),
)
_SLICES = ("Slice", "StridedSlice")
# What looks at the size only.
_LOOKS_AT_SIZE = ("Assert", "NoOp", "Rank", "Shape", "ShapeN", "Size")


class WaysToResize:
    """The ways of the image up to the first resize, and what crops or pads it on them and right
    behind.

    Attributes:
        resizes: the first on each way.
        pads: those whose amounts are computed.
        borders: before a resize, what crops by computed amounts, or crops or pads in a branch;
            behind it, what crops before it is padded.
        complete: whether each way has a resize.
    """

    def __init__(self, view: GraphView, image: str) -> None:
        self.resizes: list[Any] = []
        self.pads: list[Any] = []
        self.borders: list[Any] = []
        self.complete = True
        self._seen: set[str] = set()
        self._images: dict[str, str] = {}
        self._crops: list[Any] = []
        self._follow(view, view.source(image), False)
        padded = {name for pad in self.pads for name in view.ancestors([pad.name])}
        self.borders += [crop for crop in self._crops if crop.name in padded]

    def _follow(self, view: GraphView, start: Any, resized: bool) -> None:
        for node in view.consumers(start.name):
            tensors = view.data_inputs(node)
            data = [node_of(tensor) for tensor in tensors]
            if node.name in self._seen or start.name not in data or node.op in _LOOKS_AT_SIZE:
                continue
            self._seen.add(node.name)
            self._images[node.name] = tensors[data.index(start.name)]
            if not resized and _resizes(view, node, data, start.name):
                self.resizes.append(node)
                self._follow(view, node, True)
            elif node.op in _PADS and view.source(node.input[1]).op != "Const":
                self.pads.append(node)
                self._follow(view, node, resized)
            elif not resized and _changes_borders(view, node, data, start.name):
                self.borders.append(node)
                self._follow(view, node, False)
            elif node.op in _KEEPS_SIZE or _keeps_height_and_width(view, node):
                self._follow(view, node, resized)
            elif resized and data[0] == start.name and _crops(view, node):
                self._crops.append(node)
                self._follow(view, node, True)
            elif not resized:
                self.complete = False

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The image before and behind each resize and padding."""
        names = [node.name for node in self.changing]
        return [(canonical(self._images[name]), canonical(name)) for name in names]

    @property
    def changing(self) -> list[Any]:
        """All nodes that may change the size, the resizes first."""
        return [*self.resizes, *self.pads, *self.borders]

    def end(self, view: GraphView) -> str | None:
        """The image behind all of them; None where there are several."""
        names = [node.name for node in self.changing]
        before = {name: view.ancestors([name]) for name in names}
        ends = [one for one in names if set(names) <= before[one]]
        return canonical(ends[0]) if ends else None

    def are_fixed(self, view: GraphView) -> bool:
        """Whether the size behind each resize is always the same: that of a constant, or what
        padding fills up."""
        behind = {name for pad in self.pads for name in view.ancestors([pad.name])}
        return all(
            node.name in behind
            or (
                node.op in _RESIZES
                and view.source(view.through_identity(node.input[1])).op == "Const"
            )
            for node in self.resizes
        )


def _resizes(view: GraphView, node: Any, data: list[str], image: str) -> bool:
    """Whether a node resizes the image: an operator that does, or a condition with one of them in
    its branches, as in the Object Detection API."""
    if node.op in ("If", "StatelessIf"):
        inside = {inner.op for inner in view.with_bodies([node.name])}
        return image in data[1:] and bool(inside.intersection(_RESIZES))
    return node.op in _RESIZES and data[0] == image


def _changes_borders(view: GraphView, node: Any, data: list[str], image: str) -> bool:
    """Whether a node crops or pads the image by amounts that it computes, as Keras' Resizing does
    to keep the aspect ratio; or is a condition that may."""
    if node.op in ("If", "StatelessIf"):
        return image in data[1:]
    if node.op not in _SLICES or data[0] != image:
        return False
    return any(view.source(tensor).op != "Const" for tensor in node.input[1:3])


def _crops(view: GraphView, node: Any) -> bool:
    """Whether a node takes a part of the image with all of its pixels: not every second one."""
    if node.op != "StridedSlice":
        return bool(node.op == "Slice")
    steps = [view.nodes[name] for name in view.ancestors([node.input[3]])]
    numbers = [
        tensorflow().make_ndarray(one.attr["value"].tensor) for one in steps if one.op == "Const"
    ]
    return {one.op for one in steps} <= {"Const", "Identity", "Pack"} and all(
        (number == 1).all() for number in numbers
    )


def _keeps_height_and_width(view: GraphView, node: Any) -> bool:
    """Whether a slice takes all of an image: it may pick one of the batch, and channels. See
    https://www.tensorflow.org/api_docs/python/tf/strided_slice for its masks."""
    if node.op != "StridedSlice" or view.source(node.input[1]).op != "Const":
        return False
    mask = {
        name: attribute(node, f"{name}_mask").i for name in ("begin", "end", "ellipsis", "new_axis")
    }
    whole = mask["begin"] & mask["end"] | mask["ellipsis"] | mask["new_axis"]
    axes = tensorflow().make_ndarray(view.source(node.input[1]).attr["value"].tensor).size
    partly = [axis for axis in range(axes) if not whole >> axis & 1]
    first = attribute(node, "shrink_axis_mask").i & 1 and axes == 1
    last = axes - 1 if axes > 2 or mask["ellipsis"] else None
    return all(axis == last or (axis == 0 and first) for axis in partly)
