"""Which types of elements a network may have: types that TensorRT lacks, and where uint8 may be.

Before 8.5 uint8 counts as int32 here, because the engine builder makes it so.
"""

from __future__ import annotations

import onnx

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView
from trt_inference.bundles.tensorrt_versions import reaches

ANY_OPERATOR = "*"

# They have a limit of their own, of zero points that are uint8.
_QUANTIZING = ("DequantizeLinear", "QuantizeLinear")
_FLOATS = ("DOUBLE", "FLOAT", "FLOAT16", "BFLOAT16")
# The types that a network can have, and the first version that has them.
_KNOWN = {
    "BOOL": "8.0",
    "DOUBLE": "8.0",
    "FLOAT": "8.0",
    "FLOAT16": "8.0",
    "INT32": "8.0",
    "INT64": "8.0",
    "INT8": "8.0",
    "UINT8": "8.0",
    "BFLOAT16": "9.0",
    "FLOAT8E4M3FN": "9.0",
    "INT4": "10.0",
    "FLOAT4E2M1": "10.8",
}


def _unknown_type(node: NodeView) -> bool:
    names = {node.type_of(name) for name in (*node.node.input, *node.node.output) if name}
    target = node.attribute("to") if node.node.op_type == "Cast" else None
    if target:
        names.add(onnx.TensorProto.DataType.Name(target))
    return any(
        name not in _KNOWN or not reaches(node.tensorrt, _KNOWN[name]) for name in names - {""}
    )


def _reads_uint8(node: NodeView) -> bool:
    """A tensor: uint8 weights are not looked at but by operators that name them."""
    return any(
        node.type(index) == "UINT8" and not node.is_weights(index)
        for index in range(len(node.node.input))
        if node.has(index)
    )


def _uses_uint8(node: NodeView) -> bool:
    return node.node.op_type not in ("Cast", *_QUANTIZING) and _reads_uint8(node)


def _makes_uint8_inside(node: NodeView) -> bool:
    if node.node.op_type in _QUANTIZING:
        return False
    ends = {value.name for value in node.scope.graph.output} if node.scope.is_whole else set()
    made = [name for name in node.node.output if name and name not in ends]
    return any(node.type_of(name) == "UINT8" for name in made)


def _casts_uint8_to_whole(node: NodeView) -> bool:
    target = onnx.TensorProto.DataType.Name(node.attribute("to", 0) or 1)
    source = node.type(0)
    if source == "UINT8":
        return target not in (*_FLOATS, "UINT8")
    return target == "UINT8" and source not in (*_FLOATS, "") and not _makes_bytes_of_all(node)


def _makes_bytes_of_all(node: NodeView) -> bool:
    """The documentation has floating-point only, as it has for 8.6, which takes whole numbers."""
    return reaches(node.tensorrt, "8.6") and not reaches(node.tensorrt, "10.0")


ELEMENT_LIMITS = (
    Limit(
        (ANY_OPERATOR,),
        "float32, float16, int32, int64, int8 and bool, and bfloat16 from 9.0 on",
        _unknown_type,
        "cast to one of these types before it",
        "onnx2trt_utils.cpp, convertDtype@8.0-GA, 8.5-GA, 9.0-GA",
    ),
    Limit(
        (ANY_OPERATOR,),
        "uint8 only as an input of the network that is cast first",
        _uses_uint8,
        "cast to float32 before it",
        "NvInferRuntimeCommon.h:135@8.5.1 of NVIDIA/TensorRT; the importers' notInvalidType@8.5-GA",
        since="8.5",
    ),
    Limit(
        (ANY_OPERATOR,),
        "uint8 only as an output of the network, not inside of it",
        _makes_uint8_inside,
        "cast to int32 instead, or end the network with it",
        "ModelImporter.cpp, legalUINT8@8.6-GA, 245@10.1-GA; NvInferRuntimeCommon.h:135@8.5.1",
        since="8.5",
    ),
    Limit(
        ("Cast",),
        "uint8 from and to floating-point only",
        _casts_uint8_to_whole,
        "cast to float32 in between",
        "builtin_op_importers.cpp:317-324@8.5-GA; NvInferRuntimeBase.h:156@v10.3.0 of "
        "NVIDIA/TensorRT; 8.6.0 makes bytes of whole numbers",
        since="8.5",
    ),
)
