"""The loops that the GPU benchmark times, on one engine of a bundle."""

import contextlib
import importlib.util
import time
import tracemalloc
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from benchmarks.pacing import paced
from benchmarks.preprocessing import bare_resize
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.engine_files import find_engine
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.tensorrt.cuda_buffers import BufferSet
from trt_inference.engines.tensorrt.cuda_graph import CaptureError, CudaGraph
from trt_inference.engines.tensorrt.engine import TensorRtEngine
from trt_inference.engines.tensorrt.gpu import (
    GpuContext,
    import_tensorrt,
    open_cuda,
    this_machine,
)
from trt_inference.engines.tensorrt.io_tensors import (
    has_named_tensors,
    io_tensors,
    set_input_shape,
)
from trt_inference.engines.tensorrt.plan import load_plan
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.inference.preprocess import Preprocessor

FRAMES = 1000  # of each loop, or as many as a slow board has done in _SECONDS, and the fewest
_FEWEST = 30
_SECONDS = 15.0
_PACED_SECONDS = 10.0


class Times(NamedTuple):
    """Milliseconds."""

    p50: float
    p99: float


class Growth(NamedTuple):
    """Bytes more after so many frames than before."""

    frames: int
    python: int
    device: int


def warm_up(call: Callable[[], object]) -> int:
    """Call what a loop will call, a tenth as often; return how often the loop is to."""
    call()
    started = time.perf_counter()
    call()
    in_time = int(_SECONDS / (time.perf_counter() - started))
    frames = min(FRAMES, max(_FEWEST, in_time))
    for _ in range(frames // 10):
        call()
    return frames


def timed(call: Callable[[], object]) -> Times:
    """Times of single calls, by the clock."""
    frames = warm_up(call)
    taken = np.zeros(frames)
    for index in range(frames):
        started = time.perf_counter()
        call()
        taken[index] = time.perf_counter() - started
    return times_of(taken)


def times_of(seconds: np.ndarray) -> Times:
    """Times of many calls, ``[n]``."""
    return Times(*(float(value) for value in np.percentile(seconds * 1e3, (50, 99))))


def frame_of(size: Tuple[int, int]) -> np.ndarray:
    """A picture that is not all the same."""
    return np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)


def time_resize(bundle: Bundle, size: Tuple[int, int]) -> Times:
    """``cv2.resize`` to the place that the frame has in the input."""
    spec, frame = bundle.input, frame_of(size)
    buffer = np.zeros((spec.height, spec.width, 3), np.uint8)
    place = Preprocessor(buffer, spec.fitting)(Frame(frame))
    return timed(bare_resize(frame, place, spec.fitting))


def time_detector(detector: Detector, size: Tuple[int, int]) -> Times:
    """From the frame to the detections."""
    frame = frame_of(size)
    return timed(lambda: detector.detect(frame))


def time_detector_paced(detector: Detector, size: Tuple[int, int], rate: float) -> Times:
    """The same at the rate of a camera: caches and clocks of the processor rest in between, as
    they do in a node."""
    frame = frame_of(size)
    return times_of(paced(lambda: detector.detect(frame), rate, _PACED_SECONDS).times)


def frames_per_second(detector: Detector, size: Tuple[int, int]) -> float:
    """With the next frame prepared while the GPU works on one."""
    frame = frame_of(size)
    frames = warm_up(lambda: detector.detect(frame))
    started = time.perf_counter()
    for _ in range(detector.depth - 1):
        detector.add(Frame(frame))
        detector.start()
    for _ in range(frames):
        detector.add(Frame(frame))
        detector.start()
        detector.finish()
    for _ in range(detector.depth - 1):
        detector.finish()
    return frames / (time.perf_counter() - started)


def growth(detector: Detector, size: Tuple[int, int]) -> Growth:
    """Memory that is not given back."""
    frame, cuda = frame_of(size), open_cuda()
    frames = warm_up(lambda: detector.detect(frame))
    free = cuda.memory_info()[0]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(frames):
        detector.detect(frame)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return Growth(frames, after - before, free - cuda.memory_info()[0])


def time_engine(bundle: Bundle, precision: str, options: EngineOptions) -> Times:
    """Copies to the GPU, inference and copies back, with a busy core waiting."""
    engine = TensorRtEngine(bundle, precision, options)
    try:
        return timed(engine.infer)
    finally:
        engine.close()


def time_tensorflow(bundle: Bundle, saved_model: Optional[Path]) -> Optional[Times]:
    """The signature that the bundle was made from, on one image of zeros; None where there is no
    TensorFlow, no SavedModel was given, or it takes more than an image of floats."""
    if saved_model is None or importlib.util.find_spec("tensorflow") is None:
        return None
    import tensorflow

    model = tensorflow.saved_model.load(str(saved_model))
    infer = model.signatures[bundle.source["signature"]]
    inputs = infer.structured_input_signature[1]
    if len(inputs) != 1:
        return None
    ((name, spec),) = inputs.items()
    sizes = {1: bundle.input.height, 2: bundle.input.width}
    shape = [size or sizes.get(axis, 1) for axis, size in enumerate(spec.shape.as_list())]
    image = tensorflow.zeros(shape, spec.dtype)

    def call() -> None:
        for value in infer(**{name: image}).values():
            value.numpy()

    return timed(call)


