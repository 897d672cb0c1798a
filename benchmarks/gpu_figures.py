"""Everything that the GPU benchmark measures of one engine of a bundle."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks import gpu_loops
from benchmarks.gpu_loops import Growth, Times
from benchmarks.process_memory import status_bytes
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.engine_files import find_engine
from trt_inference.bundles.machine import Machine
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.tensorrt.cuda.choose_library import load_cuda
from trt_inference.engines.tensorrt.engine_memory import needed_memory
from trt_inference.engines.tensorrt.gpu import this_machine
from trt_inference.inference.detector import Detector

RATE = 30.0  # images a second, of a camera
FRAME = (720, 1280)  # height, width
_NODE_SECONDS = 15.0


class DetectorFigures(NamedTuple):
    """What was measured of an open detector.

    Attributes:
        precision: that was chosen.
        description: of its engine, with the library for CUDA.
        resize: ``cv2.resize`` alone.
        whole: from a frame to detections, in a loop.
        paced: the same at ``RATE``.
        sustained: frames a second, back to back.
        growth: of memory over many frames.
        resident: bytes of the process, with the detector open and nothing measured yet.
    """

    precision: str
    description: str
    resize: Times
    whole: Times
    paced: Times
    sustained: float
    growth: Growth
    resident: int


class EngineFigures(NamedTuple):
    """What was measured of the engine without the detector: as a CUDA graph, and step by step.

    Attributes:
        graph_on_gpu: GPU time of the inference, without copies.
        graph: with the copies.
        bare: frames a second of a bare enqueue loop.
        textbook: the loop that samples have.
        on_device: bytes that it takes on the GPU, as it was measured when it was built.
    """

    machine: Machine
    graph_on_gpu: Times
    steps_on_gpu: Times
    graph: Times
    steps: Times
    bare: float
    textbook: Times
    on_device: int


class NodeFigures(NamedTuple):
    """From the image's reception to the publication, and the bytes that the process holds."""

    times: Times
    resident: int


def measure_detector(bundle: Bundle, precision: str, device: int) -> DetectorFigures:
    """Open the detector and run its loops; ``precision`` may be ``auto``."""
    with Detector.open(bundle, "tensorrt", precision, EngineOptions(device=device)) as detector:
        return DetectorFigures(
            precision=detector.choice.precision,
            description=f"{detector.engine.description}, by {load_cuda().library}",
            resident=status_bytes("self", "VmRSS"),
            resize=gpu_loops.time_resize(bundle, FRAME),
            whole=gpu_loops.time_detector(detector, FRAME),
            paced=gpu_loops.time_detector_paced(detector, FRAME, RATE),
            sustained=gpu_loops.frames_per_second(detector, FRAME),
            growth=gpu_loops.growth(detector, FRAME),
        )


def measure_engine(bundle: Bundle, precision: str, device: int) -> EngineFigures:
    """Run the loops on the engine alone, with a busy core that waits."""
    machine, options = this_machine(device), EngineOptions(device=device, spin=True)
    file = find_engine(bundle, precision, machine, device)
    graph, steps = (
        gpu_loops.time_engine(bundle, precision, replace(options, cuda_graph=use))
        for use in (True, False)
    )
    return EngineFigures(
        machine=machine,
        graph_on_gpu=gpu_loops.time_on_gpu(bundle, precision, True, device),
        steps_on_gpu=gpu_loops.time_on_gpu(bundle, precision, False, device),
        graph=graph,
        steps=steps,
        bare=gpu_loops.bare_frames_per_second(bundle, precision, device),
        textbook=gpu_loops.time_textbook(bundle, precision, device),
        on_device=needed_memory(file.sidecar),
    )


def measure_node(bundle: Path, precision: str, device: int) -> NodeFigures:
    """Run the node on images at ``RATE``, and read what its diagnostics tell."""
    import rclpy  # not there where only the engine is looked at
    from rclpy.signals import SignalHandlerOptions

    from benchmarks.session import session

    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        height, width = FRAME
        parameters = {"backend": "tensorrt", "precision": precision, "device": str(device)}
        with session(bundle, RATE, width, height, parameters) as running:
            running.monitor.spin(_NODE_SECONDS)
            times = Times(*(running.milliseconds("node", name) for name in ("p50", "p99")))
            return NodeFigures(times, running.resident_bytes)
    finally:
        rclpy.try_shutdown()
