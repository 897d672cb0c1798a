"""A real Triton server breaks down in each way that servers do: no picture is lost or late, and the
robot is back on it soon after."""

import time
from typing import Callable, Dict, NamedTuple

import psutil
import pytest

from test.triton_server import needs_triton
from test.trt_inference.engines.triton.real_server.conftest import Served
from test.trt_inference.engines.triton.real_server.robot import Robot
from trt_inference.engines.server_options import NONE
from trt_inference.engines.triton.failures import (
    BAD_ANSWER,
    NOT_REACHED,
    SERVER_ERROR,
    TOO_LATE,
)

pytestmark = needs_triton

DEADLINE = 0.3  # seconds
# Of any answer: the deadline and a local inference, of two runs under way; the rest is for a
# machine that is very busy.
LONGEST = DEADLINE + 3.0
MOST_SECONDS_BACK = 30.0  # from the server's being ready; 10 where the machine is not busy


class Breakdown(NamedTuple):
    """How a server goes away and comes back, and the kind of failures that this causes."""

    begin: Callable[[Served], object]
    end: Callable[[Served], object]
    kind: str


OF_THE_SERVER: Dict[str, Breakdown] = {
    "killed": Breakdown(
        lambda served: served.server.kill(), lambda served: served.server.start(), NOT_REACHED
    ),
    "stopped": Breakdown(
        lambda served: served.server.pause(), lambda served: served.server.resume(), TOO_LATE
    ),
}


def of_the_model(kind: str, **mood: object) -> Breakdown:
    return Breakdown(lambda served: served.mood.set(**mood), lambda served: served.mood.set(), kind)


def kill_models(served: Served) -> None:
    """Kill what runs the model, as the kernel does where memory is scarce."""
    for process in psutil.Process(served.server.pid).children():
        process.kill()


def restart(served: Served) -> None:
    served.server.kill()
    served.server.start()


OF_THE_MODEL: Dict[str, Breakdown] = {
    "slow": of_the_model(TOO_LATE, delay=2 * DEADLINE),
    "failing": of_the_model(SERVER_ERROR, error="out of memory"),
    "of other shapes": of_the_model(BAD_ANSWER, crops=True),
    # Triton waits for it for ever, and tells that it is ready.
    "without a process": Breakdown(kill_models, restart, TOO_LATE),
}


def go_through(breakdown: Breakdown, served: Served, robot: Robot) -> float:
    """Run pictures before, in and after a breakdown. Returns the seconds after which the robot is
    back on the server."""
    robot.run_until_answered_by(server=True, count=10)
    robot.run_while(lambda: breakdown.begin(served))
    robot.run_until_answered_by(server=False, count=50)
    assert robot.status()["answered by"] == "this machine"

    def end() -> None:
        breakdown.end(served)
        served.server.wait_ready()

    ready = robot.run_while(end)
    return robot.run_until_answered_by(server=True, count=20) - ready


@pytest.mark.parametrize("name", OF_THE_SERVER)
def test_a_server_that_goes_away_costs_no_picture_and_is_used_again_when_it_is_back(
    name: str, served: Served
) -> None:
    breakdown = OF_THE_SERVER[name]
    with Robot(served.bundle, served.server.url, deadline=DEADLINE) as robot:
        back = go_through(breakdown, served, robot)
        robot.check(longest=LONGEST)
        assert robot.failures(breakdown.kind) > 0
        assert back < MOST_SECONDS_BACK
        print(f"{name}: back after {back:.2f} s; {robot.summary()}")


@pytest.mark.parametrize("name", OF_THE_MODEL)
def test_a_model_that_does_not_answer_as_it_should_costs_no_picture(
    name: str, served: Served, hasty_watch: None
) -> None:
    breakdown = OF_THE_MODEL[name]
    with Robot(served.bundle, served.server.url, deadline=DEADLINE) as robot:
        go_through(breakdown, served, robot)
        robot.check(longest=LONGEST)
        assert robot.failures(breakdown.kind) > 0
        print(f"{name}: {robot.summary()}")


def test_without_a_fallback_pictures_are_lost_while_the_server_fails_and_only_then(
    served: Served, hasty_watch: None
) -> None:
    with Robot(served.bundle, served.server.url, deadline=DEADLINE, fallback=NONE) as robot:
        robot.run_until_answered_by(server=True, count=10)
        served.mood.set(error="out of memory")
        robot.run_until(lambda: len(robot.lost) >= 50)
        assert set(robot.lost) == {SERVER_ERROR}
        assert all(one.by_server and one.is_right for one in robot.answers)
        served.mood.set()
        robot.run_until_answered_by(server=True, count=20)
        assert all(one.is_right for one in robot.answers)


def test_a_robot_may_start_before_its_server(served: Served, hasty_watch: None) -> None:
    served.server.kill()
    with Robot(served.bundle, served.server.url, deadline=DEADLINE) as robot:
        robot.run_until_answered_by(server=False, count=10)
        robot.run_while(served.server.start)
        robot.run_until_answered_by(server=True, count=10)
        robot.check(longest=LONGEST)


def test_a_robot_is_shut_down_at_once_while_its_server_hangs(served: Served) -> None:
    with Robot(served.bundle, served.server.url, deadline=300.0) as robot:
        robot.run_until_answered_by(server=True, count=3)
        served.server.pause()
        robot.engine.start()
        began = time.monotonic()
        robot.engine.close()
        assert time.monotonic() - began < 30