class Bare:
    """TensorRT with nothing of this project around it but the loading of the plan."""

    def __init__(self, bundle: Bundle, precision: str, device: int) -> None:
        self.gpu = GpuContext(device)
        trt, self.cuda = import_tensorrt(), self.gpu.cuda
        file = find_engine(bundle, precision, this_machine(device), device)
        self._plan = load_plan(trt, file, device)
        engine = self._plan.engine
        self.context = engine.create_execution_context()
        spec = bundle.input
        shape = (file.sidecar.batch, spec.height, spec.width, 3)
        set_input_shape(engine, self.context, spec.name, shape)
        self.tensors = io_tensors(trt, engine, self.context)
        self.named = has_named_tensors(engine)
        self.stream = self.cuda.stream()

    def execute(self, addresses: Dict[str, int]) -> None:
        """Put one inference on the stream."""
        if self.named:
            for name, address in addresses.items():
                self.context.set_tensor_address(name, address)
            self.context.execute_async_v3(self.stream.handle)
            return
        ordered = sorted(self.tensors.values(), key=lambda tensor: tensor.index)
        bindings = [addresses[tensor.name] for tensor in ordered]
        self.context.execute_async_v2(bindings, self.stream.handle)

    def close(self) -> None:
        """In the order in which it hangs together."""
        del self.context, self._plan, self.stream
        self.gpu.close()


class GpuClock:
    """What the GPU itself takes for what is put on the stream."""

    def __init__(self, bare: Bare) -> None:
        self._stream = bare.stream
        self._began, self._ended = (bare.cuda.event(timing=True) for _ in range(2))

    def time(self, launch: Callable[[], None]) -> float:
        """Seconds of one launch."""
        self._began.record(self._stream)
        launch()
        self._ended.record(self._stream)
        self._ended.synchronize()
        return self._began.time_till(self._ended) * 1e-3

    def free(self) -> None:
        """Before the context ends."""
        del self._began, self._ended, self._stream


def time_on_gpu(bundle: Bundle, precision: str, as_graph: bool, device: int = 0) -> Times:
    """The inference without copies, by the GPU's own clock."""
    bare = Bare(bundle, precision, device)
    buffers = BufferSet(bare.cuda, bare.tensors)
    buffers.copy_in(bare.stream)
    bare.execute(buffers.addresses)
    bare.stream.synchronize()
    graph = None
    if as_graph:
        with contextlib.suppress(CaptureError):  # then it is as slow as step by step
            graph = CudaGraph(bare.stream.handle, lambda: bare.execute(buffers.addresses))
    launch = graph.launch if graph is not None else lambda: bare.execute(buffers.addresses)
    clock = GpuClock(bare)
    taken = np.array([clock.time(launch) for _ in range(warm_up(lambda: clock.time(launch)))])
    clock.free()
    if graph is not None:
        graph.close()
    buffers.free()
    bare.close()
    return times_of(taken)


def bare_frames_per_second(bundle: Bundle, precision: str, device: int = 0) -> float:
    """Enqueue copies and inference one behind the other, and wait at the end only."""
    bare = Bare(bundle, precision, device)
    buffers = BufferSet(bare.cuda, bare.tensors)

    def enqueue() -> None:
        buffers.copy_in(bare.stream)
        bare.execute(buffers.addresses)
        buffers.copy_out(bare.stream)

    def run() -> None:
        enqueue()
        bare.stream.synchronize()

    frames = warm_up(run)
    started = time.perf_counter()
    for _ in range(frames):
        enqueue()
    bare.stream.synchronize()
    seconds = time.perf_counter() - started
    buffers.free()
    bare.close()
    return frames / seconds


def time_textbook(bundle: Bundle, precision: str, device: int = 0) -> Times:
    """What samples do for each frame: allocate, copy, execute, copy back, free; pageable memory,
    and a wait after each step."""
    bare = Bare(bundle, precision, device)
    cuda = bare.cuda
    arrays: Dict[str, Any] = {
        name: np.zeros(tensor.shape, tensor.dtype) for name, tensor in bare.tensors.items()
    }

    def infer() -> None:
        memory = {name: cuda.allocate(array.nbytes) for name, array in arrays.items()}
        for name, tensor in bare.tensors.items():
            if tensor.is_input:
                cuda.upload_now(memory[name], arrays[name])
        bare.execute({name: int(allocation) for name, allocation in memory.items()})
        bare.stream.synchronize()
        for name, tensor in bare.tensors.items():
            if not tensor.is_input:
                arrays[name] = np.empty(tensor.shape, tensor.dtype)
                cuda.download_now(arrays[name], memory[name])
        for allocation in memory.values():
            allocation.free()

    times = timed(infer)
    bare.close()
    return times
