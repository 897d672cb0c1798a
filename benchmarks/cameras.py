"""Several cameras on one engine: against one node for each, and how many a machine takes."""

import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import psutil

from benchmarks.figures import LESS, MORE, Figure, Sheet, samples_of
from benchmarks.observed import cpu_seconds
from benchmarks.session import NAMESPACE, PARAMETERS, STARTED, CameraMonitor
from examples.shapes.processes import running

RATE = 30.0  # images a second of each
FEW = 3  # cameras, of the node that is compared with several
SMALL = (640, 480)
BLOCKS = 3
DIAGNOSTICS = "1.0"  # seconds: of so long are the ages
_LOST = "lost by the middleware"
_COUNTS = (_LOST, "received", "inferred", "dropped")
_AGE = "age p95 ms"

Statuses = Dict[str, Dict[str, str]]


class Seen(NamedTuple):
    """The diagnostics of all nodes at one time, by camera, and the processor time till then. A
    camera that had no result in the last second has no age."""

    at: float
    counts: Dict[str, Dict[str, int]]
    ages: Dict[str, float]
    nodes: float
    cameras: float


class Stretch(NamedTuple):
    """What came of a stretch of time: images a second of each camera, in rising order, the age of
    the results of the camera with the oldest, milliseconds, and cores."""

    lost: List[float]
    received: List[float]
    inferred: List[float]
    dropped: List[float]
    age: float
    nodes: float
    cameras: float


