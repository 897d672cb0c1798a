"""How a node by hand runs its network: by ONNX Runtime's ``session.run``, and on a GPU by the loop
of NVIDIA's samples."""

from pathlib import Path
from typing import Any, Dict, List, Tuple, Union

import numpy as np
import onnxruntime

from benchmarks.float_model import FLOAT_INPUT, FLOAT_OUTPUTS
from converter.engine_builder import tensorrt_api
from trt_inference.bundles.precisions import PRECISION_TABLE
from trt_inference.engines.tensorrt import build_api
from trt_inference.engines.tensorrt.gpu import GpuContext, import_tensorrt
from trt_inference.engines.tensorrt.io_tensors import has_named_tensors, io_tensors
from trt_inference.errors import EngineError

_WORKSPACE = 1 << 30  # bytes
PLAN = ".plan"


class OnnxNetwork:
    """An ``InferenceSession`` with its default options, or with the one that turns off the spinning
    of its threads between frames."""

    def __init__(self, model: Path, spins: bool = True) -> None:
        options = onnxruntime.SessionOptions()
        if not spins:
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(str(model), options, providers=providers)
        entry = self._session.get_inputs()[0]
        self._name = entry.name
        self.shape: Tuple[int, ...] = tuple(entry.shape)

    def run(self, blob: np.ndarray) -> List[np.ndarray]:
        """Float32 pixels → boxes and class scores."""
        found: List[np.ndarray] = self._session.run(None, {self._name: blob})
        return found


class TensorRtNetwork:
    """What ``infer.py`` of NVIDIA's sample efficientdet does: memory of the GPU is allocated once,
    and each frame is copied there, executed, waited for and copied back."""

    def __init__(self, plan: Path, device: int = 0) -> None:
        self._gpu = GpuContext(device)
        trt, self._cuda = import_tensorrt(), self._gpu.cuda
        self._logger = trt.Logger(trt.Logger.ERROR)
        self._runtime = trt.Runtime(self._logger)
        self._engine = self._runtime.deserialize_cuda_engine(plan.read_bytes())
        self._context = self._engine.create_execution_context()
        self._stream = self._cuda.stream()
        self._tensors = io_tensors(trt, self._engine, self._context)
        self.shape = tuple(self._tensors[FLOAT_INPUT].shape)
        self._memory: Dict[str, Any] = {
            name: self._cuda.allocate(int(np.prod(one.shape)) * one.dtype.itemsize)
            for name, one in self._tensors.items()
        }

    def run(self, blob: np.ndarray) -> List[np.ndarray]:
        """Float32 pixels → boxes and class scores."""
        self._cuda.upload_now(self._memory[FLOAT_INPUT], blob)
        self._execute()
        self._stream.synchronize()
        found = []
        for name in FLOAT_OUTPUTS:
            output = np.empty(self._tensors[name].shape, self._tensors[name].dtype)
            self._cuda.download_now(output, self._memory[name])
            found.append(output)
        return found

    def _execute(self) -> None:
        if has_named_tensors(self._engine):
            for name, memory in self._memory.items():
                self._context.set_tensor_address(name, int(memory))
            self._context.execute_async_v3(self._stream.handle)
            return
        ordered = sorted(self._tensors.values(), key=lambda tensor: tensor.index)
        bindings = [int(self._memory[tensor.name]) for tensor in ordered]
        self._context.execute_async_v2(bindings, self._stream.handle)

    def close(self) -> None:
        """Free all of it, before the context ends."""
        for memory in self._memory.values():
            memory.free()
        del self._context, self._engine, self._runtime, self._stream
        self._gpu.close()


Network = Union[OnnxNetwork, TensorRtNetwork]


def open_network(file: Path, spins: bool = True) -> Network:
    """A plan of TensorRT, or an ONNX model."""
    return TensorRtNetwork(file) if file.suffix == PLAN else OnnxNetwork(file, spins)


def build_float_plan(model: Path, precision: str, plan: Path) -> None:
    """Build an engine of a model of ``write_float_model``, as a few lines of Python do it.

    Args:
        precision: which sets the builder's flags as for our engine.

    Raises:
        EngineError: TensorRT builds none.
    """
    with GpuContext(0):
        trt = import_tensorrt()
        logger = trt.Logger(trt.Logger.ERROR)
        builder = trt.Builder(logger)
        typing = tensorrt_api.typing_mode(trt, precision, dla=False)
        network = builder.create_network(build_api.network_flags(trt, typing))
        parser = trt.OnnxParser(network, logger)
        if not parser.parse(model.read_bytes()):
            raise EngineError(f"TensorRT does not take {model}: {parser.get_error(0)}")
        config = builder.create_builder_config()
        build_api.set_workspace(trt, config, _WORKSPACE)
        if typing == build_api.WEAK:
            tensorrt_api.allow(trt, config, *PRECISION_TABLE[precision].builder_flags)
        built = builder.build_serialized_network(network, config)
        if built is None:
            raise EngineError(f"TensorRT builds no engine of {model}")
        plan.write_bytes(bytes(built))
        del built, config, parser, network, builder
