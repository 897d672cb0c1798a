"""What the parser knows of a value: its type and sizes, and its numbers where it has weights."""

from typing import Any, Dict, Iterable, NamedTuple, Optional, Tuple

import numpy as np
import onnx
import onnx.numpy_helper  # old versions of onnx do not import it
from onnx import TensorProto

Shape = Tuple[Optional[int], ...]

CONVERTED = {TensorProto.DOUBLE: TensorProto.FLOAT}
# The types of weights, and since when they are read.
OF_WEIGHTS = {
    "FLOAT": (8, 0),
    "FLOAT16": (8, 0),
    "DOUBLE": (8, 0),
    "INT8": (8, 0),
    "UINT8": (8, 0),
    "INT32": (8, 0),
    "INT64": (8, 0),
    "BOOL": (8, 0),
    "FLOAT8E4M3FN": (8, 6),
    "BFLOAT16": (10, 0),
    "INT4": (10, 0),
}
# Those of tensors: convertDtype.
OF_TENSORS = {**OF_WEIGHTS, "UINT8": (8, 5)}


class Value(NamedTuple):
    """A tensor, or weights."""

    # A type of ONNX: that which TensorRT holds.
    dtype: int = TensorProto.UNDEFINED
    shape: Optional[Shape] = None
    weights: Optional[np.ndarray] = None
    # Whether it is computed of what images and the like have in them, and not of sizes.
    is_of_data: bool = False

    @property
    def rank(self) -> Optional[int]:
        """None where it is not known."""
        return None if self.shape is None else len(self.shape)


def held(api: Any, dtype: int) -> int:
    """What TensorRT holds instead of that type."""
    if dtype == TensorProto.INT64 and not api.at_least(10):
        return TensorProto.INT32
    return CONVERTED.get(dtype, dtype)


def weights_of(api: Any, tensor: onnx.TensorProto) -> Value:
    """Weights: bytes become int32."""
    array = onnx.numpy_helper.to_array(tensor)
    dtype = held(api, tensor.data_type)
    if dtype == TensorProto.UINT8:
        dtype = TensorProto.INT32
    return Value(dtype, array.shape, array)


def tensor_of(api: Any, value: onnx.ValueInfoProto) -> Value:
    """An input, or what shape inference found."""
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return Value(held(api, kind.elem_type))
    sizes = tuple(size.dim_value if size.HasField("dim_value") else None for size in kind.shape.dim)
    return Value(held(api, kind.elem_type), sizes)


def tensors_of(api: Any, values: Iterable[onnx.ValueInfoProto]) -> Dict[str, Value]:
    """By name."""
    return {value.name: tensor_of(api, value) for value in values}


def is_read(api: Any, dtype: int, since: Dict[str, Tuple[int, int]]) -> bool:
    """Whether this version has the type."""
    name = TensorProto.DataType.Name(dtype)
    return name in since and api.at_least(*since[name])
