"""python3 -m benchmarks.soak: whether the node holds more and more of the machine.

A camera sends images for minutes or hours, and what the node's process holds is printed at the
end of each interval. In each interval the camera starts anew, changes the size and the encoding of
its images in mid-stream, and parameters change; ``--steady`` leaves that out.

In the first intervals, the warm-up, the camera is too fast for a small computer, so that the node
holds as many images at once as it ever will. After it the process' own memory must stay as it is:
RSS and PSS count pages of the middleware and of libraries too, as others come and go.
"""

import argparse
import os
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Callable, ContextManager, Iterator, List, NamedTuple, Sequence, Tuple

import rclpy
from lifecycle_msgs.msg import Transition
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from benchmarks.session import PARAMETERS, STARTED, Session
from benchmarks.vitals import Vitals, vitals_of
from examples.shapes.monitor import Monitor
from examples.shapes.processes import running

NAMESPACE = f"/soak_{os.getpid()}"
STEADY = ("1280x720:bgr8",)
CHANGING = ("640x480:rgb8", "1920x1080:bgr8", "640x480:mono8", "1280x720:bgr8")
THRESHOLDS = (0.3, 0.7)  # in turn
RATE, RATE_OF_WARM_UP = 30.0, 120.0  # images a second
WARM_UP = 0.2  # of the intervals
STAGES = ("wait", "inference", "node")
TITLES = (
    "minutes",
    "RSS MB",
    "PSS MB",
    "own MB",
    "threads",
    "files",
    "received",
    "inferred",
    "dropped",
    *(f"{one} p50/p99" for one in STAGES),
)


class Row(NamedTuple):
    """What was seen at the end of an interval. Times are in milliseconds."""

    minutes: float
    vitals: Vitals
    counters: Tuple[int, int, int]
    times: Tuple[Tuple[float, float], ...]

    def cells(self) -> List[str]:
        """As they are printed below the titles."""
        memory = self.vitals[:3]
        return [
            f"{self.minutes:.1f}",
            *(f"{one / 1e6:.2f}" for one in memory),
            str(self.vitals.threads),
            str(self.vitals.descriptors),
            *map(str, self.counters),
            *(f"{p50:.1f}/{p99:.1f}" for p50, p99 in self.times),
        ]


def print_cells(cells: Sequence[str]) -> None:
    """One line of the table, at once."""
    widths = [max(len(title), 8) for title in TITLES]
    print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths)), flush=True)


