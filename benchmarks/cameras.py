"""Several cameras on one engine, against one node for each."""

import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple

import psutil
from diagnostic_msgs.msg import DiagnosticArray
from rich.table import Table

from benchmarks.session import NAMESPACE, PARAMETERS, STARTED
from examples.shapes.monitor import Monitor
from examples.shapes.processes import running

CAMERAS = ("front", "left", "right")
RATE = 30.0  # images a second of each
IMAGE = ("--width", "640", "--height", "480")


class Seen(NamedTuple):
    """The diagnostics of all nodes at one time, by camera."""

    at: float
    inferred: Dict[str, int]
    ages: Dict[str, float]


class Watcher(Monitor):
    """Keeps the last status of each camera, whichever node it is of."""

    def __init__(self) -> None:
        super().__init__(namespace=NAMESPACE, watches_messages=False)
        self.cameras: Dict[str, Dict[str, str]] = {}
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_cameras, 50)

    def see(self) -> Seen:
        """Wait for a new status of each camera that has results."""
        self.cameras = {}
        if not self.spin(STARTED, until=self._is_complete):
            raise TimeoutError(f"only {', '.join(self.cameras)} have results")
        inferred = {name: int(values["inferred"]) for name, values in self.cameras.items()}
        ages = {name: float(values["age p95 ms"]) for name, values in self.cameras.items()}
        return Seen(time.monotonic(), inferred, ages)

    def _is_complete(self) -> bool:
        found = self.cameras.values()
        return len(found) == len(CAMERAS) and all("age p95 ms" in values for values in found)

    def _on_cameras(self, message: DiagnosticArray) -> None:
        for status in message.status:
            topic = status.name.partition(": camera ")[2]
            if topic.startswith(NAMESPACE):
                name = topic.split("/")[-2]
                self.cameras[name] = {pair.key: pair.value for pair in status.values}


def table(bundle: Path, seconds: float) -> Table:
    """A row for one node with all cameras, and one for as many nodes as cameras."""
    result = Table(
        "",
        "images/s of each",
        "age p95",
        "CPU",
        "memory",
        title=f"{len(CAMERAS)} cameras of 640x480 at {RATE:.0f}/s; the nodes' CPU in cores, MB",
        caption="age: image stamp → result published, of the camera with the oldest, in ms",
    )
    for title, together in (("one node", True), ("a node for each", False)):
        with nodes(bundle, together) as (watcher, processes):
            before, cpu = watcher.see(), _cpu(processes)
            watcher.spin(seconds)
            after = watcher.see()
            cpu, elapsed = _cpu(processes) - cpu, after.at - before.at
            rates = sorted(
                (after.inferred[name] - before.inferred[name]) / elapsed for name in CAMERAS
            )
            memory = sum(process.memory_full_info().pss for process in processes)
        result.add_row(
            title,
            " ".join(f"{rate:.1f}" for rate in rates),
            f"{max(after.ages.values()):.1f}",
            f"{cpu / elapsed:.2f}",
            f"{memory / 1e6:.0f}",
        )
    return result


@contextmanager
def nodes(bundle: Path, together: bool) -> Iterator[Tuple[Watcher, List[psutil.Process]]]:
    """Active nodes with their cameras; their processes."""
    values = {**PARAMETERS, "bundle": str(bundle), "autostart": "true"}
    given = [word for name, value in values.items() for word in ("-p", f"{name}:={value}")]
    topics = [f"{NAMESPACE}/{name}/image" for name in CAMERAS]
    spaces = [NAMESPACE] if together else [f"{NAMESPACE}/{name}" for name in CAMERAS]
    if together:
        given += ["-p", f"image_topics:={topics}"]
    with ExitStack() as stack:
        processes = []
        for space in spaces:
            arguments = ("--ros-args", "-r", f"__ns:={space}", *given)
            process = stack.enter_context(running("trt_inference.ros.process", *arguments))
            processes.append(psutil.Process(process.pid))
        for name in CAMERAS:
            camera = ("--rate", str(RATE), *IMAGE, "--still", "--ros-args")
            remap = ("-r", f"__ns:={NAMESPACE}/{name}")
            stack.enter_context(
                running("examples.shapes.camera", *camera, *remap, sends_images=True)
            )
        watcher = Watcher()
        stack.callback(watcher.destroy_node)
        watcher.see()
        yield watcher, processes


def _cpu(processes: List[psutil.Process]) -> float:
    """Seconds of processor time."""
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)
