"""The demo of a fleet: two robots ask one Triton server, which is killed and comes back. A
subscriber notes what it receives of them, and finds out who computed it."""

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import List, Sequence

import rclpy
from rclpy.signals import SignalHandlerOptions
from rich.console import Console

from examples.fleet.answerers import Judge, choose_precisions
from examples.fleet.fleet_monitor import FleetMonitor
from examples.fleet.fleet_tables import conclusions, print_tables, problems_of, summaries_of
from examples.fleet.narrator import Narrator
from examples.fleet.story import Fleet, Story
from examples.fleet.triton_server import TritonServerError, why_there_is_none
from examples.shapes.processes import program
from examples.shapes.watching_node import MonitorError
from trt_inference.bundles.bundle import load_bundle
from trt_inference.errors import TrtInferenceError
from trt_inference.printable import printable_lines, shortened

NAMESPACE = f"/fleet_{os.getpid()}"  # two demos do not disturb each other
ROBOTS = ("robot_1", "robot_2")
MOST_CHARACTERS = 3000  # of an error, which may have the server's log
BEGINNING = """\
Two robots share one Triton server, which runs their detector for them. They have \
the same bundle, and each runs it itself when the server does not answer.
To tell whose a result is, the server has the {server} network of the bundle, and \
the robots have {robot}: a subscriber runs both on each image, and compares the scores.
"""
END = """
The logs of the robots are in {folder}, with the model repository that
export-triton has written. To try next:
  read docs/fleet.md: a server for your robots, versions and roll-back, TLS, what to watch
  export the bundle for a Triton server with a GPU:
    {program} export-triton {bundle} models --platform onnxruntime_onnx
"""


def run(options: argparse.Namespace, console: Console) -> List[str]:
    """Run the demo and print its tables; what was not as it should be, a sentence each.

    Raises:
        TrtInferenceError: the bundle cannot be used.
        MonitorError: a robot does not come up, or ends.
        TritonServerError: the server does not start.
    """
    bundle = load_bundle(options.bundle)
    of_server, of_robot = choose_precisions(bundle)
    folder = new_folder_of(options.output)
    console.print(BEGINNING.format(server=of_server, robot=of_robot), highlight=False)
    judge = Judge(bundle, of_server)
    monitor = FleetMonitor(NAMESPACE, ROBOTS, bundle.labels, judge)
    narrator = Narrator(console)
    monitor.create_timer(0.2, lambda: narrator.look(monitor.robots))
    story = Story(Fleet(bundle, of_server, folder, monitor, narrator), options.seconds)
    try:
        story.run()
        judge.close()
    finally:
        monitor.destroy_node()
    receipts = {name: robot.receipts for name, robot in monitor.robots.items()}
    summaries = summaries_of(receipts, story.phases)
    print_tables(summaries, console)
    end = END.format(folder=folder, program=program(), bundle=bundle.path)
    for text in (*conclusions(summaries), end):
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    return problems_of(summaries)


def new_folder_of(output: Path) -> Path:
    """The folder without what an earlier demo has left in it."""
    shutil.rmtree(output / "repository", ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    return output


def main() -> int:
    """Run the demo. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True, help="with two precisions")
    parser.add_argument("--output", type=Path, required=True, help="folder for server and logs")
    parser.add_argument("--seconds", type=float, default=8.0, help="of a phase")
    options = parser.parse_args()
    console = Console()
    reason = why_there_is_none()
    if reason:
        return fail(console, [reason])
    # Ended in whatever way, the demo ends its processes.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    # Not to be mixed up with ROS nodes of other people in the same network.
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        return fail(console, run(options, console))
    except (TrtInferenceError, MonitorError, TritonServerError, OSError) as error:
        return fail(console, [str(error)])
    except KeyboardInterrupt:
        return 130
    finally:
        rclpy.try_shutdown()


def fail(console: Console, problems: Sequence[str]) -> int:
    """Print problems, and return the exit code that goes with them: 0 if there are none."""
    for problem in problems:
        text = printable_lines(shortened(problem, MOST_CHARACTERS))
        console.print(f"error: {text}", style="red", markup=False, soft_wrap=True)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
