"""python3 -m benchmarks.gpu: an engine, the detector, the node and the textbook loop on a GPU.

At its end it prints the figures as a row in Markdown, for the table of docs/jetson.md.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, Optional

from rich.console import Console
from rich.table import Table

from benchmarks.gpu_figures import (
    FRAME,
    RATE,
    DetectorFigures,
    EngineFigures,
    NodeFigures,
    measure_detector,
    measure_engine,
    measure_node,
)
from benchmarks.gpu_loops import Times, time_tensorflow
from benchmarks.measured_machine import UNKNOWN, read_machine
from benchmarks.owners_table import owners_table
from trt_inference.bundles.bundle import load_bundle
from trt_inference.doctor.host import Host
from trt_inference.engines.tensorrt.cuda.choose_library import CUDA_LIBRARIES, prefer_library
from trt_inference.errors import TrtInferenceError
from trt_inference.tools.argument_types import ArgumentParser, add_device


def gpu_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = ArgumentParser(prog="python3 -m benchmarks.gpu", description=__doc__)
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
    return parser


def main() -> int:
    """Run them all, one after the other on one engine."""
    parser = gpu_parser()
    options = parser.parse_args()
    if options.cuda and options.node:
        parser.error("--cuda is not for the node: uninstall the library that it should not take")
    console = Console(width=110)
    try:
        _run(options, console)
    except TrtInferenceError as error:
        console.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run(options: argparse.Namespace, console: Console) -> None:
    bundle, device = load_bundle(options.bundle), options.device
    if options.cuda:
        prefer_library(options.cuda)
    detector = measure_detector(bundle, options.precision, device)
    name = f"{bundle.name} {detector.precision}"
    console.print(f"{name}: {detector.description}", markup=False, soft_wrap=True)
    engine = measure_engine(bundle, detector.precision, device)
    node = measure_node(options.bundle, detector.precision, device) if options.node else None
    tensorflow = time_tensorflow(bundle, options.saved_model)
    console.print(_latencies(detector, engine, node, tensorflow))
    _print_ratios(detector, engine, node, console)
    console.print(
        f"\nTo send your figures in, paste this into an issue; '{UNKNOWN}' is for you to fill in:\n"
    )
    size = f"{bundle.input.width}x{bundle.input.height}"
    table = owners_table(read_machine(Host()), name, size, detector, engine, node)
    console.print(table, markup=False, highlight=False, soft_wrap=True)


def _latencies(
    detector: DetectorFigures,
    engine: EngineFigures,
    node: Optional[NodeFigures],
    tensorflow: Optional[Times],
) -> Table:
    """What could be measured."""
    rows: Dict[str, Optional[Times]] = {
        "GPU time of the inference, as a CUDA graph": engine.graph_on_gpu,
        "GPU time of the inference, step by step": engine.steps_on_gpu,
        "engine: copies and inference, as a CUDA graph": engine.graph,
        "engine: the same, step by step": engine.steps,
        "cv2.resize alone": detector.resize,
        "detector: frame → detections": detector.whole,
        f"detector, at {RATE:g} frames a second": detector.paced,
        "node: image received → detections published": None if node is None else node.times,
        "textbook loop: allocate, copy, execute, copy, free": engine.textbook,
        "TensorFlow, the SavedModel, without preparation": tensorflow,
    }
    table = Table("", "p50 ms", "p99 ms", title=f"one frame of {FRAME[1]}x{FRAME[0]}")
    for name, times in rows.items():
        if times is not None:
            table.add_row(name, f"{times.p50:.3f}", f"{times.p99:.3f}")
    return table


def _print_ratios(
    detector: DetectorFigures,
    engine: EngineFigures,
    node: Optional[NodeFigures],
    console: Console,
) -> None:
    """What the project's goals are about."""
    around = detector.whole.p50 - engine.graph.p50 - detector.resize.p50
    console.print(
        f"sustained: detector {detector.sustained:.0f} frames/s, bare enqueue loop with the same "
        f"transfers {engine.bare:.0f}/s, ratio {detector.sustained / engine.bare:.3f} (goal 0.95)"
    )
    console.print(f"detector less engine and resize: {around:.3f} ms (goal 1.0)")
    if node is not None:
        later = node.times.p50 - detector.paced.p50
        console.print(f"node less detector at its rate: {later:.3f} ms (goal 0.5)")
    console.print(
        f"textbook loop: {engine.textbook.p50 / engine.graph.p50:.2f} times the engine (goal 3 on "
        "3 ms engines)"
    )
    console.print(
        f"over {detector.growth.frames} frames: Python's memory grew by {detector.growth.python} "
        f"bytes, the GPU's by {detector.growth.device}"
    )


if __name__ == "__main__":
    sys.exit(main())
