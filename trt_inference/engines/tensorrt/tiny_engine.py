"""Build an engine of two layers here, run it, and compare its numbers.

TensorRT may be there, and the GPU too, and yet nothing run: where it was compiled without kernels
for this GPU, which shows only when it builds; where the driver is too old for its CUDA; or where
libraries of two versions are mixed.
"""

import time
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from trt_inference.engines.free_memory import MIB
from trt_inference.engines.tensorrt import build_api
from trt_inference.engines.tensorrt.cuda.base import Cuda
from trt_inference.engines.tensorrt.cuda_buffers import BufferSet
from trt_inference.engines.tensorrt.enqueue import Enqueue
from trt_inference.engines.tensorrt.gpu import GpuContext, import_tensorrt
from trt_inference.engines.tensorrt.io_tensors import io_tensors
from trt_inference.engines.tensorrt.plan import Log, make_logger
from trt_inference.engines.tensorrt.tiny_model import INPUT, OUTPUT, tiny_input, tiny_model
from trt_inference.errors import EngineError

_WORKSPACE = 16 * MIB


class Trial(NamedTuple):
    """What came of it.

    Attributes:
        output: float32 of the shape of ``tiny_output``; empty where there is none.
        seconds: from the first call of TensorRT to the output.
        free, total: bytes of the GPU's memory, before TensorRT took any.
        problem: why there is no output, with TensorRT's last lines; empty where there is one.
    """

    output: np.ndarray
    seconds: float
    free: int
    total: int
    problem: str


def try_tiny_engine(device: int) -> Trial:
    """Build and run it on GPU number ``device``.

    Raises:
        EngineError: there is no TensorRT, no library for CUDA, or no such GPU.
    """
    with GpuContext(device) as gpu:
        with gpu.translated("does not tell its memory"):
            free, total = gpu.cuda.memory_info()
        started = time.monotonic()
        log = Log()
        trt = import_tensorrt()
        try:
            with gpu.translated("has failed"):
                output, problem = _run(trt, gpu.cuda, make_logger(trt, log)), ""
        except EngineError as error:
            output, problem = np.zeros(0, np.float32), f"{error}: {log.all()}"
        return Trial(output, time.monotonic() - started, free, total, problem)


def _run(trt: ModuleType, cuda: Cuda, logger: Any) -> np.ndarray:
    """The output of the engine."""
    plan = _build(trt, logger)
    runtime = trt.Runtime(logger)
    engine = _wanted(runtime.deserialize_cuda_engine(plan), "loads no engine")
    context = _wanted(engine.create_execution_context(), "makes no room for the engine")
    buffers = BufferSet(cuda, io_tensors(trt, engine, context))
    stream = cuda.stream()
    np.copyto(buffers.arrays[INPUT], tiny_input())
    Enqueue(context, stream, buffers)()
    stream.synchronize()
    output = buffers.outputs[OUTPUT].copy()
    buffers.free()
    return output


def _build(trt: ModuleType, logger: Any) -> bytes:
    builder = _wanted(build_api.make_builder(trt, logger), "does not start")
    network = builder.create_network(build_api.network_flags(trt, build_api.WEAK))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(tiny_model()):
        raise EngineError("TensorRT does not take a convolution")
    config = builder.create_builder_config()
    build_api.set_workspace(trt, config, _WORKSPACE)
    return bytes(_wanted(builder.build_serialized_network(network, config), "builds no engine"))


def _wanted(made: Any, what: str) -> Any:
    if made is None:
        raise EngineError(f"TensorRT {what}")
    return made
