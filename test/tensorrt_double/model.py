"""The ONNX of a plan on ONNX Runtime. Its times tell nothing about any device."""

import functools
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
import onnxruntime

from test.tensorrt_double.plan import Plan, Tensor

NUMPY = {
    "FLOAT": np.float32,
    "HALF": np.float16,
    "INT8": np.int8,
    "INT32": np.int32,
    "INT64": np.int64,
    "BOOL": np.bool_,
    "UINT8": np.uint8,
}
ONNX_RUNTIME = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
    "tensor(uint8)": np.uint8,
}

Shapes = Dict[str, Tuple[int, ...]]


@functools.lru_cache(maxsize=8)
def _session(onnx: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


class Model:
    """Runs with the types that the plan's inputs and outputs have."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tensors = {tensor.name: tensor for tensor in plan.tensors}
        self._shapes: Dict[Tuple, Shapes] = {}

    def tensor(self, name: str) -> Optional[Tensor]:
        """An input or output, or None."""
        return self._tensors.get(name)

    @property
    def inputs(self) -> List[Tensor]:
        """In the plan's order."""
        return [tensor for tensor in self._plan.tensors if tensor.is_input]

    @property
    def outputs(self) -> List[Tensor]:
        """In the plan's order."""
        return [tensor for tensor in self._plan.tensors if not tensor.is_input]

    def run(self, inputs: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """Outputs by name, each with the plan's dtype."""
        session = _session(self._plan.onnx)
        kinds = {value.name: ONNX_RUNTIME[value.type] for value in session.get_inputs()}
        feeds: Dict[str, np.ndarray] = {
            name: array.astype(kinds[name], copy=False) for name, array in inputs.items()
        }
        values: Sequence[np.ndarray] = session.run([t.name for t in self.outputs], feeds)
        return {
            tensor.name: np.ascontiguousarray(value, NUMPY[tensor.dtype])
            for tensor, value in zip(self.outputs, values)
        }

    def output_shapes(self, inputs: Shapes) -> Shapes:
        """The shapes of the outputs for these of the inputs."""
        key = tuple(sorted(inputs.items()))
        if key not in self._shapes:
            zeros: Dict[str, np.ndarray] = {
                name: np.zeros(shape, NUMPY[self._tensors[name].dtype])
                for name, shape in inputs.items()
            }
            self._shapes[key] = {name: array.shape for name, array in self.run(zeros).items()}
        return self._shapes[key]


def size_in_bytes(dtype: str, shape: Sequence[int]) -> int:
    """The size of a tensor."""
    return int(np.prod(shape, dtype=np.int64)) * np.dtype(NUMPY[dtype]).itemsize
