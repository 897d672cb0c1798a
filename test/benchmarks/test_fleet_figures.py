"""What the benchmark of a fleet makes of its measurements."""

import io
from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from benchmarks.fleet_clients import Case, Compared, Fleet, clients_table
from benchmarks.fleet_counted import Counted
from benchmarks.fleet_figures import Figures, best, figures_of
from benchmarks.fleet_task import FREE, Measured, Task, measured_of, task_of
from benchmarks.when_it_pays import Cost, cost_of, cost_table, least, pays_table
from trt_inference.errors import EngineError

CASE = Case("a case", Path("bundle"), "model", FREE)


def measured(milliseconds: List[float], elapsed: float, processor: float = 0.0) -> Measured:
    trips = np.array(milliseconds) / 1e3
    return Measured(
        fit=trips / 10,
        hand_over=trips / 4,
        round_trip=trips,
        suppress=trips / 20,
        elapsed=elapsed,
        processor=processor,
        lost=1,
        sent=1_250_000,
        received=10_000,
    )


def cost(round_trip: float = 10.0) -> Cost:
    run = measured([round_trip] * 4, 1.0, processor=0.02)
    return cost_of(640, run, Counted(images=8, requests=8, executions=4, queue=0.004, compute=0.02))


def row_of(table: Table, start: str) -> List[str]:
    """The cells of the row that begins so."""
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(table)
    rows = [
        [cell.strip() for cell in line.strip("│┃").split("│")]
        for line in console.export_text().splitlines()
    ]
    return next(row for row in rows if row[0] == start)


def test_tasks_and_measurements_travel_as_lines() -> None:
    task = Task("bundle", "fp32", 30.0, 2.0, 0.5, "127.0.0.1:1", "demo")
    assert task_of(task.line()) == task
    run = measured([3.0, 5.0], 1.0)
    travelled = measured_of(run.line())
    assert "\n" not in run.line()
    for name, value in run._asdict().items():
        np.testing.assert_array_equal(getattr(travelled, name), value)


def test_robots_together_have_the_images_of_each_and_the_times_of_all() -> None:
    counted = Counted(images=200, requests=200, executions=50, processor=0.3)
    found = figures_of([measured([10.0] * 99, 1.0, 0.2), measured([30.0] * 101, 2.0, 0.4)], counted)
    assert found.rate == pytest.approx(99 / 1.0 + 101 / 2.0)
    assert (found.p50, found.p95) == pytest.approx((30.0, 30.0))
    assert found.processor == pytest.approx(1e3 * 0.6 / 200)
    assert found.mean == pytest.approx((99 * 10 + 101 * 30) / 200)
    assert found.served_by == pytest.approx(1e3 * 0.3 / 200)
    assert (found.batch, found.lost) == (4.0, 2)


def test_robots_without_any_result_have_no_figures() -> None:
    with pytest.raises(EngineError, match="no image"):
        figures_of([measured([], 1.0)])


def test_what_a_server_has_counted_before_is_no_part_of_a_run() -> None:
    before = Counted(images=100, requests=90, executions=100, queue=5.0, compute=6.0)
    run = Counted(images=124, requests=114, executions=108, queue=5.5, compute=7.0).since(before)
    assert run == Counted(images=24, requests=24, executions=8, queue=0.5, compute=1.0)
    assert run.batch == 3.0
    assert Counted().batch == 0.0  # nothing has run


def test_what_robots_ask_before_they_begin_is_not_counted() -> None:
    """As while they open their engines, and warm them up."""
    answered = [50]

    class Server:
        url = "localhost:1"

        def counted(self, model: str) -> Counted:
            return Counted(images=answered[0], requests=answered[0], executions=answered[0])

    class Robots:
        def run(self, count: int, task: Task, at_start: Callable[[], object]) -> List[Measured]:
            answered[0] += 5
            at_start()
            answered[0] += 20
            assert (task.url, task.model) == ("localhost:1", "model")
            return [measured([3.0] * 20, 1.0)]

    robots: Any = Robots()
    server: Any = Server()
    _, counted = Fleet(robots, server, 1.0, 1).served(CASE, 1)
    assert (counted.images, counted.requests, counted.executions) == (20, 20, 20)


def test_the_least_disturbed_round_counts() -> None:
    rounds = [Figures(4.0, 9.0, mean, 100.0, 1.0) for mean in (5.0, 4.0, 6.0)]
    assert best(rounds) is rounds[1]
    costs = [cost(round_trip) for round_trip in (5.0, 4.0, 6.0)]
    assert least(costs) is costs[1]


def test_a_row_has_both_ways_and_their_ratios_server_to_robot() -> None:
    local = Figures(p50=10.0, p95=20.0, mean=12.0, rate=100.0, processor=8.0)
    server = local._replace(p50=15.0, p95=40.0, rate=60.0, processor=2.0, served_by=7.0, batch=2.5)
    row = row_of(clients_table(CASE, [Compared(4, local, server)]), "4")
    assert row[1:] == [
        "100 → 60.0 (0.60)",
        "10.0 → 15.0 (1.50)",
        "20.0 → 40.0 (2.00)",
        "8.0 → 2.0 (0.25)",
        "7.0",
        "2.5",
    ]


def test_lost_images_are_shown() -> None:
    figures = Figures(p50=1.0, p95=1.0, mean=1.0, rate=1.0, processor=1.0, lost=3)
    assert row_of(clients_table(CASE, [Compared(8, figures, figures)]), "8, 3 lost")


def test_a_round_trip_is_split_into_its_parts() -> None:
    found = cost()
    assert (found.hand_over, found.queue, found.compute) == pytest.approx((2.5, 0.5, 2.5))
    assert found.rest == pytest.approx(10.0 - 2.5 - 0.5 - 2.5)
    assert (found.fit, found.suppress, found.processor) == pytest.approx((1.0, 0.5, 5.0))
    row = row_of(cost_table([found]), "640x640")
    assert row[1:3] == ["1250", "10.0"]
    assert sum(float(cell) for cell in row[4:8]) == pytest.approx(float(row[3]))


def test_break_even_adds_the_time_of_all_bytes_on_the_network() -> None:
    found = cost()
    # 1.26 MB are 10.08 Mbit: 0.1008 s at 100 Mbit/s.
    assert found.wire(100.0) == pytest.approx(100.8)
    assert found.break_even(100.0) == pytest.approx(110.8)
    assert found.break_even(1000.0) == pytest.approx(10.0 + 10.08)


def test_a_network_carries_as_many_images_as_fit_in_its_busier_direction() -> None:
    found = cost()
    assert found.most_images(100.0) == pytest.approx(100e6 / 10e6)
    more_down = found._replace(received=2_500_000)
    assert more_down.most_images(100.0) == pytest.approx(100e6 / 20e6)


def test_the_break_even_of_each_network_is_in_the_table() -> None:
    row = row_of(pays_table([cost()]), "640x640")
    assert row[1:] == ["10.0", "100.8", "110.8", "10", "10.1", "20.1", "100"]
