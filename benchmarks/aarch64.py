"""python3 -m benchmarks.aarch64 --bundle DIR --images DIR: `detect` on an emulated Cortex-A57
beside x86_64, in the same system with the same libraries."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from converter.comparison.agreement import Agreement
from converter.comparison.compare_detections import MIN_IOU, at_least, match, match_all
from converter.comparison.tolerance import TOLERANCES
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.names import DETECTION
from trt_inference.bundles.precisions import PRECISION_TABLE
from trt_inference.errors import TrtInferenceError
from trt_inference.inference.detections import Detections

ROOT = Path(__file__).resolve().parents[1]
EMULATED, NATIVE = "arm64", "amd64"

Usage = Dict[str, Any]  # what benchmarks.detect_usage prints


class Compared(NamedTuple):
    """The rows of a precision on both processors.

    Attributes:
        agreement: of the emulated one with the other, above the bundle's threshold.
        rows: how many the emulated one has.
        pixels: by how much an edge of a box differs at most, in pixels of the image.
    """

    agreement: Agreement
    rows: int
    pixels: float

    def is_within(self, precision: str) -> bool:
        """Whether it is what rounding in another order explains, as `convert` judges it."""
        found = self.agreement
        most = TOLERANCES[PRECISION_TABLE[precision].rounding].score_difference
        return (
            not (found.missing or found.extra)
            and found.lowest_iou >= MIN_IOU
            and found.largest_score_difference <= most
        )


def main() -> int:
    """Print the table. Returns 1 where the two do not agree, or one of them failed."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.aarch64", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True, help="in the folder of this project")
    parser.add_argument("--images", type=Path, required=True, help="a folder of jpg files there")
    parser.add_argument("--count", type=int, default=10, help="of the images (default: 10)")
    options = parser.parse_args()
    console = Console(width=110, markup=False)
    try:
        bundle = load_bundle(options.bundle)
        images = sorted(options.images.glob("*.jpg"))[: options.count]
        problem = _problem(bundle, images)
        if problem:
            parser.error(problem)
        console.print(f"detect on {len(images)} images, natively and emulated …")
        native, emulated = (usage(name, bundle, images) for name in (NATIVE, EMULATED))
    except TrtInferenceError as error:
        console.print(f"error: {error}", style="red", soft_wrap=True)
        return 1
    except subprocess.CalledProcessError as error:
        system, code = error.cmd[1], error.returncode
        console.print(f"error: detect failed in the system for {system} ({code})", style="red")
        return 1
    except KeyboardInterrupt:
        return 130
    compared = {
        name: compare(native["precisions"][name], emulated["precisions"][name], bundle)
        for name in bundle.precisions
    }
    console.print(table(compared, native, emulated, len(images)))
    return 0 if all(found.is_within(name) for name, found in compared.items()) else 1


def _problem(bundle: Bundle, images: Sequence[Path]) -> str:
    """Why these cannot be compared; empty if they can."""
    if bundle.task != DETECTION:
        return f"the bundle is for {bundle.task}, and boxes are compared here"
    if not images:
        return "there is no jpg file in the folder of --images"
    for path in (bundle.path, images[0]):
        if ROOT not in path.resolve().parents:
            return f"'{path}' is not in {ROOT}, all that the systems see: copy it there"
    return ""


def usage(system: str, bundle: Bundle, images: Sequence[Path]) -> Usage:
    """Run ``benchmarks.detect_usage`` in one of the systems of ``scripts/debian.sh``.

    Raises:
        subprocess.CalledProcessError: it failed, and has printed why.
    """
    inside = [str(path.resolve().relative_to(ROOT)) for path in (bundle.path, *images)]
    command = ["scripts/debian.sh", system, "python3", "-m", "benchmarks.detect_usage", *inside]
    done = subprocess.run(command, cwd=str(ROOT), check=True, stdout=subprocess.PIPE)
    found: Usage = json.loads(done.stdout.decode("utf-8"))
    return found


def compare(wanted: Usage, given: Usage, bundle: Bundle) -> Compared:
    """Compare what `detect` found with one precision."""
    threshold = bundle.defaults.score_threshold
    pairs = [
        (_detections(one, bundle), _detections(other, bundle))
        for one, other in zip(wanted["images"], given["images"])
    ]
    agreement = match_all(
        [(at_least(threshold, one), other) for one, other in pairs],
        [(at_least(threshold, other), one) for one, other in pairs],
        threshold,
    )
    pixels = [_largest_shift(at_least(threshold, one), other) for one, other in pairs]
    rows = sum(len(at_least(threshold, other)) for _, other in pairs)
    return Compared(agreement, rows, max(pixels, default=0.0))


def _largest_shift(wanted: Detections, given: Detections) -> float:
    rows, columns, _ = match(wanted, given)
    return float(np.abs(wanted.xyxy[rows] - given.xyxy[columns]).max(initial=0))


def _detections(image: Usage, bundle: Bundle) -> Detections:
    rows: List[Usage] = image["detections"]
    return Detections(
        np.array([[row[edge] for edge in ("x1", "y1", "x2", "y2")] for row in rows]).reshape(-1, 4),
        np.array([row["score"] for row in rows], float),
        np.array([bundle.labels.index(row["class"]) for row in rows], int),
    )


def table(compared: Dict[str, Compared], native: Usage, emulated: Usage, images: int) -> Table:
    """A row for each precision, and one for Python alone, which shows what qemu takes itself."""
    precisions = emulated["precisions"]
    backend = next(iter(precisions.values()))["backend"]
    columns = ("", "rows", "in both", "largest difference", "ms an image", "peak MB", "agree")
    result = Table(
        *columns,
        title=f"detect on {images} images: {emulated['processor']} (qemu, Cortex-A57) / "
        f"{native['processor']}",
        caption=f"{backend}, OpenCV {emulated['opencv']}. The emulation's times are no measure of "
        "a board, and qemu's own memory is in its peaks.",
    )
    for name, found in compared.items():
        one, other = precisions[name], native["precisions"][name]
        agreement = found.agreement
        result.add_row(
            name,
            f"{found.rows} / {agreement.detections}",
            str(agreement.matched),
            f"{found.pixels:.2g} px, {agreement.largest_score_difference:.2g}",
            f"{one['milliseconds']:.0f} / {other['milliseconds']:.1f}",
            f"{one['peak_bytes'] / 1e6:.0f} / {other['peak_bytes'] / 1e6:.0f}",
            "yes" if found.is_within(name) else "NO",
        )
    bare = (one["python_peak_bytes"] / 1e6 for one in (emulated, native))
    result.add_row("Python alone", "", "", "", "", " / ".join(f"{peak:.0f}" for peak in bare), "")
    return result


if __name__ == "__main__":
    sys.exit(main())
