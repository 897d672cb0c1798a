"""python3 -m benchmarks: frame to engine input, the node against a bare loop and beside one that is
written by hand, several cameras, memory.

A run can be stored, shown again, and compared with another one: what became slower beyond the noise
of both is named, and the exit code is then 1.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import List, Optional, Sequence

import rclpy
from rclpy.signals import SignalHandlerOptions
from rich.console import Console

from benchmarks.compare_runs import (
    FASTER,
    LEAST,
    SLOWER,
    Comparison,
    compare_runs,
    table_of_changes,
)
from benchmarks.figures import Sheet
from benchmarks.parts import PARTS, Choices
from benchmarks.stored_run import StoredRun, StoredRunError, new_run, read_run, save_run
from examples.shapes.watching_node import MonitorError
from trt_inference.errors import TrtInferenceError

WIDTH = 120  # what the tables need, also where the output is a file


def benchmark_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks", description=__doc__)
    measured = parser.add_mutually_exclusive_group(required=True)
    measured.add_argument("--bundle", type=Path)
    measured.add_argument("--stored", type=Path, help="show this stored run and measure nothing")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), help="some of the parts")
    parser.add_argument("--seconds", type=_seconds, default=3.5, help="of each stretch of a node")
    parser.add_argument("--frames", type=_count, default=2000, help="of the memory run")
    parser.add_argument(
        "--cameras",
        type=_count,
        nargs="+",
        default=[1, 2, 4, 8],
        help="how many, one after the other",
    )
    parser.add_argument(
        "--size", type=_size, default=(1920, 1080), help="of their images, as 640x480"
    )
    parser.add_argument(
        "--saved-model",
        type=Path,
        default=Path("build/demo/saved_model"),
        help="what the bundle was made from, for TensorFlow's own call",
    )
    parser.add_argument(
        "--quiet-peer",
        action="store_true",
        help="without the spinning of ONNX Runtime's threads in the node by hand",
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="store the run")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with a stored run")
    parser.add_argument(
        "--least",
        type=float,
        default=LEAST * 100,
        metavar="PERCENT",
        help="changes up to this much are none (default: %(default)g)",
    )
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise ValueError
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _size(text: str) -> Sequence[int]:
    """``1920x1080`` → width and height."""
    width, height = map(_count, text.split("x"))
    return width, height


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the benchmarks that are asked for."""
    options = benchmark_parser().parse_args(arguments)
    console = Console(width=WIDTH)
    try:
        # Before minutes are spent.
        old = None if options.against is None else read_run(options.against)
        if options.save is not None and not os.access(str(options.save.absolute().parent), os.W_OK):
            raise StoredRunError(f"{options.save.absolute().parent} is no folder to write into")
        run = _stored(options.stored, console) if options.stored else _measured(options, console)
        if options.save is not None:
            save_run(options.save, run)
            console.print(f"stored in {options.save}", markup=False)
    except (StoredRunError, TrtInferenceError) as error:
        console.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        return 130
    if old is not None:
        return _compare(old, run, options.least / 100, console)
    return 0 if run.sheets else 2


def _stored(file: Path, console: Console) -> StoredRun:
    run = read_run(file)
    console.print(f"{file}, measured at {run.made}", markup=False)
    for sheet in run.sheets:
        console.print(sheet.table())
    return run


def _measured(options: argparse.Namespace, console: Console) -> StoredRun:
    """Measure, and show each table when it is there."""
    chosen = options.only or list(PARTS)

    def tell(line: str) -> None:
        console.print(line, style="yellow", markup=False, soft_wrap=True)

    choices = Choices(
        options.bundle,
        options.seconds,
        options.frames,
        options.cameras,
        options.size,
        options.saved_model,
        not options.quiet_peer,
        tell,
    )
    expected = sum(PARTS[name].expected(choices) for name in chosen)
    console.print(f"{', '.join(chosen)}: about {expected / 60:.1f} minutes …")
    # Away from other ROS nodes of the machine, which would disturb and be disturbed.
    os.environ.setdefault("ROS_DOMAIN_ID", "87")
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    found: List[Sheet] = []
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        for name in chosen:
            console.print(f"{name}, about {PARTS[name].expected(choices):.0f} s …")
            try:
                for sheet in PARTS[name].measure(choices):
                    console.print(sheet.table())
                    found.append(sheet)
            except (TimeoutError, MonitorError) as error:  # the others are worth as much
                tell(f"{name} is not measured to its end: {error}")
    finally:
        rclpy.try_shutdown()
    names = ("seconds", "frames", "size", "quiet_peer")
    return new_run(options.bundle, {name: str(getattr(options, name)) for name in names}, found)


def _compare(old: StoredRun, run: StoredRun, least: float, console: Console) -> int:
    comparison = compare_runs(old, run, least)
    _tell_differences(comparison, console)
    machine = [
        *comparison.changed(SLOWER, ours=False),
        *comparison.changed(FASTER, ours=False),
    ]
    if machine:
        title = "not of this project, and changed all the same: the machine's pace is another one"
        console.print(table_of_changes(machine, title))
    slower, faster = comparison.changed(SLOWER), comparison.changed(FASTER)
    if faster:
        console.print(table_of_changes(faster, "faster than before"))
    if slower:
        console.print(table_of_changes(slower, "slower than before"))
    same = len(comparison.changes) - len(slower) - len(faster) - len(machine)
    console.print(f"{len(slower)} slower, {len(faster)} faster, {same} the same within their noise")
    return 1 if slower else 0


def _tell_differences(comparison: Comparison, console: Console) -> None:
    """What makes the comparison worth less."""
    for line in comparison.differences:
        console.print(f"the runs differ: {line}", style="yellow", markup=False, soft_wrap=True)
    for names, which in ((comparison.only_old, "stored"), (comparison.only_new, "new")):
        if names:
            console.print(
                f"only in the {which} run: {', '.join(names)}", markup=False, soft_wrap=True
            )


if __name__ == "__main__":
    sys.exit(main())
