"""The nodes that run: whether images arrive, and how the detectors are."""

from typing import Any, Dict, Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ask_rclpy import ask_rclpy, ros_is_in_use
from trt_inference.doctor.middleware.check_discovery import domain
from trt_inference.doctor.middleware.graph_detectors import diagnose_detectors
from trt_inference.doctor.middleware.graph_images import diagnose_images
from trt_inference.doctor.middleware.implementation import missing_implementation
from trt_inference.doctor.probe import run_probe
from trt_inference.printable import printable, shortened

_SUBJECT = "Nodes"
_PROBE = "trt_inference.ros.probes.graph_probe"
_SECONDS = 60.0  # it needs some 7, and a Nano some more to import all


def check_graph(host: Host) -> Iterator[Diagnosis]:
    """What runs at this moment; it takes some seconds. Nothing where there is no ROS."""
    if not ros_is_in_use(host):
        return
    if missing_implementation(host) or not _is_importable(host):
        yield _not_looked_at("ROS does not work here", "Mend what is reported of ROS above.")
        return
    asked = run_probe(host, _PROBE, seconds=_SECONDS)
    if asked.problem:
        text = f"the program that looks {shortened(printable(asked.problem))}"
        yield _not_looked_at(text, "Mend what is reported of ROS above, and try: ros2 topic list")
        return
    yield from _diagnose(host, asked.answer)


def _is_importable(host: Host) -> bool:
    steps = ask_rclpy(host).answer.get("steps", [])
    return bool(steps) and not any(problem for _, problem in steps)


def _not_looked_at(why: str, remedy: str) -> Diagnosis:
    text = f"Neither cameras nor detectors were looked at: {why}."
    return caution(_SUBJECT, "graph-not-looked-at", text, remedy)


def _diagnose(host: Host, answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    for name in answer["names_twice"]:
        yield caution(
            _SUBJECT,
            "name-of-two-nodes",
            f"Two nodes are called {printable(name)} (or one was killed less than a minute ago): "
            "commands reach either of them.",
            "End one of them, or give it another name: --ros-args -r __node:=NAME",
        )
    if answer["failure"]:
        yield caution(
            _SUBJECT,
            "message-not-readable",
            f"A message could not be read: {printable(answer['failure'])}.",
            "Find out who sends it: ros2 topic info --verbose TOPIC",
        )
    yield from diagnose_images(host, answer) if answer["topics"] else [_no_images(host, answer)]
    yield from diagnose_detectors(answer)


def _no_images(host: Host, answer: Dict[str, Any]) -> Diagnosis:
    count = answer["nodes"]
    others = f"{count} other node{'s run' if count > 1 else ' runs'}" if count else "no node runs"
    return caution(
        "Images",
        "no-image-topic",
        f"Nobody publishes images in domain {printable(domain(host))[:20]}, where {others}.",
        "Start the camera and run this again. If it runs: in its shell, ROS_DOMAIN_ID and "
        "RMW_IMPLEMENTATION must be the same as here.",
    )
