"""The arguments of `convert`, and the options that they stand for."""

from __future__ import annotations

import argparse
from pathlib import Path

from converter.arguments import not_zero, size
from converter.graph.input_stage import Pixels
from converter.options import ConvertOptions
from trt_inference.arguments import fraction, number, positive
from trt_inference.bundle import Thresholds


def add_convert_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare them, in three groups."""
    _add_files(parser)
    _add_model(parser)
    _add_bundle(parser)


def options_from(arguments: argparse.Namespace) -> ConvertOptions:
    """What the parsed arguments say."""
    means, deviations = tuple(arguments.mean), tuple(arguments.std)
    return ConvertOptions(
        saved_model=arguments.saved_model,
        output=arguments.output,
        labels=arguments.labels,
        signature=arguments.signature,
        images=arguments.images,
        annotations=arguments.labels_coco,
        most_images=arguments.max_images,
        input_size=arguments.input_size,
        pixels=Pixels(arguments.channels, arguments.scale, means, deviations),
        fit=arguments.fit,
        pad_value=arguments.pad_value,
        normalised_boxes=arguments.boxes == "normalised",
        candidates=arguments.candidates,
        defaults=Thresholds(
            arguments.score_threshold, arguments.iou_threshold, arguments.max_detections
        ),
        opset=arguments.opset,
        overwrite=arguments.overwrite,
    )


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
