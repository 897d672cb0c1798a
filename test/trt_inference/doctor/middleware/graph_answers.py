"""What the probes of ROS answer on a made-up machine: their processes are told what to print."""

import json
import shlex
from typing import Any, Dict

from test.trt_inference.doctor.fake_machine import FakeHost, FakeMachine

# What the probe reports; test_graph_probe.py compares it with what it really does.
ANSWERS: Dict[str, Any] = {
    "nodes": 1,
    "names_twice": [],
    "simulated_time": False,
    "topics": [],
    "left_out": 0,
    "detectors": [],
    "failure": "",
}
_HEALTHY = {
    "found": True,
    "python": "3.10",
    "extensions": [],
    "steps": [["rclpy", ""]],
    "implementation": "rmw_fastrtps_cpp",
}


def host_that_sees(machine: FakeMachine, **answer: Any) -> FakeHost:
    """A machine whose probe of the graph answers this. Nothing runs but what the arguments tell."""
    assert set(answer) <= set(ANSWERS)
    graph = json.dumps({**ANSWERS, **answer})
    return host_that_runs(machine, f"printf '%s\\n' {shlex.quote(graph)}")


def host_that_runs(machine: FakeMachine, instead: str) -> FakeHost:
    """A machine that runs a line of the shell instead of the probe of the graph, and whose rclpy
    can be imported."""
    healthy = f"printf '%s\\n' {shlex.quote(json.dumps(_HEALTHY))}"
    machine.script(
        "python-double", f'case "$*" in\n*graph_probe*) {instead};;\n*) {healthy};;\nesac'
    )
    host = machine.host()
    host.python = "python-double"
    return host


def topic(name: str = "/camera/image", reliability: str = "best_effort", **came: Any) -> Any:
    """A topic with one publisher, as the probe reports it, from which 30 images a second come."""
    arrived: Dict[str, Any] = {
        "asked": reliability,
        "received": 90,
        "rate": 30.0,
        "lost": 0,
        "bytes": 640 * 480 * 3,
        "age": 0.02,
        "format": "640x480 bgr8",
        "rejected": "",
    }
    arrived.update(came)
    is_compressed = name.endswith("/compressed")
    return {
        "name": name,
        "transport": "compressed" if is_compressed else "raw",
        "base": name[: -len("/compressed")] if is_compressed else name,
        "publishers": [publisher("/camera/driver", reliability)],
        "came": arrived,
    }


def publisher(name: str, reliability: str = "best_effort") -> Dict[str, Any]:
    """A publisher, as the probe reports it."""
    return {"node": name, "reliability": reliability, "durability": "volatile", "depth": 0}


def detector(state: str = "active", *topics: str, **changes: Any) -> Dict[str, Any]:
    """A running detector, as the probe reports it."""
    found: Dict[str, Any] = {
        "name": "/detector",
        "state": state,
        "parameters": {"bundle": "/b", "image_transport": "raw", "image_reliability": "auto"},
        "topics": [{"name": name, "reliability": "best_effort"} for name in topics],
        "statuses": [],
    }
    found.update(changes)
    return found
