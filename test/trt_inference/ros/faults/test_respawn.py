"""Killed with -9 and started again, as the launch file does it."""

import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List

import pytest

from examples.shapes.processes import profile_variable
from test.trt_inference.ros.client import TIMEOUT, Client, node_process, wait_until
from test.trt_inference.ros.faults.expected import assert_found, encoded
from test.trt_inference.ros.faults.shared_memory import left_of, segments_of

pytestmark = pytest.mark.long

NAMESPACE = "/respawned"
CELL = (7, 7)
KILLS = 3
LEFT = 4 << 20  # bytes in /dev/shm that the dead may leave


def test_detections_come_again_after_each_kill(
    ros: None, shared_color_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The profile for senders of large images, which the node is not.
    monkeypatch.delenv(profile_variable(), raising=False)
    client = Client(NAMESPACE)
    segments: List[Path] = []
    try:
        with supervised(tmp_path, shared_color_bundle) as processes:
            wait_for_detections(client)
            for number in range(KILLS):
                segments += segments_of(processes[-1].pid)
                processes[-1].kill()
                assert wait_until(lambda: len(processes) == number + 2)  # noqa: B023
                wait_for_detections(client)
        assert sum(one.stat().st_size for one in left_of(segments)) <= LEFT
    finally:
        client.destroy_node()
        for one in left_of(segments):
            one.unlink()


@contextmanager
def supervised(folder: Path, bundle: Path) -> Iterator[List[subprocess.Popen]]:
    """The processes so far of a node that is started again as soon as it has died."""
    processes: List[subprocess.Popen] = []
    ends = threading.Event()

    def supervise() -> None:
        while not ends.is_set():
            with node_process(folder, NAMESPACE, bundle=bundle, autostart=True) as node:
                processes.append(node.process)
                while node.is_alive and not ends.wait(0.01):
                    pass

    supervisor = threading.Thread(target=supervise, name="supervisor")
    supervisor.start()
    try:
        yield processes
    finally:
        ends.set()
        supervisor.join()


def wait_for_detections(client: Client) -> None:
    """An image that is sent from now on is answered."""
    end = time.monotonic() + TIMEOUT
    known = len(client.record.detections)
    while len(client.record.detections) == known:
        assert time.monotonic() < end, f"no detections within {TIMEOUT} s"
        client.publish(client.image(encoded("red", CELL, 2)))
        client.spin(0.03)
    assert_found(list(client.record.detections.values())[-1], "red", CELL, 2)
