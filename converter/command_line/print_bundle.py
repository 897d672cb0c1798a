"""What the command line shows of a bundle that was converted before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from converter.errors import OutputError
from converter.report.wording import file_size
from converter.terminal.console import say
from trt_inference.bundles.bundle import Bundle, model_bytes
from trt_inference.bundles.names import REPORT_PAGE
from trt_inference.bundles.precisions import FP32


def print_bundle(bundle: Bundle, console: Console) -> None:
    """Its precisions with what was measured, and where its page is."""
    say(
        console,
        f"{bundle.name}: {bundle.source['head']}, {bundle.input.width}x{bundle.input.height}, "
        f"{len(bundle.labels)} classes",
    )
    table = Table("precision", "size", "the same as", "mAP@0.5", "mAP@[.5:.95]", "images", "ms")
    for name, entry in bundle.precisions.items():
        table.add_row(escape(name), file_size(model_bytes(entry)), *_measured(name, entry))
    console.print(table)
    say(console, str(page_of(bundle)))


def _measured(name: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Agreement, accuracy and time; empty where nothing was measured."""
    accuracy = entry.get("accuracy", {}).get("bundle", {})
    parity, times = entry.get("parity", {}), entry.get("milliseconds", {})
    images = accuracy.get("images", entry.get("images", ""))
    return (
        _agreement(name, entry),
        *(f"{accuracy[key]:.4f}" if accuracy else "" for key in ("map_50", "map_50_95")),
        "synthetic" if parity.get("synthetic_images") else str(images),
        f"{times[name]:.2f}" if name in times else "",
    )


def _agreement(name: str, entry: Mapping[str, Any]) -> str:
    """fp32 is compared with TensorFlow, the others with fp32."""
    found = entry.get("agreement", {})
    for key in ("detections", "images", "pixels"):
        found = found or entry.get("parity", {}).get(key, {})
    if not found:
        return ""
    of = found["detections"] if "detections" in found else found["compared"]
    same = found["matched"] if "matched" in found else found["same"]
    return f"{'TensorFlow' if name == FP32 else FP32}: {same} of {of}"


def page_of(bundle: Bundle) -> Path:
    """The page that was written with the bundle.

    Raises:
        OutputError: there is none.
    """
    page = bundle.path / REPORT_PAGE
    if not page.is_file():
        raise OutputError(f"there is no '{page}': convert the model again")
    return page
