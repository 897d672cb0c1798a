"""What the command line shows of a bundle that was converted before."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from converter.bundle_writer import REPORT_PAGE
from converter.errors import OutputError
from converter.report.wording import difference, size
from trt_inference.bundle import Bundle


def print_bundle(bundle: Bundle, console: Console) -> None:
    """Its precisions with what was measured, and where its page is."""
    console.print(
        f"{bundle.name}: {bundle.source['head']}, {bundle.input.width}x{bundle.input.height}, "
        f"{len(bundle.labels)} classes",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    table = Table("precision", "size", "largest difference", "mAP@0.5", "mAP@[.5:.95]", "images")
    for name, entry in bundle.precisions.items():
        parity, accuracy = entry.get("parity", {}), entry.get("accuracy", {}).get("bundle", {})
        outputs = parity.get("tensors", [])
        table.add_row(
            escape(name),
            size(entry["bytes"] + entry.get("data", {}).get("bytes", 0)),
            difference(max((output["max_abs"] for output in outputs), default=0.0)),
            *(f"{accuracy[key]:.4f}" if accuracy else "" for key in ("map_50", "map_50_95")),
            "synthetic" if parity.get("synthetic_images") else str(accuracy.get("images", "")),
        )
    console.print(table)
    console.print(str(page_of(bundle)), markup=False, highlight=False, soft_wrap=True)


def page_of(bundle: Bundle) -> Path:
    """The page that was written with the bundle.

    Raises:
        OutputError: there is none.
    """
    page = bundle.path / REPORT_PAGE
    if not page.is_file():
        raise OutputError(f"there is no '{page}': convert the model again")
    return page
