"""Let a model take its image as float32, for TensorRT before 8.5, which has no bytes.

The first node casts the image to float32, whatever it is. So one byte has to change: the type of
the graph's input.
"""

from typing import Optional

from converter.engine_builder import protobuf_reader
from converter.errors import BuildError

_FLOAT, _UINT8 = 1, 2  # TensorProto.DataType
_CAST = "Cast"


def with_float_input(model: bytes, name: str) -> bytes:
    """Return a copy of an ONNX model whose input ``name`` is float32 instead of uint8.

    Raises:
        BuildError: the model has no such input, does not cast it first, or has uint8 outputs.
    """
    graph = protobuf_reader.graph(model)
    _check_uses(model, graph, name)
    _check_outputs(model, graph)
    place = _element_type(model, graph, protobuf_reader.INPUT_OF_GRAPH, name)
    if place is None or model[place.start : place.end] != bytes([_UINT8]):
        raise BuildError(f"the ONNX model has no uint8 input '{name}': convert the model again")
    return model[: place.start] + bytes([_FLOAT]) + model[place.end :]


def _element_type(
    model: bytes, graph: protobuf_reader.Field, number: int, name: str
) -> Optional[protobuf_reader.Field]:
    for value in protobuf_reader.inside(model, graph, number):
        if protobuf_reader.text(model, value, protobuf_reader.NAME_OF_VALUE) == name:
            return _type(model, value)
    return None


def _type(model: bytes, value: protobuf_reader.Field) -> Optional[protobuf_reader.Field]:
    """Where the element type of an input or output is."""
    for kind in protobuf_reader.inside(model, value, protobuf_reader.TYPE_OF_VALUE):
        for tensor in protobuf_reader.inside(model, kind, protobuf_reader.TENSOR_OF_TYPE):
            for element in protobuf_reader.inside(model, tensor, protobuf_reader.ELEMENT_OF_TENSOR):
                return element
    return None


def _check_uses(model: bytes, graph: protobuf_reader.Field, name: str) -> None:
    for node in protobuf_reader.inside(model, graph, protobuf_reader.NODE_OF_GRAPH):
        given = protobuf_reader.inside(model, node, protobuf_reader.INPUT_OF_NODE)
        uses = any(model[one.start : one.end] == name.encode("utf-8") for one in given)
        operator = protobuf_reader.text(model, node, protobuf_reader.OPERATOR_OF_NODE)
        if uses and operator != _CAST:
            raise BuildError(
                f"the ONNX model uses its input '{name}' in {operator} without a Cast: convert "
                "the model again"
            )


def _check_outputs(model: bytes, graph: protobuf_reader.Field) -> None:
    for value in protobuf_reader.inside(model, graph, protobuf_reader.OUTPUT_OF_GRAPH):
        place = _type(model, value)
        if place is not None and model[place.start : place.end] == bytes([_UINT8]):
            name = protobuf_reader.text(model, value, protobuf_reader.NAME_OF_VALUE)
            raise BuildError(
                f"the output '{name}' is uint8, which TensorRT has from 8.5 on: class maps need "
                "a newer TensorRT (JetPack 5.1 or later)"
            )
