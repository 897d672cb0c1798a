"""Many breakdowns of a real Triton server, one after the other: nothing of them is left."""

import gc
import threading
from typing import List, NamedTuple

import psutil
import pytest

from test.triton_server import needs_triton
from test.trt_inference.engines.triton.real_server.conftest import Served
from test.trt_inference.engines.triton.real_server.robot import Robot
from test.trt_inference.engines.triton.real_server.test_faults import (
    DEADLINE,
    LONGEST,
    OF_THE_MODEL,
    OF_THE_SERVER,
    go_through,
)

pytestmark = [needs_triton, pytest.mark.long]

ROUNDS = 50
SETTLED = 10  # rounds after which everything has been used that is used
MOST_GROWTH = 16 << 20  # bytes over the other rounds


class Held(NamedTuple):
    """What this process has."""

    memory: int  # bytes
    threads: int
    system_threads: int  # those of libraries, too
    files: int


def held() -> Held:
    gc.collect()
    process = psutil.Process()
    return Held(
        process.memory_info().rss,
        threading.active_count(),
        process.num_threads(),
        process.num_fds(),
    )


@pytest.mark.timeout(1800)
def test_memory_threads_and_files_stay_as_they_are_over_many_breakdowns(
    served: Served, hasty_watch: None
) -> None:
    breakdowns = [*OF_THE_SERVER.values(), OF_THE_MODEL["slow"], OF_THE_MODEL["failing"]]
    found: List[Held] = []
    with Robot(served.bundle, served.server.url, deadline=DEADLINE) as robot:
        for round_number in range(ROUNDS):
            go_through(breakdowns[round_number % len(breakdowns)], served, robot)
            robot.check(longest=LONGEST)
            robot.forget()
            found.append(held())
    print(f"after {SETTLED} rounds {found[SETTLED - 1]}, after {ROUNDS} {found[-1]}")
    early, late = found[:SETTLED], found[-SETTLED:]
    assert max(one.memory for one in late) - max(one.memory for one in early) < MOST_GROWTH
    assert min(one.threads for one in late) <= max(one.threads for one in early)
    assert min(one.system_threads for one in late) <= max(one.system_threads for one in early)
    assert min(one.files for one in late) <= max(one.files for one in early)
