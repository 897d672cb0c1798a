"""python3 -m benchmarks.gpu_nodes: the node beside its engine, for many bundles, precisions, sizes
and numbers of cameras, on engines that were built before.

Of each combination it prints a row in Markdown: percentiles of the engine alone at the camera's
rate, before and after the node, and of the node's stages, in ms as p50 / p95 / p99. `node - engine`
is marked with ! where it misses the target. A combination that fails is a row with its reason, and
the others go on; with --output, what has been measured is kept, and is not measured again.

With --trees, the node of other checkouts is measured as well, each combination right after the
other: the state before a change beside that after it.
"""

import argparse
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Tuple

import numpy as np
import rclpy
from rclpy.signals import SignalHandlerOptions

from benchmarks.case_session import as_parameters, case_session
from benchmarks.node_case import (
    PERCENTILES,
    NodeCase,
    NodeRow,
    keep_row,
    markdown,
    markdown_head,
    measured,
    node_cases,
)
from benchmarks.pacing import paced
from examples.shapes.processes import ROOT
from examples.shapes.watching_node import MonitorError
from trt_inference.bundles.bundle import load_bundle
from trt_inference.errors import TrtInferenceError
from trt_inference.inference.detector import Detector
from trt_inference.tools.argument_types import ArgumentParser

_WARM_UP = 1.0  # seconds
_FAILURES = (TrtInferenceError, MonitorError, TimeoutError, OSError, KeyError, ValueError)


def main() -> int:
    """Measure all that is asked for."""
    parser = nodes_parser()
    options = parser.parse_args()
    try:
        parameters = as_parameters(options.parameters)
    except ValueError as error:
        parser.error(str(error))
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        _measure_all(options, parameters)
    except KeyboardInterrupt:
        return 130
    finally:
        rclpy.try_shutdown()
    return 0


def nodes_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = ArgumentParser(prog="python3 -m benchmarks.gpu_nodes", description=__doc__)
    parser.add_argument("--bundles", type=Path, nargs="+", required=True)
    parser.add_argument("--precisions", nargs="+", default=["fp16"])
    parser.add_argument("--sizes", type=_size, nargs="+", default=[(1280, 720)], metavar="WxH")
    parser.add_argument("--cameras", type=int, nargs="+", default=[1])
    parser.add_argument("--seconds", type=float, default=8.0, help="of each node (default: 8)")
    parser.add_argument("--rate", type=float, default=30.0, help="of each camera (default: 30)")
    parser.add_argument("--backend", default="tensorrt")
    parser.add_argument("--trees", type=Path, nargs="+", default=[ROOT], metavar="CHECKOUT")
    parser.add_argument(
        "--parameters", nargs="+", default=[], metavar="NAME:=VALUE", help="more of the node"
    )
    parser.add_argument("--output", type=Path, help="file of JSON lines that rows are added to")
    return parser


def _size(text: str) -> Tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _measure_all(options: argparse.Namespace, parameters: Mapping[str, str]) -> None:
    known = measured(options.output) if options.output else set()
    trees = [tree.resolve() for tree in options.trees]
    bundles = [bundle.resolve() for bundle in options.bundles]
    print(markdown_head(), flush=True)
    alone = EngineAlone(options.backend)
    with alone:
        for case in node_cases(trees, bundles, options.precisions, options.sizes, options.cameras):
            if case.key in known:
                continue
            row = measure(case, options, parameters, alone)
            print(markdown(row), flush=True)
            if options.output:
                keep_row(options.output, row)


class EngineAlone:
    """The engine of one combination, kept open for the next one, which mostly has the same."""

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._open_for: Optional[Tuple[Path, str]] = None
        self._detector: Optional[Detector] = None
        self._closing = ExitStack()

    def times(self, case: NodeCase, rate: float, seconds: float) -> np.ndarray:
        """Seconds of each run, as many runs a second as the node makes.

        Raises:
            TrtInferenceError: there is no such engine, or it cannot run here.
        """
        detector = self._open(case)
        runs = rate * -(-case.cameras // detector.batch)
        return paced(detector.engine.infer, runs, seconds).times

    def _open(self, case: NodeCase) -> Detector:
        wanted = case.bundle, case.precision
        if self._detector is None or wanted != self._open_for:
            self.close()
            bundle = load_bundle(case.bundle)
            self._detector = Detector.open(bundle, self._backend, case.precision)
            self._closing.callback(self._detector.close)
            self._open_for = wanted
        return self._detector

    def close(self) -> None:
        """Close the engine that is open; another one may be opened."""
        self._detector = None
        self._closing.close()

    def __enter__(self) -> "EngineAlone":
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(TrtInferenceError):  # it has been told of
            self.close()


def measure(
    case: NodeCase,
    options: argparse.Namespace,
    parameters: Mapping[str, str],
    alone: EngineAlone,
) -> NodeRow:
    """One row, with the reason where it failed."""
    around: List[np.ndarray] = []
    try:
        around.append(alone.times(case, options.rate, options.seconds / 4))
        with case_session(case, options.rate, options.backend, parameters) as session:
            session.see()
            session.spin(_WARM_UP)
            first = session.see()
            session.spin(options.seconds)
            last, resident = session.see(), session.resident
        around.append(alone.times(case, options.rate, options.seconds / 4))
    except _FAILURES as error:
        return NodeRow(case.key, _percentiles(around), failure=_one_line(error))
    seconds = last.at - first.at
    return NodeRow(
        case.key,
        _percentiles(around),
        last.stages,
        (last.inferred - first.inferred) / seconds,
        {name: count - first.missing[name] for name, count in last.missing.items()},
        (last.processor - first.processor) / seconds,
        resident,
    )


def _percentiles(runs: List[np.ndarray]) -> Dict[str, float]:
    """Milliseconds; nothing where nothing was run."""
    if not runs:
        return {}
    values = np.percentile(np.concatenate(runs) * 1e3, (50, 95, 99))
    return {name: float(value) for name, value in zip(PERCENTILES, values)}


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()).replace("|", "/")
    return f"{type(error).__name__}: {text[:300]}"


if __name__ == "__main__":
    sys.exit(main())