class Soak:
    """One run of the node, with a row for each interval."""

    def __init__(self, bundle: Path, minutes: float, intervals: int, log: Path) -> None:
        """
        Args:
            log: the file for the node's output.
        """
        self._bundle, self._log = bundle, log
        self._seconds = minutes * 60 / intervals
        self._intervals = intervals
        self._warm_up = max(1, round(intervals * WARM_UP))
        self.rows: List[Row] = []

    def run(self, steady: bool) -> None:
        """Print a row after each interval."""
        print_cells(TITLES)
        with node(self._bundle, self._log) as session, ExitStack() as stack:
            for number in range(self._intervals):
                if number in (0, self._warm_up) or not steady:
                    stack.close()
                    stack.enter_context(self._camera(number < self._warm_up, steady))
                if not steady:
                    set_threshold(session.monitor, THRESHOLDS[number % len(THRESHOLDS)])
                session.monitor.spin(self._seconds)
                self.rows.append(look(session, (number + 1) * self._seconds / 60))
                print_cells(self.rows[-1].cells())

    def growth(self, of: Callable[[Vitals], int]) -> float:
        """How much more the process held in the last third of the time after the warm-up than in
        the first third, in the median, as a fraction."""
        held = [of(row.vitals) for row in self.rows[self._warm_up :]]
        third = max(1, len(held) // 3)
        return median(held[-third:]) / median(held[:third]) - 1

    def _camera(self, warms_up: bool, steady: bool) -> ContextManager[None]:
        formats = STEADY if steady else CHANGING
        rate = RATE_OF_WARM_UP if warms_up else RATE
        return camera(formats, rate, self._seconds / len(formats))


@contextmanager
def node(bundle: Path, log: Path) -> Iterator[Session]:
    """Configured and active."""
    given = {**PARAMETERS, "bundle": str(bundle)}
    parameters = [part for name, value in given.items() for part in ("-p", f"{name}:={value}")]
    arguments = ("--ros-args", "-r", f"__ns:={NAMESPACE}", *parameters)
    with log.open("wb") as output, running(
        "trt_inference.ros.process", *arguments, output=output
    ) as process:
        monitor = Monitor(namespace=NAMESPACE, watches_messages=False)
        try:
            with monitor.watching("node", process):
                monitor.transition(Transition.TRANSITION_CONFIGURE)
                monitor.transition(Transition.TRANSITION_ACTIVATE)
                yield Session(monitor, process)
        finally:
            monitor.destroy_node()


@contextmanager
def camera(formats: Sequence[str], rate: float, period: float) -> Iterator[None]:
    """A process that sends ``rate`` images a second, each format for ``period`` seconds."""
    given = (*formats, "--rate", str(rate), "--period", str(period))
    in_namespace = ("--ros-args", "-r", f"__ns:={NAMESPACE}")
    with running("benchmarks.changing_camera", *given, *in_namespace, sends_images=True):
        yield


def set_threshold(monitor: Monitor, value: float) -> None:
    """Set the score threshold, which is live.

    Raises:
        RuntimeError: the node refuses it, or does not answer.
    """
    client: Any = monitor.create_client(SetParameters, "detector/set_parameters")
    try:
        if not monitor.spin(STARTED, until=client.service_is_ready):
            raise RuntimeError("the node offers no set_parameters")
        message = Parameter("score_threshold", value=value).to_parameter_msg()
        answer = client.call_async(SetParameters.Request(parameters=[message]))
        if not monitor.spin(STARTED, until=answer.done):
            raise RuntimeError("the node does not answer to set_parameters")
        if not answer.result().results[0].successful:
            raise RuntimeError(f"refused: {answer.result().results[0].reason}")
    finally:
        monitor.destroy_client(client)


def look(session: Session, minutes: float) -> Row:
    """What the node holds now, and its last diagnostics.

    Raises:
        TimeoutError: it publishes no diagnostics, or has not inferred an image.
    """
    session.monitor.record.diagnostics = {}
    session.wait_for(1, STARTED)
    times = tuple(
        (session.milliseconds(stage, "p50"), session.milliseconds(stage, "p99")) for stage in STAGES
    )
    counters = session.count("received"), session.count("inferred"), session.count("dropped")
    return Row(minutes, vitals_of(session.process.pid), counters, times)


def verdict(run: Soak, limit: float) -> bool:
    """Say whether memory, threads and files stayed as they were; True when they did."""
    growths = {
        "own memory": run.growth(lambda vitals: vitals.anonymous),
        "threads": run.growth(lambda vitals: vitals.threads),
        "open files": run.growth(lambda vitals: vitals.descriptors),
    }
    for name, growth in growths.items():
        verdict = "stayed flat" if growth <= limit else "GREW"
        print(f"{name} {verdict}: {growth:+.2%} since the warm-up, the limit is {limit:.0%}")
    return all(growth <= limit for growth in growths.values())


def main() -> int:
    """Soak the node. The exit code is 1 when it held more and more."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.soak", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--intervals", type=int, default=20, help="rows of the table, 3 or more")
    parser.add_argument("--steady", action="store_true", help="one camera that changes nothing")
    parser.add_argument("--limit", type=float, default=0.01, help="growth that counts as flat")
    parser.add_argument("--log", type=Path, default=Path("build/soak.log"), help="of the node")
    options = parser.parse_args()
    if options.intervals < 3:
        parser.error(f"--intervals {options.intervals}: with fewer than 3 nothing can be compared")
    # Away from other ROS nodes of the machine, which would disturb and be disturbed.
    os.environ.setdefault("ROS_DOMAIN_ID", "87")
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    options.log.parent.mkdir(parents=True, exist_ok=True)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        run = Soak(options.bundle, options.minutes, options.intervals, options.log)
        run.run(options.steady)
        return 0 if verdict(run, options.limit) else 1
    except KeyboardInterrupt:
        return 130
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    sys.exit(main())
