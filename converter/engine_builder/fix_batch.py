"""Give a model one size of batch, for TensorRT before 8.2, whose parser takes GatherElements on
known shapes only: boxes and classes are gathered so.

The engine has this one size anyway. A dimension without a size has a name instead, as ``N``; its
number takes the place of the name. Protobuf's decoders read a number with zeros before it, so that
it is as long as the name, and nothing moves.
"""

from typing import Dict, Iterator

from converter.errors import BuildError
from trt_inference.bundles import protobuf_reader
from trt_inference.bundles.protobuf_reader import Data, Field

_NUMBER = 0x08  # the tag of a dimension's number
# The number has the bytes beside the tag, two for a name of one letter, of seven bits each.
_MOST_BYTES, _BITS = 10, 7


def find_batch_changes(model: Data, name: str, batch: int) -> Dict[int, int]:
    """Find the bytes of an ONNX model that have to be others, so that its batch has a size.

    Args:
        name: of the image, its input.
        batch: images at once.

    Returns:
        The new values by their places in ``model``; none where the size is known already.

    Raises:
        BuildError: the model has no such input, or its batch has a name of another length than the
            converter gives it.
    """
    graph = protobuf_reader.graph(model)
    symbol = batch_name(model, graph, name)
    changes: Dict[int, int] = {}
    if not symbol:
        return changes
    for dimension in _dimensions(model, graph):
        if _symbol(model, dimension) == symbol:
            changes.update(_as_number(dimension, batch))
    return changes


def batch_name(model: Data, graph: Field, name: str) -> str:
    """What the image's first dimension is called; empty where it has a size.

    Raises:
        BuildError: the model has no such input.
    """
    for value in protobuf_reader.inside(model, graph, protobuf_reader.INPUT_OF_GRAPH):
        if protobuf_reader.text(model, value, protobuf_reader.NAME_OF_VALUE) == name:
            first = next(_sizes(model, value), None)
            return "" if first is None else _symbol(model, first)
    raise BuildError(f"the ONNX model has no input '{name}': convert the model again")


def _symbol(model: Data, dimension: Field) -> str:
    return protobuf_reader.text(model, dimension, protobuf_reader.NAME_OF_DIMENSION)


def _dimensions(model: Data, graph: Field) -> Iterator[Field]:
    """All that are declared in the graph."""
    for number in (
        protobuf_reader.INPUT_OF_GRAPH,
        protobuf_reader.OUTPUT_OF_GRAPH,
        protobuf_reader.VALUE_OF_GRAPH,
    ):
        for value in protobuf_reader.inside(model, graph, number):
            yield from _sizes(model, value)


def _sizes(model: Data, value: Field) -> Iterator[Field]:
    for kind in protobuf_reader.inside(model, value, protobuf_reader.TYPE_OF_VALUE):
        for tensor in protobuf_reader.inside(model, kind, protobuf_reader.TENSOR_OF_TYPE):
            for shape in protobuf_reader.inside(model, tensor, protobuf_reader.SHAPE_OF_TENSOR):
                yield from protobuf_reader.inside(model, shape, protobuf_reader.DIMENSION_OF_SHAPE)


def _as_number(dimension: Field, batch: int) -> Dict[int, int]:
    """The bytes of a dimension that has ``batch`` as its size, and is as long as before."""
    length = dimension.end - dimension.start - 1
    if length > _MOST_BYTES:
        raise BuildError(
            "this TensorRT needs a known batch, and that of the ONNX model has too long a name to "
            "become a number: convert the model again"
        )
    if batch >> _BITS * length:
        raise BuildError(
            f"--batch {batch} is too large for this TensorRT, which takes up to "
            f"{(1 << _BITS * length) - 1} for this model: choose a smaller one"
        )
    digits = [batch >> _BITS * index & 0x7F for index in range(length)]
    content = [_NUMBER, *(digit | 0x80 for digit in digits[:-1]), digits[-1]]
    return dict(enumerate(content, dimension.start))
