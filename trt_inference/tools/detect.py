"""Run a bundle on image files or videos without ROS: trt-inference detect."""

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Set

import cv2
import numpy as np
from rich.console import Console

from trt_inference.bundles.atomic_write import remove_leftovers, write_file
from trt_inference.bundles.bundle import Bundle, Thresholds, load_bundle
from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.bundles.unused_thresholds import unused_thresholds
from trt_inference.engines.backends import backend_names
from trt_inference.engines.base import EngineOptions
from trt_inference.errors import FrameLost, ImageError, ResultError, TrtInferenceError
from trt_inference.inference.detector import Detector
from trt_inference.inference.labels_of_classes import explain_without_label
from trt_inference.printable import printable_name
from trt_inference.tools.argument_types import (
    ArgumentParser,
    add_device,
    add_host_code,
    fraction,
    positive,
)
from trt_inference.tools.no_answer import Patience, check_answered
from trt_inference.tools.result_files import (
    STANDARD_OUTPUT,
    Add,
    ImageResult,
    check_targets,
    csv_file,
    json_file,
    real_path,
)
from trt_inference.tools.server_arguments import add_server, server_options
from trt_inference.tools.shown_results import Shown, print_aside, print_times, track
from trt_inference.viewing.enlarge import enlarge
from trt_inference.viewing.image_files import read_frames
from trt_inference.viewing.views import VIEWS


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command by itself and return the exit code: 0, 1 after an error, 130 after Ctrl-C."""
    parser = ArgumentParser(prog="trt-inference detect", description=__doc__)
    add_detect_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        return run_detect(options)
    except BrokenPipeError:  # as of `| head`: nobody reads what is left to print
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except TrtInferenceError as error:
        print_aside(f"error: {error}", "red")
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
    for name, what in (("json", "all results"), ("csv", "a row for each thing that is seen")):
        parser.add_argument(
            f"--{name}",
            type=Path,
            metavar="FILE",
            help=f"write {what} into this file too; - is the standard output",
        )
    parser.add_argument("--precision", default="auto", choices=("auto", *PRECISIONS))
    parser.add_argument("--backend", default="auto", choices=backend_names())
    add_device(parser)
    add_host_code(parser)
    add_server(parser)
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
    """Detect on all files, print what was found, and write the annotated pictures, and the files
    with the results that were asked for.

    Returns:
        The exit code: 1 if a file cannot be read, its picture cannot be written, the network gives
        no result of it, or a server no answer, otherwise 0.

    Raises:
        TrtInferenceError: the bundle or its engine cannot be loaded, its server does not answer, or
            a file with the results cannot be written.
    """
    # Names and labels are shown as they are, whatever brackets and colons they have. What is read
    # by a program stands alone on the standard output.
    piped = STANDARD_OUTPUT in (options.json, options.csv)
    console = Console(markup=False, emoji=False, stderr=piped)
    engine_options = EngineOptions(
        device=options.device,
        host_code_allowed=options.allow_engine_host_code,
        server=server_options(options),
        warn=_print_caution,
    )
    bundle = load_bundle(options.bundle)
    for name, reason in unused_thresholds(bundle.task, bundle.needs_nms).items():
        if getattr(options, name) is not None:
            _print_caution(f"--{name.replace('_', '-')} has no effect: {reason}")
    _make_folder(options.output)
    check_targets({"--json": options.json, "--csv": options.csv}, options.files)
    shown = Shown(VIEWS[bundle.task])
    with Detector.open(bundle, options.backend, options.precision, engine_options) as detector:
        check_answered(detector)
        detector.thresholds = _thresholds(options, bundle.defaults)
        console.print(
            f"{printable_name(bundle.name)} {detector.choice}: {detector.engine.description}",
            soft_wrap=True,
        )
        started = time.monotonic()
        with _result_files(options, detector) as adders:
            _detect_all(detector, options, [shown.add, *adders], console)
        shown.print_results(console, time.monotonic() - started)
        print_times(detector.clock, console)
        _print_cautions(detector, bundle)
    if shown.frames:
        output = printable_name(options.output)
        console.print(f"{shown.frames} annotated pictures in {output}/", soft_wrap=True)
    return 1 if shown.failures else 0


def _thresholds(options: argparse.Namespace, defaults: Thresholds) -> Thresholds:
    def choose(given: Optional[float], default: float) -> float:
        return default if given is None else given

    return Thresholds(
        score_threshold=choose(options.score_threshold, defaults.score_threshold),
        iou_threshold=choose(options.iou_threshold, defaults.iou_threshold),
        max_detections=int(choose(options.max_detections, defaults.max_detections)),
    )


@contextlib.contextmanager
def _result_files(options: argparse.Namespace, detector: Detector) -> Iterator[List[Add]]:
    """What adds an image to each of the files that were asked for."""
    bundle = detector.bundle
    about = {
        "bundle": printable_name(bundle.name),
        "task": bundle.task,
        "precision": detector.choice.precision,
        "backend": detector.engine.description,
        "thresholds": vars(detector.thresholds),
    }
    with contextlib.ExitStack() as stack:
        adders = []
        if options.json:
            adders.append(stack.enter_context(json_file(options.json, VIEWS[bundle.task], about)))
        if options.csv:
            adders.append(stack.enter_context(csv_file(options.csv, VIEWS[bundle.task])))
        yield adders


def _detect_all(
    detector: Detector, options: argparse.Namespace, adders: Sequence[Add], console: Console
) -> None:
    """Detect on every frame, write its picture, and add its result.

    A file that cannot be read, or of which there is no result, is reported, and the others go on.
    No picture replaces one of the files that were given, or a picture of this run.
    """
    given = (*options.files, options.json, options.csv)
    taken = {real_path(file) for file in given if file is not None}
    # Which all of these files are told to be of.
    precision = detector.choice.precision
    patience, who = Patience(), set()
    with track(options.files, console) as files:
        for file, show_frame in files:
            try:
                told = False
                images = _detect_file(detector, file, options.output, taken, patience, precision)
                for image in images:
                    show_frame(image.frame)
                    if not image.error:
                        who.add(detector.engine.description)
                    if image.error and not told:  # once, not for each frame of a video
                        told = True
                        print_aside(f"error: '{printable_name(file)}': {image.error}", "red")
                    for add in adders:
                        add(image)
            except ImageError as error:
                print_aside(f"error: {error}", "red")
                for add in adders:
                    add(ImageResult(file, None, error=str(error)))
    if len(who) > 1:  # as where a server has got another version meanwhile
        _print_caution(f"not all results are of the same engine: {'; '.join(sorted(who))}")


def _detect_file(
    detector: Detector,
    file: Path,
    output: Path,
    taken: Set[Path],
    patience: Patience,
    precision: str,
) -> Iterator[ImageResult]:
    view, labels = VIEWS[detector.bundle.task], detector.bundle.labels
    for name, number, frame in read_frames(file):
        target = real_path(output / f"{name}.jpg")
        if target in taken:
            raise ImageError(
                f"the picture of '{printable_name(file)}' would replace "
                f"'{printable_name(target)}': choose another --output"
            )
        taken.add(target)
        try:
            result = detector.detect(frame)
            _check_precision(detector, precision)
        except ResultError as error:
            yield ImageResult(file, number, error=str(error))
            continue
        except FrameLost as error:
            yield ImageResult(file, number, error=str(error))
            patience.lost()
            continue
        patience.answered()
        _write_image(target, view.draw(*enlarge(frame, result), labels))
        height, width = frame.shape[:2]
        yield ImageResult(file, number, width, height, view.rows(result, labels))


def _check_precision(detector: Detector, precision: str) -> None:
    """
    Raises:
        ResultError: the result is of another one, as where a server has exchanged its model.
    """
    found = detector.choice.precision
    if found != precision:
        raise ResultError(
            f"the server gives {found} of this bundle now, instead of {precision}, which the other "
            "results are of: run detect again when its models stay as they are"
        )


def _print_caution(text: str) -> None:
    print_aside(f"caution: {text}", "yellow")


def _print_cautions(detector: Detector, bundle: Bundle) -> None:
    """Of results that may not be what they seem."""
    if detector.counts.without_label:
        _print_caution(
            f"in {detector.counts.without_label} images there are "
            f"{explain_without_label(detector.stranger, bundle.labels)}"
        )
    if detector.counts.full:
        _print_caution(
            f"in {detector.counts.full} images all {bundle.candidates} candidates reached the "
            "score threshold, so that detections may be missing: raise --score-threshold, or "
            "convert the model with more --candidates"
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder, ".*.partial-")
    except OSError as error:
        raise ImageError(f"'{printable_name(folder)}' cannot be written: {error}") from error


def _write_image(file: Path, image: np.ndarray) -> None:
    shown = printable_name(file)
    encoded, content = cv2.imencode(file.suffix, image)
    if not encoded:
        raise ImageError(f"'{shown}' cannot be written: OpenCV cannot encode it")
    try:
        write_file(file, content.tobytes(), durable=False)
    except OSError as error:
        raise ImageError(f"'{shown}' cannot be written: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
