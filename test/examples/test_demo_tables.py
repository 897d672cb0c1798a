"""The figures of the demo's tables, on a record whose figures are known."""

import io
from typing import List

import numpy as np
from rich.console import Console
from std_msgs.msg import Header

from examples.shapes.demo_tables import print_tables
from examples.shapes.monitor import Record
from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.result_messages import detections_to_message

LABELS = ("circle", "square")


def test_precision_and_recall_compare_each_image_with_its_own_truth() -> None:
    here, there = [0, 0, 10, 10], [50, 50, 60, 60]
    record = Record(latencies=[0.010, 0.020, 0.030])
    # A box at the right place; one of the wrong class; one where there is nothing.
    record.truth = {(1, 0): message([here, there], [0, 1]), (2, 0): message([here], [0])}
    record.detections = {(1, 0): message([here, there], [0, 0]), (2, 0): message([there], [0])}
    shown = render(record)
    assert "│ 3       │ 3          │ 1       │ 0.333     │ 0.333  │" in shown
    assert "20.00" in shown


def test_frames_without_a_message_are_not_held_against_the_detector() -> None:
    record = Record()
    box = message([[0, 0, 10, 10]], [1])
    record.truth = {(1, 0): box, (2, 0): box}
    record.detections = {(1, 0): box}
    record.diagnostics = {"received": "1", "inferred": "1", "dropped": "0", "rejected": "0"}
    shown = render(record)
    assert "│ 2    │ 1        │ 1        │ 0       │ 0        │" in shown
    assert "1.000     │ 1.000" in shown


def message(boxes: List[List[int]], class_ids: List[int]) -> object:
    scores = np.ones(len(boxes), np.float32)
    detections = Detections(np.array(boxes, np.float32), scores, np.array(class_ids, np.int32))
    return detections_to_message(detections, Header(), LABELS)


def render(record: Record) -> str:
    output = io.StringIO()
    print_tables(record, LABELS, Console(file=output, width=120))
    return output.getvalue()
