"""Subscribers that are reliable and never read: they must not slow down the others."""

import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest

from examples.shapes.processes import running
from test.trt_inference.ros.client import Client, wait_until
from test.trt_inference.ros.faults.conftest import Detector
from test.trt_inference.ros.faults.expected import encoded
from test.trt_inference.ros.faults.reader import PROFILES

pytestmark = pytest.mark.long

PICTURE = encoded("blue", (2, 2), 2)
FRAMES = 600  # more than any queue on the way holds
SLOWER = 0.02  # seconds; the middleware would be blocked for 0.1 at each answer
ROUNDS = 5


def test_subscribers_that_never_read_do_not_slow_down_the_others(
    detector: Detector, tmp_path: Path
) -> None:
    _, client = detector
    client.detect(client.image(PICTURE))
    # Other work of the machine may slow down one round, those subscribers slow down each.
    assert any(slowed_down(client, tmp_path) < SLOWER for _ in range(ROUNDS))
    assert client.detect(client.image(PICTURE)).detections


def slowed_down(client: Client, folder: Path) -> float:
    """Seconds that the median answer takes longer while there are subscribers that never read."""
    before = answer_times(client)
    with ExitStack() as stack:
        readers = [stack.enter_context(reader(client, one, folder)) for one in PROFILES]
        for one in readers:
            one.send_signal(signal.SIGSTOP)
        during = answer_times(client)
        for one in readers:
            one.send_signal(signal.SIGCONT)
    print(np.percentile(before, [50, 90, 99, 100]), np.percentile(during, [50, 90, 99, 100]))
    return float(np.median(during) - np.median(before))


@contextmanager
def reader(client: Client, profile: str, folder: Path) -> Iterator[subprocess.Popen]:
    """A process that has received something."""
    in_namespace = ("--ros-args", "-r", f"__ns:={client.get_namespace()}")
    log = folder / f"{profile}.log"
    with log.open("wb") as output, running(
        "test.trt_inference.ros.faults.reader", profile, *in_namespace, output=output
    ) as process:

        def receives() -> bool:
            client.detect(client.image(PICTURE))
            return "receives" in log.read_text("utf-8")

        assert wait_until(receives)
        yield process


def answer_times(client: Client) -> np.ndarray:
    """Seconds from sending to receiving, of one image after the other ``[FRAMES]``."""
    times = []
    for _ in range(FRAMES):
        image = client.image(PICTURE)
        sent = time.perf_counter()
        client.send(image)
        client.answer(image)
        times.append(time.perf_counter() - sent)
    return np.array(times)
