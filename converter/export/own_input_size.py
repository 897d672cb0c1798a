"""The size to which a graph resizes its image itself, where its input takes any size.

The Object Detection API exports such graphs, and Keras models that begin with a Resizing layer are
the same. At that size the graph's own resize and padding do nothing, which is tried out here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.errors import ExportError
from converter.export.cut_image_decoding import cut_image_decoding
from converter.export.flatten import flatten
from converter.export.functional_loops import make_functional
from converter.export.graph_inputs_outputs import set_image, take_one_text
from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.nodes import attribute
from converter.export.unroll_loops import unroll_loops
from converter.inputs.image_input import ImageInput
from converter.inputs.quiet_tensorflow import tensorflow
from converter.inputs.saved_model import SavedModel, Signature

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
# What looks at the size only.
_LOOKS_AT_SIZE = ("Assert", "NoOp", "Rank", "Shape", "ShapeN", "Size")
_SIZES = range(16, 8193)
_MOST_CONSTANTS = 12


@dataclass(frozen=True)
class OwnSize:
    """Height and width in pixels, and the node of the graph that resizes to them."""

    height: int
    width: int
    node: str


def own_input_size(
    saved_model: SavedModel, signature: Signature, image: ImageInput
) -> OwnSize | None:
    """The one size at which the graph leaves the size of its image as it is; None where it does
    not resize it first, to several sizes, to one that depends on the image, or after a crop.

    Args:
        image: the input, whose height and width may be -1.
    """
    tensors = {tensor.name: canonical(tensor.graph_name) for tensor in signature.inputs}
    outputs = [canonical(tensor.graph_name) for tensor in signature.outputs]
    graph_def = _read_graph(saved_model)
    view = GraphView(flatten(graph_def, list(tensors.values()), outputs))
    start = tensors[image.name]
    open_shape = _shape(image, image.height, image.width)
    if image.encoded:
        take_one_text(view, start)
    else:
        set_image(view, start, open_shape)
    make_functional(view)
    unroll_loops(view, [*outputs, *tensors.values()])
    if image.encoded:
        try:
            start, _ = cut_image_decoding(view, start, open_shape)
        except ExportError:
            return None
    return _size(view, start, image)


def _shape(image: ImageInput, height: int, width: int) -> tuple[int, ...]:
    sizes = {"N": 1, "H": height, "W": width, "C": image.channels}
    return tuple(sizes[axis] for axis in image.layout)


def _read_graph(saved_model: SavedModel) -> Any:
    from tensorflow.python.saved_model.loader_impl import parse_saved_model

    graphs = parse_saved_model(str(saved_model.path)).meta_graphs
    wanted = set(saved_model.tags)
    return next(one for one in graphs if set(one.meta_info_def.tags) == wanted).graph_def


def _size(view: GraphView, start: str, image: ImageInput) -> OwnSize | None:
    ways = _Ways(view, start)
    if not ways.complete or not ways.resizes:
        return None
    ends = [node.input[1] for node in (*ways.resizes, *ways.pads)]
    view.keep(view.ancestors([*ends, *(node.name for node in (*ways.resizes, *ways.pads))]))
    if not ways.are_fixed(view):
        return None
    tf = tensorflow()
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        tf.import_graph_def(view.graph_def, name="")
        found = [
            (height, width)
            for height, width in _candidates(view, ends)
            if _is_kept(session, start, ways, _shape(image, height, width))
        ]
    return OwnSize(*found[0], ways.resizes[0].name) if len(found) == 1 else None


class _Ways:
    """The ways of the image up to the first resize, and the padding on them and right behind.

    Attributes:
        resizes: the first on each way.
        pads: those whose amounts are computed.
        complete: whether each way has a resize.
    """

    def __init__(self, view: GraphView, image: str) -> None:
        self.resizes: list[Any] = []
        self.pads: list[Any] = []
        self.complete = True
        self._seen: set[str] = set()
        self._images: dict[str, str] = {}
        self._follow(view, view.source(image), False)

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
            elif node.op in _KEEPS_SIZE or _keeps_height_and_width(view, node):
                self._follow(view, node, resized)
            elif not resized:
                self.complete = False

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The image before and behind each resize and padding."""
        names = [node.name for node in (*self.resizes, *self.pads)]
        return [(canonical(self._images[name]), canonical(name)) for name in names]

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


def _candidates(view: GraphView, ends: list[str]) -> Iterator[tuple[int, int]]:
    """Heights and widths that can be made of the constants behind the sizes."""
    pairs, numbers = [], []
    for node in view.with_bodies(sorted(view.ancestors(ends))):
        if node.op != "Const":
            continue
        values = tensorflow().make_ndarray(node.attr["value"].tensor)
        if values.dtype.kind not in "iuf" or not all(v in _SIZES for v in values.reshape(-1)):
            continue
        if values.shape == (2,):
            pairs.append((int(values[0]), int(values[1])))
        elif values.size == 1:
            numbers.append(int(values.reshape(())))
    few = list(dict.fromkeys(numbers))[:_MOST_CONSTANTS]
    yield from dict.fromkeys([*pairs, *itertools.product(few, few)])


def _is_kept(session: Any, start: str, ways: _Ways, shape: tuple[int, ...]) -> bool:
    """Whether an image of ``shape`` leaves all resizes and padding as it came."""
    given = session.graph.get_tensor_by_name(start)
    shape = shape[len(shape) - given.shape.rank :]  # one that was decoded has no batch
    if not given.shape.is_compatible_with(shape):
        return False
    pixels = np.random.default_rng(0).integers(0, 256, shape)
    try:
        values = session.run(ways.steps, {given: pixels.astype(given.dtype.as_numpy_dtype)})
    except tensorflow().errors.OpError:  # it does not take this size, or needs more than the image
        return False
    area = int(np.prod(shape))
    return all(before.size == area for before, _ in values[: len(ways.resizes)]) and all(
        before.shape == after.shape and np.allclose(before, after, atol=1e-3)
        for before, after in values
    )
