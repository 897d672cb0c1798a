"""What is seen of a node from outside."""

import json
import os
import threading
import time
from pathlib import Path

import psutil
import pytest
import rclpy
from vision_msgs.msg import Detection2DArray

from benchmarks.observed import cpu_seconds, observe, within
from benchmarks.session import NAMESPACE

EARLIER = 0.25  # seconds


def test_results_arrive_with_their_age_and_only_those_of_the_stretch_count(
    ros: None, tmp_path: Path
) -> None:
    node = rclpy.create_node("publisher", namespace=NAMESPACE)
    publisher = node.create_publisher(Detection2DArray, "detector/detections", 10)
    sent = []

    def publish() -> None:
        """A result of an image of a quarter of a second ago."""
        now = time.time()
        message = Detection2DArray()
        message.header.stamp = rclpy.time.Time(nanoseconds=int((now - EARLIER) * 1e9)).to_msg()
        sent.append(now)
        publisher.publish(message)

    timer = node.create_timer(0.02, publish)

    def spin() -> None:
        while not is_over.is_set():
            rclpy.spin_once(node, timeout_sec=0.05)

    is_over = threading.Event()
    # This thread waits for the subscriber, and so cannot publish.
    thread = threading.Thread(target=spin)
    thread.start()
    try:
        seen = observe(os.getpid(), tmp_path, 1.0, time.sleep)
    finally:
        is_over.set()
        thread.join()
        node.destroy_timer(timer)
        node.destroy_node()
    began, ended = seen.window
    in_time = [at for at in sent if began <= at < ended]
    assert 1 <= len(seen.latencies) <= len(in_time) + 2
    assert (seen.latencies >= EARLIER).all()
    assert seen.cores > 0 and seen.memory > 10e6


def test_times_of_another_stretch_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "times.json"
    file.write_text(json.dumps([[1.0, 0.1], [2.0, 0.2], [2.5, 0.3], [3.0, 0.4]]), "utf-8")
    assert within(file, (2.0, 3.0)).tolist() == [0.2, 0.3]
    with pytest.raises(TimeoutError, match="no result came within 2 s"):
        within(file, (5.0, 7.0))


def test_nothing_that_was_received_is_told(tmp_path: Path) -> None:
    file = tmp_path / "times.json"
    file.write_text("[]", "utf-8")
    with pytest.raises(TimeoutError):
        within(file, (0.0, 1.0))


def test_time_of_the_processor_grows_with_work() -> None:
    itself = psutil.Process()
    before = cpu_seconds(itself)
    while time.process_time() < before + 0.1:
        sum(range(1000))
    assert cpu_seconds(itself) >= before + 0.05
