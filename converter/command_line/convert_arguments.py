"""The arguments of `convert`, and the options that they stand for."""

import argparse
from pathlib import Path

from converter.command_line.argument_types import candidates, crop_fraction
from converter.command_line.images_arguments import add_images_arguments, images_from
from converter.command_line.quantize_arguments import add_precision_arguments, precision_options
from converter.command_line.source_arguments import add_source_arguments, source_options
from converter.commands.convert_options import (
    ConvertOptions,
    FittingOptions,
    ThresholdOptions,
)
from trt_inference.bundles.names import CENTER_CROP, FITS, RESIZES
from trt_inference.tools.argument_types import fraction, positive


def add_convert_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare all arguments of `convert`."""
    add_source_arguments(parser)
    _add_files(parser)
    add_precision_arguments(parser, default_note=", and that in which the model computes itself")
    _add_fitting(parser)
    _add_bundle(parser)


def convert_options(arguments: argparse.Namespace) -> ConvertOptions:
    """The options that the parsed arguments of `convert` stand for."""
    return ConvertOptions(
        source=source_options(arguments),
        output=arguments.output,
        images=arguments.images,
        images_from=images_from(arguments),
        annotations=arguments.labels_coco,
        most_images=arguments.max_images,
        fitting=FittingOptions(
            arguments.fit, arguments.pad_value, arguments.resize, arguments.crop_fraction
        ),
        candidates=arguments.candidates,
        thresholds=ThresholdOptions(
            arguments.score_threshold, arguments.iou_threshold, arguments.max_detections
        ),
        target=arguments.target,
        overwrite=arguments.overwrite,
        precision=precision_options(arguments),
    )


def _add_files(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to write, and to verify on")
    add = group.add_argument
    add("--output", metavar="BUNDLE", type=Path, required=True, help="folder to write")
    add("--overwrite", action="store_true", help="replace an older bundle")
    add_images_arguments(
        group,
        "images to verify on; of a classifier also a folder of them for each class, named like "
        "it, to measure the accuracy (default: synthetic ones)",
        "verify",
    )


def _add_fitting(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "how a camera image is brought to the input size", "As the model was trained."
    )
    add = group.add_argument
    add(
        "--fit",
        choices=FITS,
        help="with the aspect ratio kept between borders or with borders right and below only, "
        "stretched, or the middle of the image alone (default: what files beside the model, its "
        "graph or annotated images show; otherwise letterbox, or stretch for classes of images)",
    )
    add(
        "--pad-value",
        type=int,
        choices=range(256),
        metavar="0..255",
        help="value of the borders (default: 114)",
    )
    add(
        "--resize",
        choices=RESIZES,
        help="between the nearest four pixels, or antialiased where it shrinks (default: linear)",
    )
    add(
        "--crop-fraction",
        metavar="0..1",
        type=crop_fraction,
        help=f"of --fit {CENTER_CROP}: how much of the largest middle part to look at, as 0.875 "
        "where training resized to 256 and cropped 224 (default: 1)",
    )


def _add_bundle(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what the robot does")
    add = group.add_argument
    add(
        "--candidates",
        metavar="K",
        type=candidates,
        help="boxes or classes that leave the engine, the best ones (default: 300, or as many as "
        "lose no detection in the images, as far as their suppression is quick enough)",
    )
    usual = "default of the robot's parameter (default: "
    add(
        "--score-threshold",
        metavar="0..1",
        type=fraction,
        help=f"{usual}0.4; 0 for classes of images)",
    )
    add(
        "--iou-threshold",
        metavar="0..1",
        type=fraction,
        help=f"{usual}that of a suppression in the model, or 0.5)",
    )
    add(
        "--max-detections", metavar="N", type=positive, help=f"{usual}100; 5 for classes of images)"
    )
