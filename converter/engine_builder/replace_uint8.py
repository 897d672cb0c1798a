"""Let a model do without uint8, for TensorRT before 8.5: float32 goes in, int32 comes out.

The first node casts the image to float32, whatever it is, so that it may be float32 before. What
the model itself casts to uint8, as a class map, becomes int32, which TensorRT also makes of weights
that are uint8. Each change is one byte: no weight is read, and nothing moves.
"""

from typing import Dict, Iterator, Optional

from converter.errors import BuildError
from trt_inference.bundles import protobuf_reader
from trt_inference.bundles.protobuf_reader import Data, Field

_FLOAT, _UINT8, _INT32 = 1, 2, 6  # TensorProto.DataType
_CAST, _TARGET = "Cast", "to"


def find_changes(model: Data, name: str) -> Dict[int, int]:
    """Find the bytes of an ONNX model that have to be others, so that nothing in it is uint8.

    Args:
        name: of the image, its input.

    Returns:
        The new values by their places in ``model``.

    Raises:
        BuildError: the model has no such input, or does not cast it first.
    """
    graph = protobuf_reader.graph(model)
    _check_uses(model, graph, name)
    return {
        **dict.fromkeys(_casts(model, graph), _INT32),
        **dict.fromkeys(_values(model, graph), _INT32),
        _image(model, graph, name): _FLOAT,
    }


def _image(model: Data, graph: Field, name: str) -> int:
    for value in protobuf_reader.inside(model, graph, protobuf_reader.INPUT_OF_GRAPH):
        kind = _type(model, value)
        if protobuf_reader.text(model, value, protobuf_reader.NAME_OF_VALUE) == name and kind:
            return kind.start
    raise BuildError(f"the ONNX model has no uint8 input '{name}': convert the model again")


def _values(model: Data, graph: Field) -> Iterator[int]:
    """Where outputs, and tensors between, are declared to be uint8."""
    for number in (protobuf_reader.OUTPUT_OF_GRAPH, protobuf_reader.VALUE_OF_GRAPH):
        for value in protobuf_reader.inside(model, graph, number):
            kind = _type(model, value)
            if kind is not None:
                yield kind.start


def _type(model: Data, value: Field) -> Optional[Field]:
    """Where the element type of a declared tensor is, if that is uint8."""
    for kind in protobuf_reader.inside(model, value, protobuf_reader.TYPE_OF_VALUE):
        for tensor in protobuf_reader.inside(model, kind, protobuf_reader.TENSOR_OF_TYPE):
            for element in protobuf_reader.inside(model, tensor, protobuf_reader.ELEMENT_OF_TENSOR):
                return element if _is_uint8(model, element) else None
    return None


def _casts(model: Data, graph: Field) -> Iterator[int]:
    """Where nodes name uint8 as the type that they cast to, in bodies of loops too."""
    for node in protobuf_reader.inside(model, graph, protobuf_reader.NODE_OF_GRAPH):
        operator = protobuf_reader.text(model, node, protobuf_reader.OPERATOR_OF_NODE)
        for given in protobuf_reader.inside(model, node, protobuf_reader.ATTRIBUTE_OF_NODE):
            for body in protobuf_reader.inside(model, given, protobuf_reader.GRAPH_OF_ATTRIBUTE):
                yield from _casts(model, body)
                yield from _values(model, body)
            name = protobuf_reader.text(model, given, protobuf_reader.NAME_OF_ATTRIBUTE)
            if (operator, name) == (_CAST, _TARGET):
                yield from _uint8_numbers(model, given)


def _uint8_numbers(model: Data, attribute: Field) -> Iterator[int]:
    for one in protobuf_reader.inside(model, attribute, protobuf_reader.NUMBER_OF_ATTRIBUTE):
        if _is_uint8(model, one):
            yield one.start


def _is_uint8(model: Data, number: Field) -> bool:
    return model[number.start : number.end] == bytes([_UINT8])


def _check_uses(model: Data, graph: Field, name: str) -> None:
    for node in protobuf_reader.inside(model, graph, protobuf_reader.NODE_OF_GRAPH):
        given = protobuf_reader.inside(model, node, protobuf_reader.INPUT_OF_NODE)
        uses = any(model[one.start : one.end] == name.encode("utf-8") for one in given)
        operator = protobuf_reader.text(model, node, protobuf_reader.OPERATOR_OF_NODE)
        if uses and operator != _CAST:
            raise BuildError(
                f"the ONNX model uses its input '{name}' in {operator} without a Cast: convert "
                "the model again"
            )
