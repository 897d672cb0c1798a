"""The tables at the end of the demo."""

from typing import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from converter.comparison.compare_detections import match
from examples.shapes.monitor import Record
from trt_inference.ros.messages.result_messages import message_to_detections
from trt_inference.timing import Percentiles

STAGES = {
    "wait": "in the mailbox",
    "preprocess": "resize into the input buffer",
    "inference": "inference",
    "postprocess": "threshold, NMS, boxes of the image",
    "publish": "build and publish the message",
    "node": "image received → detections published",
    "age": "image stamp → detections published",
}


def print_tables(record: Record, labels: Sequence[str], console: Console) -> None:
    """Frames, precision and recall, latencies."""
    frames = Table(
        "sent",
        "received",
        "inferred",
        "dropped",
        "rejected",
        title="frames",
        caption="sent: since camera and node began to discover each other",
    )
    counts = [
        record.diagnostics.get(name, "?")
        for name in ("received", "inferred", "dropped", "rejected")
    ]
    frames.add_row(str(len(record.truth)), *counts)
    console.print(frames)
    _print_accuracy(record, labels, console)
    _print_latencies(record, console)


def _print_accuracy(record: Record, labels: Sequence[str], console: Console) -> None:
    """Each detection against the truth of its own image: same class, IoU of 0.5 or more."""
    matched = objects = found = 0
    for stamp in record.detections.keys() & record.truth.keys():
        truth = message_to_detections(record.truth[stamp], labels)
        detections = message_to_detections(record.detections[stamp], labels)
        matched += len(match(truth, detections)[0])
        objects += len(truth)
        found += len(detections)
    table = Table("objects", "detections", "correct", "precision", "recall", title="accuracy")
    precision, recall = matched / max(found, 1), matched / max(objects, 1)
    table.add_row(str(objects), str(found), str(matched), f"{precision:.3f}", f"{recall:.3f}")
    console.print(table)


def _print_latencies(record: Record, console: Console) -> None:
    table = Table("from … to", "p50", "p95", "p99", title="latency, ms")
    for column in table.columns[1:]:
        column.justify = "right"
    if record.latencies:
        times = Percentiles.of(np.array(record.latencies))
        values = (f"{value:.2f}" for value in (times.p50, times.p95, times.p99))
        table.add_row("image stamp → detections received", *values)
        table.add_section()
    for stage, meaning in STAGES.items():
        values = (
            record.diagnostics.get(f"{stage} {name} ms", "?") for name in ("p50", "p95", "p99")
        )
        table.add_row(meaning, *values)
    console.print(table)
