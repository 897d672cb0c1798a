"""python3 -m benchmarks.gpu: an engine, the detector, the node and the textbook loop on a GPU."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Mapping, Optional

from rich.console import Console
from rich.table import Table

from benchmarks import gpu_loops
from benchmarks.gpu_loops import Times
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.tensorrt.cuda.choose_library import (
    CUDA_LIBRARIES,
    load_cuda,
    prefer_library,
)
from trt_inference.errors import TrtInferenceError
from trt_inference.inference.detector import Detector
from trt_inference.tools.argument_types import add_device

_NODE_RATE = 30.0  # images a second
_NODE_SECONDS = 15.0
_FRAME = (720, 1280)


def main() -> int:
    """Run them all in one process, one after the other on one engine."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--precision", default="auto")
    add_device(parser)
    parser.add_argument(
        "--cuda",
        choices=CUDA_LIBRARIES,
        help="the library for CUDA, where both are installed (default: pycuda); not with --node, "
        "which takes the one that it finds",
    )
    parser.add_argument(
        "--saved-model", type=Path, help="what the bundle was made from, to time it in TensorFlow"
    )
    parser.add_argument("--node", action="store_true", help="the node, too: 20 seconds, needs ROS")
    options = parser.parse_args()
    if options.cuda and options.node:
        parser.error("--cuda is not for the node: uninstall the library that it should not take")
    console = Console(width=110)
    try:
        _run(options, console)
    except TrtInferenceError as error:
        console.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    return 0


def _run(options: argparse.Namespace, console: Console) -> None:
    bundle, device = load_bundle(options.bundle), options.device
    if options.cuda:
        prefer_library(options.cuda)
    on_device = EngineOptions(device=device)
    with Detector.open(bundle, "tensorrt", options.precision, on_device) as detector:
        precision = detector.choice.precision
        how = f"{detector.engine.description}, by {load_cuda().library}"
        console.print(f"{bundle.name} {precision}: {how}", soft_wrap=True)
        resize = gpu_loops.time_resize(bundle, _FRAME)
        whole = gpu_loops.time_detector(detector, _FRAME)
        at_rate = gpu_loops.time_detector_paced(detector, _FRAME, _NODE_RATE)
        sustained = gpu_loops.frames_per_second(detector, _FRAME)
        memory = gpu_loops.growth(detector, _FRAME)
    graph, plain = (
        gpu_loops.time_engine(bundle, precision, replace(on_device, cuda_graph=use, spin=True))
        for use in (True, False)
    )
    on_gpu = [
        gpu_loops.time_on_gpu(bundle, precision, as_graph, device) for as_graph in (True, False)
    ]
    bare = gpu_loops.bare_frames_per_second(bundle, precision, device)
    textbook = gpu_loops.time_textbook(bundle, precision, device)
    node = _node(options, precision) if options.node else None
    tensorflow = gpu_loops.time_tensorflow(bundle, options.saved_model)
    rows = {
        "GPU time of the inference, as a CUDA graph": on_gpu[0],
        "GPU time of the inference, step by step": on_gpu[1],
        "engine: copies and inference, as a CUDA graph": graph,
        "engine: the same, step by step": plain,
        "cv2.resize alone": resize,
        "detector: frame → detections": whole,
        f"detector, at {_NODE_RATE:g} frames a second": at_rate,
        "node: image received → detections published": node,
        "textbook loop: allocate, copy, execute, copy, free": textbook,
        "TensorFlow, the SavedModel, without preparation": tensorflow,
    }
    console.print(_latencies(rows))
    console.print(
        f"sustained: detector {sustained:.0f} frames/s, bare enqueue loop with the same transfers "
        f"{bare:.0f}/s, ratio {sustained / bare:.3f} (goal 0.95)"
    )
    console.print(
        f"detector less engine and resize: {whole.p50 - graph.p50 - resize.p50:.3f} ms (goal 1.0)"
    )
    if node is not None:
        console.print(f"node less detector at its rate: {node.p50 - at_rate.p50:.3f} ms (goal 0.5)")
    console.print(
        f"textbook loop: {textbook.p50 / graph.p50:.2f} times the engine (goal 3 on 3 ms engines)"
    )
    console.print(
        f"over {gpu_loops.FRAMES} frames: Python's memory grew by {memory.python} bytes, the GPU's "
        f"by {memory.device}"
    )


def _latencies(rows: Mapping[str, Optional[Times]]) -> Table:
    """What could be measured."""
    table = Table("", "p50 ms", "p99 ms", title=f"one frame of {_FRAME[1]}x{_FRAME[0]}")
    for name, times in rows.items():
        if times is not None:
            table.add_row(name, f"{times.p50:.3f}", f"{times.p99:.3f}")
    return table


def _node(options: argparse.Namespace, precision: str) -> Times:
    """From the node's own diagnostics."""
    import rclpy  # not there where only the engine is looked at
    from rclpy.signals import SignalHandlerOptions

    from benchmarks.session import session

    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        height, width = _FRAME
        parameters = {
            "backend": "tensorrt",
            "precision": precision,
            "device": str(options.device),
        }
        with session(options.bundle, _NODE_RATE, width, height, parameters) as running:
            running.monitor.spin(_NODE_SECONDS)
            return Times(*(running.milliseconds("node", name) for name in ("p50", "p99")))
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    sys.exit(main())
