"""Read an ONNX file without the onnx package, which robots do not have.

Only as much of protobuf's wire format as that takes:
https://protobuf.dev/programming-guides/encoding/. The numbers are those of onnx.proto.
"""

import mmap
from typing import Iterator, NamedTuple, Set, Tuple, Union

from trt_inference.errors import BundleError

_VARINT, _EIGHT_BYTES, _PIECE, _FOUR_BYTES = 0, 1, 2, 5
_MOST_VARINT_BYTES = 10
# Readers of protobuf cut longer ones, so that they would see another field or length than this one.
_MOST_BITS_OF_TAG, _MOST_BITS_OF_LENGTH = 32, 31
_ONNX_DOMAINS = ("", "ai.onnx")

GRAPH_OF_MODEL, OPSET_OF_MODEL = 7, 8
DOMAIN_OF_OPSET, VERSION_OF_OPSET = 1, 2
NODE_OF_GRAPH, INPUT_OF_GRAPH, OUTPUT_OF_GRAPH, VALUE_OF_GRAPH = 1, 11, 12, 13
INPUT_OF_NODE, NAME_OF_NODE, OPERATOR_OF_NODE, ATTRIBUTE_OF_NODE, DOMAIN_OF_NODE = 1, 3, 4, 5, 7
NAME_OF_ATTRIBUTE, NUMBER_OF_ATTRIBUTE, GRAPH_OF_ATTRIBUTE = 1, 3, 6
NAME_OF_VALUE, TYPE_OF_VALUE = 1, 2
TENSOR_OF_TYPE, ELEMENT_OF_TENSOR, SHAPE_OF_TENSOR = 1, 1, 2
DIMENSION_OF_SHAPE, NAME_OF_DIMENSION = 1, 2

Data = Union[bytes, mmap.mmap]  # of a file, or the file as memory


class Field(NamedTuple):
    """One field of a message: its number, and from where to where its content is in the file."""

    number: int
    start: int
    end: int


def fields(data: Data, start: int = 0, end: int = -1) -> Iterator[Field]:
    """The fields of the message between ``start`` and ``end``, by default of the whole file.

    Raises:
        BundleError: it is not protobuf.
    """
    end = len(data) if end < 0 else end
    while start < end:
        tag, start = _varint(data, start, end, _MOST_BITS_OF_TAG)
        kind = tag & 7
        if kind == _VARINT:
            stop = _varint(data, start, end)[1]
        elif kind == _PIECE:
            length, start = _varint(data, start, end, _MOST_BITS_OF_LENGTH)
            stop = start + length
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            stop = start + (8 if kind == _EIGHT_BYTES else 4)
        else:
            stop = end + 1
        if stop > end:
            raise _damaged(start)
        yield Field(tag >> 3, start, stop)
        start = stop


def inside(data: Data, outer: Field, number: int) -> Iterator[Field]:
    """Those with ``number`` in the message that ``outer`` holds."""
    return (one for one in fields(data, outer.start, outer.end) if one.number == number)


def text(data: Data, outer: Field, number: int) -> str:
    """A text in the message that ``outer`` holds; empty where it has none."""
    for one in inside(data, outer, number):
        return data[one.start : one.end].decode("utf-8", "replace")
    return ""


def graph(data: Data) -> Field:
    """The graph of a model.

    Raises:
        BundleError: there is none.
    """
    for one in fields(data):
        if one.number == GRAPH_OF_MODEL:
            return one
    raise BundleError("the ONNX model has no graph: convert the model again")


def opset_of_model(data: Data) -> int:
    """The version of ONNX' own operators in a model.

    Raises:
        BundleError: it names none.
    """
    for one in fields(data):
        if one.number != OPSET_OF_MODEL or text(data, one, DOMAIN_OF_OPSET) not in _ONNX_DOMAINS:
            continue
        for version in inside(data, one, VERSION_OF_OPSET):
            return integer_of(data, version)
    raise BundleError("the ONNX model does not name its opset: convert the model again")


def nodes(data: Data) -> Tuple[Tuple[str, str], ...]:
    """Name and operator of each node of the graph, in their order."""
    return tuple(
        (text(data, node, NAME_OF_NODE), text(data, node, OPERATOR_OF_NODE))
        for node in inside(data, graph(data), NODE_OF_GRAPH)
    )


def operators(data: Data) -> Set[str]:
    """The operators of the graph, and of the graphs in it, as bodies of loops: each after its
    domain and a dot where that is not ONNX' own."""
    return set(_operators(data, graph(data)))


def _operators(data: Data, outer: Field) -> Iterator[str]:
    for node in inside(data, outer, NODE_OF_GRAPH):
        domain, name = text(data, node, DOMAIN_OF_NODE), text(data, node, OPERATOR_OF_NODE)
        yield name if domain in _ONNX_DOMAINS else f"{domain}.{name}"
        for given in inside(data, node, ATTRIBUTE_OF_NODE):
            for body in inside(data, given, GRAPH_OF_ATTRIBUTE):
                yield from _operators(data, body)


def integer_of(data: Data, one: Field) -> int:
    """The value of a field that holds a number."""
    return _varint(data, one.start, one.end)[0]


def _varint(data: Data, start: int, end: int, most_bits: int = 64) -> Tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    value = 0
    for index in range(_MOST_VARINT_BYTES):
        if start + index >= end:
            break
        byte = data[start + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80 and value >> most_bits == 0:
            return value, start + index + 1
    raise _damaged(start)


def _damaged(place: int) -> BundleError:
    return BundleError(f"the ONNX model is damaged at byte {place}: copy the bundle again")
