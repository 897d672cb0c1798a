"""Robots of the demo: a camera and a detector each, as processes of their own."""

from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Iterator, List, Sequence

from examples.fleet.fleet_monitor import FleetMonitor
from examples.shapes.processes import running

PARAMETERS = Path(__file__).with_name("detector.yaml")
RATE = 5.0  # images a second of each camera
SIZE = ("--width", "640", "--height", "360")


@contextmanager
def robots(monitor: FleetMonitor, given: Sequence[str], logs: Path) -> Iterator[None]:
    """Run the monitor's robots during the block; it notices when one of their processes ends.

    Args:
        given: parameters of the detectors, as ``bundle:=…``.
        logs: the folder for a log of each robot.
    """
    with ExitStack() as stack:
        for number, name in enumerate(monitor.robots, start=1):
            namespace = f"{monitor.get_namespace()}/{name}"
            log = stack.enter_context((logs / f"{name}.log").open("wb"))
            detector = running(
                "trt_inference.ros.process", *_detector(namespace, given), output=log
            )
            camera = running(
                "examples.shapes.camera", *_camera(namespace, number), sends_images=True, output=log
            )
            for what, process in (("detector", detector), ("camera", camera)):
                process_of = stack.enter_context(process)
                stack.enter_context(monitor.watching(f"{what} of {name}", process_of))
        yield


def _detector(namespace: str, given: Sequence[str]) -> List[str]:
    parameters = [part for one in given for part in ("-p", one)]
    return [*_ros(namespace), "--params-file", str(PARAMETERS), *parameters]


def _camera(namespace: str, seed: int) -> List[str]:
    # Every image is to arrive, at the robot and at the monitor.
    reliable = f"qos_overrides.{namespace}/image.publisher.reliability:=reliable"
    given = ("--rate", str(RATE), "--seed", str(seed))
    return [*SIZE, *given, *_ros(namespace), "-p", reliable]


def _ros(namespace: str) -> List[str]:
    return ["--ros-args", "-r", f"__ns:={namespace}"]
