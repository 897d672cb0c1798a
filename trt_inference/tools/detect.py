"""Run a bundle on image files or videos without ROS: trt-inference detect."""

import argparse
import itertools
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from trt_inference.bundles.atomic_write import remove_leftovers, write_file
from trt_inference.bundles.bundle import Thresholds, load_bundle
from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.bundles.unused_thresholds import unused_thresholds
from trt_inference.engines.backends import backend_names
from trt_inference.engines.base import EngineOptions
from trt_inference.errors import ImageError, TrtInferenceError
from trt_inference.inference.detector import Detector
from trt_inference.tools.argument_types import add_device, fraction, positive
from trt_inference.viewing.image_files import read_frames
from trt_inference.viewing.views import VIEWS, Cells

# A video has thousands of frames; the table shows the first ones and the pictures all.
TABLE_ROWS = 50


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command by itself and return the exit code: 0, 1 after an error, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="trt-inference detect", description=__doc__)
    add_detect_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        return run_detect(options)
    except TrtInferenceError as error:
        _print_error(error)
        return 1
    except KeyboardInterrupt:
        return 130


def add_detect_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `detect`."""
    parser.add_argument("bundle", metavar="BUNDLE", help="folder made by the converter")
    parser.add_argument("files", metavar="IMAGE", nargs="+", type=Path, help="image or video file")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("detections"),
        metavar="DIR",
        help="folder for the annotated pictures (default: detections)",
    )
    parser.add_argument("--precision", default="auto", choices=("auto", *PRECISIONS))
    parser.add_argument("--backend", default="auto", choices=backend_names())
    add_device(parser)
    parser.add_argument(
        "--score-threshold", type=fraction, metavar="0..1", help="default: the bundle's"
    )
    parser.add_argument(
        "--iou-threshold", type=fraction, metavar="0..1", help="default: the bundle's"
    )
    parser.add_argument(
        "--max-detections", type=positive, metavar="N", help="default: the bundle's"
    )


def run_detect(options: argparse.Namespace) -> int:
    """Detect on all files, print what was found, and write the annotated pictures.

    Returns:
        The exit code: 1 if a file cannot be read or its picture cannot be written, otherwise 0.

    Raises:
        TrtInferenceError: the bundle or its engine cannot be loaded.
    """
    # Names and labels are shown as they are, whatever brackets and colons they have.
    console = Console(markup=False, emoji=False)
    bundle = load_bundle(options.bundle)
    for name, reason in unused_thresholds(bundle.task, bundle.needs_nms).items():
        if getattr(options, name) is not None:
            _print_caution(f"--{name.replace('_', '-')} has no effect: {reason}")
    engine_options = EngineOptions(device=options.device, warn=_print_caution)
    with Detector.open(bundle, options.backend, options.precision, engine_options) as detector:
        detector.thresholds = _thresholds(options, bundle.defaults)
        console.print(
            f"{bundle.name} {detector.choice}: {detector.engine.description}", soft_wrap=True
        )
        with console.status("detecting …"):
            rows, failures = _detect_all(detector, options.files, options.output)
        _print_results(rows, VIEWS[bundle.task].columns, console)
        _print_times(detector, console)
        if detector.full_frames:
            _print_caution(
                f"in {detector.full_frames} images all {bundle.candidates} candidates reached the "
                "score threshold, so that detections may be missing: raise --score-threshold, or "
                "convert the model with more --candidates"
            )
    if rows:
        console.print(f"{len(rows)} annotated pictures in {options.output}/", soft_wrap=True)
    return 1 if failures else 0


def _thresholds(options: argparse.Namespace, defaults: Thresholds) -> Thresholds:
    def choose(given: Optional[float], default: float) -> float:
        return default if given is None else given

    return Thresholds(
        score_threshold=choose(options.score_threshold, defaults.score_threshold),
        iou_threshold=choose(options.iou_threshold, defaults.iou_threshold),
        max_detections=int(choose(options.max_detections, defaults.max_detections)),
    )


class _Row(NamedTuple):
    """A frame in the table: ``seen`` has the cells of each line."""

    name: str
    size: str
    seen: List[Cells]


def _detect_all(detector: Detector, files: Sequence[Path], output: Path) -> Tuple[List[_Row], int]:
    """Detect on every frame and write its picture.

    A file that cannot be read is reported, and the others go on. No picture replaces one of
    ``files``, or a picture of this run.

    Returns:
        The rows of the table, and the number of files that failed.
    """
    _make_folder(output)
    view, labels = VIEWS[detector.bundle.task], detector.bundle.labels
    taken = {file.resolve() for file in files}
    rows: List[_Row] = []
    failures = 0
    for file in files:
        try:
            for name, _, frame in read_frames(file):
                target = (output / f"{name}.jpg").resolve()
                if target in taken:
                    raise ImageError(
                        f"the picture of '{file}' would replace '{target}': choose another --output"
                    )
                taken.add(target)
                result = detector.detect(frame)
                _write_image(target, view.draw(frame, result, labels))
                size = f"{frame.shape[1]}x{frame.shape[0]}"
                rows.append(_Row(name, size, view.rows(result, labels)))
        except ImageError as error:
            failures += 1
            _print_error(error)
    return rows, failures


def _print_error(error: Exception) -> None:
    _print_aside(f"error: {error}", "red")


def _print_caution(text: str) -> None:
    _print_aside(f"caution: {text}", "yellow")


def _print_aside(text: str, style: str) -> None:
    console = Console(stderr=True, markup=False, emoji=False)
    console.print(text, style=style, soft_wrap=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder, ".*.partial-")
    except OSError as error:
        raise ImageError(f"'{folder}' cannot be written: {error}") from error


def _write_image(file: Path, image: np.ndarray) -> None:
    encoded, content = cv2.imencode(file.suffix, image)
    if not encoded:
        raise ImageError(f"'{file}' cannot be written: OpenCV cannot encode it")
    try:
        write_file(file, content.tobytes(), durable=False)
    except OSError as error:
        raise ImageError(f"'{file}' cannot be written: {error}") from error


def _print_results(rows: Sequence[_Row], columns: Cells, console: Console) -> None:
    table = Table("image", "size", *columns)
    for row in itertools.islice(rows, TABLE_ROWS):
        for cells in row.seen or [("nothing seen",)]:
            table.add_row(row.name, row.size, *cells)
    if rows:
        console.print(table)
    if len(rows) > TABLE_ROWS:
        console.print(f"… and {len(rows) - TABLE_ROWS} more frames")


def _print_times(detector: Detector, console: Console) -> None:
    table = Table("stage", "p50 ms", "p95 ms", "p99 ms")
    for stage, times in detector.clock.percentiles().items():
        table.add_row(stage, f"{times.p50:.2f}", f"{times.p95:.2f}", f"{times.p99:.2f}")
    if table.row_count:
        console.print(table)


if __name__ == "__main__":
    sys.exit(main())
