"""Robots on one server beside as many with an engine of their own: latency, rate, processor time,
and how many images the server runs at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, NamedTuple, Tuple

from rich.table import Table

from benchmarks.fleet_figures import Figures, beside, best, figures_of
from benchmarks.fleet_robots import Robots
from benchmarks.fleet_server import Counted, FleetServer
from benchmarks.fleet_task import FREE, Measured, Task

COUNTS = (1, 4, 8)
PRECISION = "fp32"  # of both ways
# What all tables of clients have in common.
EXPLAINED = (
    "Each cell: robots with an engine of their own → the same robots on one server (ratio). p50 "
    "and p95 are of start → candidates; batch is the images of one run on the server. Server and "
    "robots share the {cores} cores of this machine, and the server has no GPU: the ratios are a "
    "floor, and not what a server elsewhere gives."
)


class Case(NamedTuple):
    """What robots do.

    Attributes:
        title: what is special of it.
        bundle: folder.
        model: its name on the server.
        rate: images a second of each robot, or ``FREE``.
    """

    title: str
    bundle: Path
    model: str
    rate: float = FREE


class Compared(NamedTuple):
    """The same robots in both ways."""

    robots: int
    local: Figures
    server: Figures


@dataclass(frozen=True)
class Fleet:
    """Robots and server, and how long and how often each way is measured.

    Attributes:
        seconds: of one round.
        rounds: of each way, in turn, so that a change of the machine's pace meets both alike.
    """

    robots: Robots
    server: FleetServer
    seconds: float
    rounds: int

    def compare(self, case: Case, count: int) -> Compared:
        """Run ``count`` robots in both ways.

        Raises:
            EngineError: a robot cannot.
        """
        local: List[Figures] = []
        server: List[Figures] = []
        for _ in range(self.rounds):
            local.append(figures_of(self.robots.run(count, self._task(case))))
            server.append(figures_of(*self.served(case, count)))
        return Compared(count, best(local), best(server))

    def served(self, case: Case, count: int) -> Tuple[List[Measured], Counted]:
        """One round of ``count`` robots on the server, and what that has counted of it.

        Raises:
            EngineError: a robot cannot.
        """
        task = self._task(case)._replace(url=self.server.url, model=case.model)
        before: List[Counted] = []  # without what the robots ask while they open their engines
        runs = self.robots.run(count, task, lambda: before.append(self.server.counted(case.model)))
        return runs, self.server.counted(case.model).since(before[0])

    def _task(self, case: Case) -> Task:
        return Task(str(case.bundle), PRECISION, case.rate, self.seconds)


def clients_table(case: Case, compared: List[Compared]) -> Table:
    """A row for each number of robots. CPU is of all threads, milliseconds an image."""
    table = Table(
        *("robots", "images/s", "p50 ms", "p95 ms", "robot's CPU", "server's CPU", "batch"),
        title=case.title,
    )
    for one in compared:
        table.add_row(*_cells(one))
    return table


def _cells(one: Compared) -> List[str]:
    local, server = one.local, one.server
    values: List[Callable[[Figures], float]] = [
        lambda figures: figures.rate,
        lambda figures: figures.p50,
        lambda figures: figures.p95,
        lambda figures: figures.processor,
    ]
    lost = f", {server.lost} lost" if server.lost else ""
    return [
        f"{one.robots}{lost}",
        *(beside(value(local), value(server)) for value in values),
        f"{server.served_by:.1f}",
        f"{server.batch:.1f}",
    ]
