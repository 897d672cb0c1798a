"""The inputs and outputs of a TensorRT engine, whatever the version of its API."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Dict, Mapping, Tuple

import numpy as np

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.engine_files import EngineFile
from trt_inference.errors import EngineError

# Not trt.nptype, which fails with NumPy 1.24 and later in TensorRT 8.0 to 8.5.
DTYPES: Mapping[str, type] = {
    "FLOAT": np.float32,
    "HALF": np.float16,
    "INT8": np.int8,
    "INT32": np.int32,
    "INT64": np.int64,
    "UINT8": np.uint8,
    "BOOL": np.bool_,
}

# Types of a plan that the engine converts, by the bundle's type of the output: TensorRT before 8.5
# has no uint8.
_INSTEAD = {"uint8": ("int32", "float32")}


@dataclass(frozen=True)
class IoTensor:
    """One input or output of an execution context whose shapes are set.

    Attributes:
        index: its number among the bindings.
        shape: all sizes known.
    """

    index: int
    name: str
    is_input: bool
    dtype: np.dtype
    shape: Tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Its size in memory."""
        return int(np.prod(self.shape)) * self.dtype.itemsize


def serves(dtype: str, wanted: str) -> bool:
    """Whether an output may have this type in a plan where the bundle has ``wanted``."""
    return dtype in (wanted, *_INSTEAD.get(wanted, ()))


def has_named_tensors(engine: Any) -> bool:
    """From TensorRT 8.5 on; before there are numbered bindings only."""
    return hasattr(engine, "num_io_tensors")


def set_input_shape(engine: Any, context: Any, name: str, shape: Tuple[int, ...]) -> None:
    """Fix the batch of an engine that was built for any.

    Raises:
        EngineError: the engine was not built for this shape.
    """
    if has_named_tensors(engine):
        done = context.set_input_shape(name, shape)
    else:
        done = context.set_binding_shape(engine.get_binding_index(name), shape)
    if not done:
        raise EngineError(f"the engine does not take {name} {list(shape)}: build it again")


def io_tensors(trt: ModuleType, engine: Any, context: Any) -> Dict[str, IoTensor]:
    """All inputs and outputs by name, in the order of the bindings.

    Raises:
        EngineError: one has a type that no array has, or a size that is not known.
    """
    if has_named_tensors(engine):
        found = [_named(trt, engine, context, index) for index in range(engine.num_io_tensors)]
    else:
        found = [_bound(engine, context, index) for index in range(engine.num_bindings)]
    for tensor in found:
        if min(tensor.shape, default=1) < 0:
            raise EngineError(f"{tensor.name} has no fixed size, {list(tensor.shape)}: build again")
    return {tensor.name: tensor for tensor in found}


def _named(trt: ModuleType, engine: Any, context: Any, index: int) -> IoTensor:
    name = engine.get_tensor_name(index)
    return IoTensor(
        index,
        name,
        engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT,
        _dtype(name, engine.get_tensor_dtype(name)),
        tuple(context.get_tensor_shape(name)),
    )


def _bound(engine: Any, context: Any, index: int) -> IoTensor:
    name = engine.get_binding_name(index)
    return IoTensor(
        index,
        name,
        bool(engine.binding_is_input(index)),
        _dtype(name, engine.get_binding_dtype(index)),
        tuple(context.get_binding_shape(index)),
    )


def _dtype(name: str, kind: Any) -> np.dtype:
    if kind.name not in DTYPES:
        raise EngineError(f"{name} is of {kind.name}, which no array has")
    return np.dtype(DTYPES[kind.name])


def check_tensors(bundle: Bundle, tensors: Mapping[str, IoTensor], file: EngineFile) -> None:
    """See that the engine is one of this bundle.

    Raises:
        EngineError: it has other inputs or outputs.
    """
    batch = file.sidecar.batch
    wanted: Dict[str, Any] = {
        spec.name: (spec.dtype, (batch, *spec.shape[1:])) for spec in bundle.outputs
    }
    for name, (dtype, shape) in wanted.items():
        tensor = tensors.get(name)
        if tensor is None or not _fits(tensor, dtype, shape):
            found = f"{tensor.dtype} {list(tensor.shape)}" if tensor else "no such output"
            raise EngineError(
                f"{file.plan.name} does not fit the bundle: {name} must be {dtype} {list(shape)}, "
                f"it has {found}. Build it again"
            )
    image = tensors.get(bundle.input.name)
    if image is None or image.dtype not in (np.dtype(np.uint8), np.dtype(np.float32)):
        raise EngineError(
            f"{file.plan.name} does not fit the bundle: its input {bundle.input.name} must be "
            f"uint8 or float32, it has {image.dtype if image else 'no such input'}. Build it again"
        )


def _fits(tensor: IoTensor, dtype: str, shape: Tuple[int, ...]) -> bool:
    return not tensor.is_input and tensor.shape == shape and serves(tensor.dtype.name, dtype)
