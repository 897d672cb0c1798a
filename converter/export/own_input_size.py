"""The size to which a graph resizes its image itself, where its input takes any size.

The Object Detection API exports such graphs, and Keras models that begin with a Resizing layer are
the same. At that size the graph's own crop, resize and padding do nothing, which is tried out here;
so is how it fits pictures of other sizes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.errors import ExportError
from converter.export.cut_image_decoding import cut_image_decoding
from converter.export.flatten import flatten, read_graph
from converter.export.functional_loops import make_functional
from converter.export.graph_inputs_outputs import set_image, take_one_text
from converter.export.graph_view import GraphView, canonical
from converter.export.own_fit import OwnFit, find_own_fit
from converter.export.unroll_loops import unroll_loops
from converter.export.ways_to_resize import WaysToResize
from converter.inputs.image_input import ImageInput
from converter.inputs.quiet_tensorflow import tensorflow
from converter.inputs.saved_model import SavedModel, Signature

_SIZES = range(16, 8193)
_MOST_CONSTANTS = 12


@dataclass(frozen=True)
class OwnSize:
    """Height and width in pixels, the node of the graph that resizes to them, and how it fits
    pictures of another aspect ratio; None where that is in no way that a robot knows."""

    height: int
    width: int
    node: str
    fit: OwnFit | None = None


def own_input_size(
    saved_model: SavedModel, signature: Signature, image: ImageInput
) -> OwnSize | None:
    """The one size at which the graph leaves the size of its image as it is; None where it does
    not resize it first, to several sizes, to one that depends on the image, or after a crop to a
    fixed part.

    Args:
        image: the input, whose height and width may be -1.
    """
    tensors = {tensor.name: canonical(tensor.graph_name) for tensor in signature.inputs}
    outputs = [canonical(tensor) for tensor in signature.ends]
    graph_def = read_graph(saved_model)
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


def _size(view: GraphView, start: str, image: ImageInput) -> OwnSize | None:
    ways = WaysToResize(view, start)
    if not ways.complete or not ways.resizes:
        return None
    ends = [node.input[1] for node in (*ways.resizes, *ways.pads)]
    view.keep(view.ancestors([*ends, *(node.name for node in ways.changing)]))
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
        if len(found) != 1:
            return None
        end = ways.end(view)
        fit = None if end is None else _fit(session, start, end, image, *found[0])
    return OwnSize(*found[0], ways.resizes[0].name, fit)


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


def _fit(
    session: Any, start: str, end: str, image: ImageInput, height: int, width: int
) -> OwnFit | None:
    """How the graph fits pictures into its own size."""
    given = session.graph.get_tensor_by_name(start)
    dtype = given.dtype.as_numpy_dtype

    def resize(pixels: np.ndarray) -> np.ndarray:
        values = np.rint(pixels) if np.issubdtype(dtype, np.integer) else pixels
        arranged = image.arrange(values, dtype)
        arranged = arranged.reshape(arranged.shape[arranged.ndim - given.shape.rank :])
        found = np.asarray(session.run(end, {given: arranged}), np.float32)
        return _rows_first(found, height, width, image.channels)

    try:
        return find_own_fit(resize, height, width, image.channels)
    except (tensorflow().errors.OpError, ValueError):  # it does not take pictures of this size
        return None


def _rows_first(values: np.ndarray, height: int, width: int, channels: int) -> np.ndarray:
    """``[height, width, channels]`` of an image with channels last or first, or in a batch.

    Raises:
        ValueError: it is none of these.
    """
    image = values.reshape(values.shape[values.ndim - 3 :])
    if image.shape == (channels, height, width) != (height, width, channels):
        return image.transpose(1, 2, 0)
    if image.shape != (height, width, channels):
        raise ValueError(f"not an image of {width}x{height}: {values.shape}")
    return image


def _is_kept(session: Any, start: str, ways: WaysToResize, shape: tuple[int, ...]) -> bool:
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
