"""The node of any checkout with as many cameras as wanted, as processes, and its figures."""

import os
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Dict, Iterator, List, Mapping, Tuple

from lifecycle_msgs.msg import Transition

from benchmarks.node_case import PERCENTILES, STAGES, NodeCase
from benchmarks.process_memory import status_bytes
from benchmarks.session import NAMESPACE, PARAMETERS, STARTED, CameraMonitor
from examples.shapes.processes import running

_COUNTS = ("dropped", "rejected", "lost by the middleware")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Seen:
    """The node's counts and clocks at one moment.

    Attributes:
        inferred: images of all cameras.
        processor: seconds that the node has used.
    """

    at: float
    inferred: int
    missing: Mapping[str, int]
    processor: float
    detector: Mapping[str, str]

    @property
    def stages(self) -> Dict[str, Dict[str, float]]:
        """Percentiles by stage, in milliseconds, of those that there are."""
        return {
            stage: {name: float(self.detector[f"{stage} {name} ms"]) for name in PERCENTILES}
            for stage in STAGES
            if f"{stage} p50 ms" in self.detector
        }


class CaseSession:
    """A running node with its cameras."""

    def __init__(self, case: NodeCase, monitor: CameraMonitor, process: subprocess.Popen) -> None:
        self._case, self._monitor, self._process = case, monitor, process

    def spin(self, seconds: float) -> None:
        """Let it run.

        Raises:
            MonitorError: the node has ended.
        """
        self._monitor.spin(seconds)

    def see(self) -> Seen:
        """Wait for a new status of the detector and of each camera that has results.

        Raises:
            MonitorError: the node has ended.
            TimeoutError: not all cameras had results in time.
        """
        monitor = self._monitor
        monitor.cameras, monitor.record.diagnostics = {}, {}
        if not monitor.spin(STARTED, until=self._is_complete):
            raise TimeoutError(
                f"{len(monitor.cameras)} cameras have a status, not all have results"
            )
        cameras = list(monitor.cameras.values())
        return Seen(
            time.monotonic(),
            sum(int(one["inferred"]) for one in cameras),
            {name: sum(_number(one.get(name, "0")) for one in cameras) for name in _COUNTS},
            processor_seconds(self._process.pid),
            dict(monitor.record.diagnostics),
        )

    @property
    def resident(self) -> int:
        """Bytes of the node's process."""
        return status_bytes(self._process.pid, "VmRSS")

    def _is_complete(self) -> bool:
        found = self._monitor.cameras.values()
        has_results = all("age p95 ms" in values for values in found)
        is_told = "node p50 ms" in self._monitor.record.diagnostics
        return len(found) == self._case.cameras and has_results and is_told


@contextmanager
def case_session(
    case: NodeCase,
    rate: float,
    backend: str,
    others: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[CaseSession]:
    """An active node, and cameras that each send one picture ``rate`` times a second.

    Args:
        others: more parameters of the node.

    Raises:
        MonitorError: the node has ended, or did not configure itself.
    """
    spaces = _spaces(case.cameras)
    given = {**PARAMETERS, "bundle": str(case.bundle), "precision": case.precision, **others}
    given["backend"] = backend
    if case.cameras > 1:
        given["image_topics"] = str([f"{space}/image" for space in spaces])
    words = [word for name, value in given.items() for word in ("-p", f"{name}:={value}")]
    node = ("--ros-args", "-r", f"__ns:={NAMESPACE}", *words)
    size = ("--width", str(case.width), "--height", str(case.height), "--still")
    with ExitStack() as stack:
        process = stack.enter_context(running("trt_inference.ros.process", *node, root=case.tree))
        monitor = CameraMonitor()
        stack.callback(monitor.destroy_node)
        stack.enter_context(monitor.watching("node", process))
        monitor.transition(Transition.TRANSITION_CONFIGURE)
        monitor.transition(Transition.TRANSITION_ACTIVATE)
        for space in spaces:
            camera = ("--rate", str(rate), *size, "--ros-args", "-r", f"__ns:={space}")
            stack.enter_context(running("examples.shapes.camera", *camera, sends_images=True))
        yield CaseSession(case, monitor, process)


def processor_seconds(process: int) -> float:
    """What a process has used of the processor, of all its threads.

    Raises:
        FileNotFoundError: it has ended.
    """
    with open(f"/proc/{process}/stat", encoding="utf-8") as file:
        after_name = file.read().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


def as_parameters(words: List[str]) -> Dict[str, str]:
    """``name:=value`` as on the command line of a node.

    Raises:
        ValueError: a word is none.
    """
    pairs: List[Tuple[str, str]] = []
    for word in words:
        name, sign, value = word.partition(":=")
        if not (name and sign):
            raise ValueError(f"'{word}' is not name:=value")
        pairs.append((name, value))
    return dict(pairs)


def _spaces(cameras: int) -> List[str]:
    """The namespaces of the cameras; that of the node where there is one."""
    return [NAMESPACE] if cameras == 1 else [f"{NAMESPACE}/c{n}" for n in range(cameras)]


def _number(text: str) -> int:
    """Of a count; 0 of what is not known, as of an older middleware."""
    return int(text) if text.isdigit() else 0