class Watcher(CameraMonitor):
    """Waits for the statuses of so many cameras."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def statuses(self, needs_age: bool = False) -> Statuses:
        """Wait for a new status of each camera.

        Args:
            needs_age: of each that has results.

        Raises:
            TimeoutError: some have none.
        """
        self.cameras = {}
        if not self.spin(STARTED, until=lambda: len(self._with(needs_age)) == self._count):
            found = ", ".join(self._with(needs_age)) or "no camera"
            raise TimeoutError(f"of {self._count} cameras only these are seen: {found}")
        return dict(self.cameras)

    def _with(self, needs_age: bool) -> List[str]:
        return [name for name, one in self.cameras.items() if _AGE in one or not needs_age]


class Running(NamedTuple):
    """Active nodes with their cameras."""

    watcher: Watcher
    nodes: List[psutil.Process]
    cameras: List[psutil.Process]

    def see(self) -> Seen:
        """Wait for the next diagnostics."""
        found = self.watcher.statuses()
        return Seen(
            at=time.monotonic(),
            counts={name: {key: int(one[key]) for key in _COUNTS} for name, one in found.items()},
            ages={name: float(one[_AGE]) for name, one in found.items() if _AGE in one},
            nodes=sum(map(cpu_seconds, self.nodes)),
            cameras=sum(map(cpu_seconds, self.cameras)),
        )

    def measure(self, seconds: float) -> Stretch:
        """What happens in so many seconds. The age is that of the last diagnostics in them.

        Raises:
            TimeoutError: no camera has results any more.
        """
        before = self.see()
        self.watcher.spin(seconds)
        after = self.see()
        elapsed = after.at - before.at
        lost, received, inferred, dropped = (
            sorted(
                (now[key] - before.counts[one][key]) / elapsed for one, now in after.counts.items()
            )
            for key in _COUNTS
        )
        busy = ((after.nodes - before.nodes) / elapsed, (after.cameras - before.cameras) / elapsed)
        if not after.ages:
            raise TimeoutError("no camera has results any more")
        return Stretch(lost, received, inferred, dropped, max(after.ages.values()), *busy)

    @property
    def memory(self) -> float:
        """Of the nodes, in bytes; pages that are shared count in equal parts."""
        return float(sum(process.memory_full_info().pss for process in self.nodes))


def sheets(
    bundle: Path,
    seconds: float,
    counts: Sequence[int],
    size: Tuple[int, int],
    tell: Callable[[str], None],
) -> Iterator[Sheet]:
    """One node beside several, and one node with ever more cameras.

    Args:
        seconds: of all that is measured of one number of cameras.
        counts: of the cameras in the second table.
        size: of their images, width and height.
        tell: takes a line for the user.
    """
    yield _beside_several_nodes(bundle, seconds)
    yield _more_and_more(bundle, seconds, counts, size, tell)


def _beside_several_nodes(bundle: Path, seconds: float) -> Sheet:
    figures: List[Figure] = []
    for row, together in (("one node", True), ("a node for each", False)):
        with nodes(bundle, together, FEW, SMALL) as found:
            stretches = [found.measure(seconds / BLOCKS) for _ in range(BLOCKS)]
            memory = found.memory
        figures += _figures(row, stretches)
        figures.append(Figure(row, "memory", "MB", (memory / 1e6,), digits=0))
    return Sheet(
        "cameras",
        f"{FEW} cameras of {SMALL[0]}x{SMALL[1]} at {RATE:.0f}/s",
        "",
        [figure for figure in figures if figure.column in _OF_NODES],
        _CAPTION,
    )


def _more_and_more(
    bundle: Path,
    seconds: float,
    counts: Sequence[int],
    size: Tuple[int, int],
    tell: Callable[[str], None],
) -> Sheet:
    figures: List[Figure] = []
    for count in counts:
        try:
            with nodes(bundle, True, count, size) as found:
                stretches = [found.measure(seconds / BLOCKS) for _ in range(BLOCKS)]
        except TimeoutError as error:
            tell(f"{count} cameras are too many for this machine: {error}")
            break
        figures += _figures(str(count), stretches)
    return Sheet(
        f"many {size[0]}x{size[1]}",
        f"more and more cameras of {size[0]}x{size[1]} at {RATE:.0f}/s on one node",
        "cameras",
        figures,
        f"{_CAPTION}; lost: by the middleware, where reception is late; received and lost together "
        f"below {RATE:.0f}/s: the cameras' own processes are late",
    )


_CAPTION = (
    "of the camera that has least of it, and most of losses, drops and age: image stamp → result "
    "published; CPU in cores"
)
_OF_NODES = ("results", "age p95", "nodes' CPU", "memory")


def _figures(row: str, stretches: Sequence[Stretch]) -> Iterator[Figure]:
    columns = (
        ("lost", "/s", [one.lost[-1] for one in stretches], LESS, True),
        ("received", "/s", [one.received[0] for one in stretches], MORE, True),
        ("results", "/s", [one.inferred[0] for one in stretches], MORE, True),
        ("dropped", "/s", [one.dropped[-1] for one in stretches], LESS, True),
        ("age p95", "ms", [one.age for one in stretches], LESS, True),
        ("nodes' CPU", "", [one.nodes for one in stretches], LESS, True),
        ("cameras' CPU", "", [one.cameras for one in stretches], LESS, False),
    )
    for column, unit, values, better, ours in columns:
        digits = 2 if "CPU" in column else 1
        yield Figure(row, column, unit, samples_of(values), better, ours, digits)


@contextmanager
def nodes(bundle: Path, together: bool, count: int, size: Tuple[int, int]) -> Iterator[Running]:
    """Active nodes with ``count`` cameras: one for all, or one for each."""
    cameras = [f"camera_{number}" for number in range(count)]
    others = {"diagnostics_period": DIAGNOSTICS}
    values = {**PARAMETERS, **others, "bundle": str(bundle), "autostart": "true"}
    given = [word for name, value in values.items() for word in ("-p", f"{name}:={value}")]
    spaces = [NAMESPACE] if together else [f"{NAMESPACE}/{name}" for name in cameras]
    if together:
        given += ["-p", f"image_topics:={[f'{NAMESPACE}/{name}/image' for name in cameras]}"]
    image = ("--width", str(size[0]), "--height", str(size[1]))
    with ExitStack() as stack:

        def start(module: str, *arguments: str, sends_images: bool = False) -> psutil.Process:
            process = running(module, *arguments, sends_images=sends_images)
            return psutil.Process(stack.enter_context(process).pid)

        detectors = [
            start("trt_inference.ros.process", "--ros-args", "-r", f"__ns:={space}", *given)
            for space in spaces
        ]
        senders = [
            start(
                "examples.shapes.camera",
                *("--rate", str(RATE), *image, "--still"),
                *("--ros-args", "-r", f"__ns:={NAMESPACE}/{name}"),
                sends_images=True,
            )
            for name in cameras
        ]
        watcher = Watcher(count)
        stack.callback(watcher.destroy_node)
        watcher.statuses(needs_age=True)
        yield Running(watcher, detectors, senders)
