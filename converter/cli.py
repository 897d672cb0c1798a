"""The command line: python3 -m converter inspect | convert."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from converter import print_results
from converter.arguments import fraction, not_zero, number, positive, size
from converter.graph.input_stage import Pixels
from converter.progress import Progress
from converter.saved_model import read_saved_model
from converter.steps import ConvertOptions, convert
from trt_inference.bundle import Thresholds
from trt_inference.errors import TrtInferenceError

INTERRUPTED = 130  # as a shell reports it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, 1 after an error, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options, Console())
    except (TrtInferenceError, OSError) as error:
        _print_error(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _print_error("interrupted, nothing was written")
        return INTERRUPTED
    return 0


def _print_error(text: str) -> None:
    Console(stderr=True).print(text, style="red", markup=False, highlight=False, soft_wrap=True)


def _inspect(options: argparse.Namespace, console: Console) -> None:
    with console.status("reading …"):
        saved_model = read_saved_model(options.saved_model)
    print_results.print_saved_model(saved_model, console)


def _convert(options: argparse.Namespace, console: Console) -> None:
    conversion = convert(
        ConvertOptions(
            saved_model=options.saved_model,
            output=options.output,
            labels=options.labels,
            signature=options.signature,
            images=options.images,
            annotations=options.labels_coco,
            most_images=options.max_images,
            input_size=options.input_size,
            pixels=Pixels(options.channels, options.scale, tuple(options.mean), tuple(options.std)),
            fit=options.fit,
            pad_value=options.pad_value,
            normalised_boxes=options.boxes == "normalised",
            candidates=options.candidates,
            defaults=Thresholds(
                options.score_threshold, options.iou_threshold, options.max_detections
            ),
            opset=options.opset,
            overwrite=options.overwrite,
        ),
        Progress(console),
    )
    print_results.print_conversion(conversion, console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m converter", description="Makes bundles from TensorFlow SavedModels."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    inspect = commands.add_parser("inspect", help="list the signatures of a SavedModel")
    inspect.add_argument("saved_model", metavar="DIR", type=Path, help="folder of the SavedModel")
    inspect.set_defaults(run=_inspect)
    command = commands.add_parser(
        "convert",
        help="make a bundle from a SavedModel",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    command.set_defaults(run=_convert)
    _add_files(command)
    _add_model(command)
    _add_bundle(command)
    return parser


def _add_files(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to read and write")
    group.add_argument("saved_model", metavar="DIR", type=Path, help="folder of the SavedModel")
    group.add_argument(
        "--output", metavar="BUNDLE", type=Path, required=True, help="folder to write"
    )
    group.add_argument("--overwrite", action="store_true", help="replace an older bundle")
    group.add_argument(
        "--labels",
        metavar="FILE",
        type=Path,
        required=True,
        help="text file with one class name a line",
    )
    group.add_argument(
        "--images", metavar="DIR", type=Path, help="images to verify on; without it, synthetic ones"
    )
    group.add_argument(
        "--labels-coco",
        metavar="FILE",
        type=Path,
        help="COCO annotations of the images, to measure the accuracy",
    )
    group.add_argument(
        "--max-images",
        metavar="N",
        type=positive,
        default=500,
        help="verify on at most so many images",
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what the network expects and gives")
    group.add_argument(
        "--signature", metavar="NAME", default="serving_default", help="signature to convert"
    )
    group.add_argument(
        "--input-size",
        metavar="WxH",
        type=size,
        help="input size in pixels, where the signature leaves it open",
    )
    group.add_argument(
        "--channels",
        choices=("rgb", "bgr"),
        default="rgb",
        help="order of the network's input channels",
    )
    group.add_argument(
        "--scale",
        type=number,
        default="1/255",
        metavar="X",
        help="the network gets (value * scale - mean) / std",
    )
    group.add_argument(
        "--mean",
        type=number,
        nargs=3,
        default=(0.0, 0.0, 0.0),
        metavar="X",
        help="one number a channel, in the network's order",
    )
    group.add_argument(
        "--std",
        type=not_zero,
        nargs=3,
        default=(1.0, 1.0, 1.0),
        metavar="X",
        help="one number a channel, in the network's order",
    )
    group.add_argument(
        "--boxes",
        choices=("pixels", "normalised"),
        default="pixels",
        help="unit of the network's boxes",
    )
    group.add_argument(
        "--opset",
        type=int,
        default=17,
        choices=range(13, 19),
        metavar="13..18",
        help="ONNX operator set to export",
    )


def _add_bundle(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what the robot does")
    group.add_argument(
        "--fit",
        choices=("letterbox", "stretch"),
        default="letterbox",
        help="how a camera image is brought to the input size",
    )
    group.add_argument(
        "--pad-value",
        type=int,
        default=114,
        choices=range(256),
        metavar="0..255",
        help="value of the letterbox's borders",
    )
    group.add_argument(
        "--candidates",
        metavar="K",
        type=positive,
        default=300,
        help="boxes that leave the engine, the best ones",
    )
    group.add_argument(
        "--score-threshold",
        metavar="0..1",
        type=fraction,
        default=0.4,
        help="default of the robot's parameter",
    )
    group.add_argument(
        "--iou-threshold",
        metavar="0..1",
        type=fraction,
        default=0.5,
        help="default of the robot's parameter",
    )
    group.add_argument(
        "--max-detections",
        metavar="N",
        type=positive,
        default=100,
        help="default of the robot's parameter",
    )
