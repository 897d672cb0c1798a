"""The arguments of `quantize`; those of the precisions belong to `convert` as well."""

import argparse
from pathlib import Path
from typing import Sequence

from converter.command_line.images_arguments import add_images_arguments, images_from
from converter.commands.convert_options import QuantizeOptions
from converter.precision.precision_kinds import find_precisions
from converter.precision.precision_options import CALIBRATION_METHODS, PrecisionOptions
from trt_inference.bundles.precisions import FP32
from trt_inference.tools.argument_types import fraction, positive

_AUTO = "auto"


def add_quantize_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `quantize`."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    add_images_arguments(
        parser,
        "pictures of the robot's camera, some hundreds: a part is calibrated on, the others are "
        "measured on; of a classifier also a folder of them for each class, named like it",
        "measure",
    )
    names = tuple(find_precisions())
    add_precision_arguments(parser, names, names)
    parser.set_defaults(precision=names)


def add_precision_arguments(
    parser: argparse.ArgumentParser,
    choices: Sequence[str] = (),
    default: Sequence[str] = (FP32,),
    default_note: str = "",
) -> None:
    """Declare the arguments that both commands have.

    Args:
        choices: of precisions; without them fp32 and all that can be made.
        default: what is made where the user names none, in words for the help.
        default_note: what is made beside that.
    """
    group = parser.add_argument_group(
        "precisions",
        "fp32 is always in the bundle. Others are measured against it on images that they were not "
        "calibrated on, and put into the bundle if they lose no more than the limit.",
    )
    group.add_argument(
        "--precision",
        choices=choices or (FP32, *find_precisions()),
        nargs="+",
        help=f"precisions to make (default: {' '.join(default)}{default_note})",
    )
    _add_calibration(group)
    _add_limit(group)


def _add_calibration(group: argparse._ArgumentGroup) -> None:
    calibrated = " and ".join(kind.name for kind in find_precisions().values() if kind.calibrates)
    add = group.add_argument
    add(
        "--calibration-images",
        metavar="DIR",
        type=Path,
        help=f"images for the ranges of {calibrated} (default: a quarter of the images)",
    )
    add(
        "--max-calibration-images",
        metavar="N",
        type=positive,
        default=300,
        help="calibrate on at most so many images (default: 300)",
    )
    add(
        "--calibration",
        choices=CALIBRATION_METHODS,
        default=PrecisionOptions.method,
        help=f"how ranges are chosen (default: {PrecisionOptions.method})",
    )


def _add_limit(group: argparse._ArgumentGroup) -> None:
    """Declare the largest loss, and what is done to meet it."""
    losses = (f"{kind.largest_loss:g} for {kind.name}" for kind in find_precisions().values())
    limits = ", ".join(losses)
    add = group.add_argument
    add(
        "--max-map-loss",
        metavar="0..1",
        type=fraction,
        help="the largest loss that is accepted: of mAP, of top-1 accuracy with class folders, or "
        f"the part of images or pixels that get another class (default: {limits})",
    )
    add(
        "--keep-float",
        metavar="LAYER",
        nargs="+",
        default=(),
        help="layers that stay in float32, * stands for anything; auto keeps the fewest with which "
        "the limit is met",
    )


def precision_options(arguments: argparse.Namespace) -> PrecisionOptions:
    """The precisions that the parsed arguments ask for."""
    asked = arguments.precision or ()
    wanted = [name for name in find_precisions() if name in asked]
    return PrecisionOptions(
        precisions=tuple(wanted),
        fp32_alone=bool(asked) and not wanted,
        calibration_images=arguments.calibration_images,
        most_calibration=arguments.max_calibration_images,
        most_images=arguments.max_images,
        method=arguments.calibration,
        limit=arguments.max_map_loss,
        keep_float=tuple(name for name in arguments.keep_float if name != _AUTO),
        keep_most_sensitive=_AUTO in arguments.keep_float,
    )


def quantize_options(arguments: argparse.Namespace) -> QuantizeOptions:
    """The options that the parsed arguments of `quantize` stand for."""
    return QuantizeOptions(
        bundle=arguments.bundle,
        images=arguments.images,
        images_from=images_from(arguments),
        annotations=arguments.labels_coco,
        precision=precision_options(arguments),
    )
