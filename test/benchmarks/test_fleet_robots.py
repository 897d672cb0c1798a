"""The robots of the benchmark, which are processes."""

import time
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

from benchmarks import fleet_robots
from benchmarks.fleet_robots import Robots
from benchmarks.fleet_task import FREE, Measured, Task, task_of
from test.color_bundle import CANDIDATES, SIZE
from test.needs import needs
from trt_inference.errors import EngineError


def task(bundle: Path, rate: float = FREE) -> Task:
    return Task(str(bundle), "fp32", rate, seconds=0.3)


def test_robots_measure_every_stage_of_every_image(color_bundle: Path) -> None:
    with Robots(2) as robots:
        runs = robots.run(2, task(color_bundle))
    for run in runs:
        assert len(run.fit) == len(run.hand_over) == len(run.round_trip) == len(run.suppress) > 0
        assert min(np.min(times) for times in run[:4]) > 0
        assert run.elapsed >= 0.3
        assert run.lost == 0


def test_fewer_robots_than_there_are_leave_the_others_for_later(color_bundle: Path) -> None:
    with Robots(2) as robots:
        assert [len(robots.run(count, task(color_bundle))) for count in (1, 2)] == [1, 2]


def test_the_start_is_told_when_all_are_ready_and_none_has_begun(color_bundle: Path) -> None:
    starts: List[float] = []
    with Robots(2) as robots:
        began = time.monotonic()
        runs = robots.run(2, task(color_bundle), lambda: starts.append(time.monotonic()))
        ended = time.monotonic()
    (start,) = starts
    assert began < start <= ended - max(run.elapsed for run in runs)


def test_a_camera_gives_no_more_images_than_its_rate(color_bundle: Path) -> None:
    with Robots(1) as robots:
        (run,) = robots.run(1, task(color_bundle, rate=10.0))
    assert 1 <= len(run.round_trip) <= 0.3 * 10 + 1
    assert len(run.round_trip) / run.elapsed <= 10.0 * 1.001


def test_the_images_of_cameras_are_spread_over_the_time_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: List[str] = []
    nothing = np.zeros(1)
    answer = Measured(nothing, nothing, nothing, nothing, 1.0, 1.0, 0).line()
    monkeypatch.setattr(fleet_robots, "_tell", lambda robot, line: told.append(line))
    monkeypatch.setattr(fleet_robots, "_hear", lambda robot: answer)
    robots: Any = Robots(4)
    robots.processes = [None] * 4
    for rate, delays in ((10.0, [0.0, 0.025, 0.05, 0.075]), (FREE, [0.0] * 4)):
        told.clear()
        robots.run(4, Task("bundle", "fp32", rate, 1.0))
        assert [task_of(line).delay for line in told[:4]] == pytest.approx(delays)


@needs("tritonclient")
def test_robots_of_a_server_count_the_bytes_of_an_image(color_bundle: Path) -> None:
    from test.triton_double import TritonDouble

    with TritonDouble(color_bundle, name="served") as server, Robots(1) as robots:
        served = task(color_bundle)._replace(url=server.url, model="served")
        (run,) = robots.run(1, served)
        assert len(server.received) > len(run.round_trip) > 0
    pixels = SIZE * SIZE * 3
    assert pixels < run.sent < pixels + 1000
    candidates = CANDIDATES * (4 + 1 + 1) * 4
    assert candidates < run.received < candidates + 1000


def test_the_error_of_a_robot_is_raised_here(tmp_path: Path) -> None:
    with Robots(1) as robots, pytest.raises(EngineError, match="no-such-bundle"):
        robots.run(1, task(tmp_path / "no-such-bundle"))


def test_a_robot_that_has_ended_is_noticed(color_bundle: Path) -> None:
    with Robots(1) as robots:
        robots.processes[0].kill()
        robots.processes[0].wait()
        with pytest.raises(EngineError, match="ended"):
            robots.run(1, task(color_bundle))
