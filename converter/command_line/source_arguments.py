"""The arguments about the SavedModel: those of `inspect`, which `convert` has as well."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from converter.command_line.argument_types import anchors, image_size, not_zero, setting
from converter.commands.convert_options import SourceOptions
from converter.errors import ExportError
from converter.export.opsets import HIGHEST_OPSET, LOWEST_OPSET, Opsets
from converter.heads.choose import AUTO, head_names
from converter.heads.decoding.box_formats import BOX_FORMATS
from converter.heads.decoding.classes_of_box import CLASSES_OF_BOX
from converter.heads.decoding.scores import ACTIVATIONS, BACKGROUNDS
from converter.heads.evidence import HeadOptions
from converter.heads.ssd.box_coder import OFFSET_ORDERS
from converter.inputs.pixels import PRESETS, PixelOptions
from trt_inference.bundles.tensorrt_versions import TARGETS
from trt_inference.tools.argument_types import number

_OPSETS = range(13, 19)


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that specify how the SavedModel is understood."""
    parser.add_argument("saved_model", metavar="DIR", type=Path, help="folder of the SavedModel")
    _add_input(parser)
    _add_pixels(parser)
    _add_head(parser)


def source_options(arguments: argparse.Namespace) -> SourceOptions:
    """How the SavedModel is understood, from the parsed arguments.

    Raises:
        ExportError: the target does not take the opset that is asked for.
    """
    return SourceOptions(
        saved_model=arguments.saved_model,
        labels=arguments.labels,
        tag=arguments.tag,
        signature=arguments.signature,
        input=arguments.input,
        input_size=arguments.input_size,
        values=dict(arguments.set),
        outputs=tuple(arguments.outputs),
        pixels=_pixels(arguments),
        head=_head(arguments),
        opsets=_opsets(arguments),
        keep_suppression=arguments.keep_suppression,
        suppress=arguments.suppress,
    )


def _opsets(arguments: argparse.Namespace) -> Opsets:
    """One opset where it is asked for, else those that the target takes, or any board."""
    target, asked = arguments.target and TARGETS[arguments.target], arguments.opset
    if target and asked and asked > target.opset:
        raise ExportError(
            f"--opset {asked}: {target} takes opset {target.opset} at most: leave --opset or "
            "--target out"
        )
    if asked:
        return Opsets(asked, asked)
    return Opsets(highest=min(target.opset, HIGHEST_OPSET)) if target else Opsets()


def _pixels(arguments: argparse.Namespace) -> PixelOptions:
    given = {
        "channels": arguments.channels,
        "scale": arguments.scale,
        "mean": arguments.mean and tuple(arguments.mean),
        "std": arguments.std and tuple(arguments.std),
    }
    preset = PRESETS[arguments.pixels] if arguments.pixels else PixelOptions()
    return replace(preset, **{name: value for name, value in given.items() if value is not None})


def _head(arguments: argparse.Namespace) -> HeadOptions:
    scales = arguments.box_scales
    return HeadOptions(
        head=arguments.head,
        boxes=arguments.boxes,
        box_format=arguments.box_format,
        activation=arguments.activation,
        background=arguments.background,
        first_class=arguments.first_class,
        anchors=None if arguments.anchors is None else np.asarray(arguments.anchors, np.float32),
        box_scales=scales and tuple(scales),
        offset_order=arguments.offset_order,
        classes_of_box=arguments.classes_of_box,
    )


def _add_input(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the model and its input")
    add = group.add_argument
    add("--signature", metavar="NAME", help="signature (default: serving_default, or the only one)")
    add(
        "--tag",
        metavar="NAMES",
        help='tags of the graph, with commas between them, "" for the one without a tag '
        "(default: serve, or the only one that is not for training)",
    )
    add("--input", metavar="NAME", help="input that is the image, where several can be")
    add(
        "--input-size",
        metavar="WxH",
        type=image_size,
        help="size in pixels, where the signature leaves it open (default: that of a file beside "
        "the model, or that to which the graph resizes)",
    )
    add(
        "--set",
        metavar="NAME=VALUE",
        type=setting,
        action="append",
        default=[],
        help="fixed value of an input that is not the image, as in keep_prob=1",
    )
    add(
        "--outputs",
        metavar="NAME",
        nargs="+",
        default=(),
        help="outputs to use, if others are ambiguous, or tensors inside of the graph, as inspect "
        "prints them: model/concat:0 (default: all outputs of the signature)",
    )
    add(
        "--labels",
        metavar="FILE",
        type=Path,
        help="text file with one class name a line (default: those of a file beside the model, or "
        "class 0, class 1, ...)",
    )
    add(
        "--target",
        choices=tuple(TARGETS),
        help="what it is for: refuse a network that needs a later opset than it takes",
    )
    add(
        "--opset",
        type=int,
        choices=_OPSETS,
        metavar=f"{_OPSETS[0]}..{_OPSETS[-1]}",
        help=f"ONNX operator set (default: {LOWEST_OPSET}, which all boards take, or as little "
        f"more as the network needs, up to {HIGHEST_OPSET})",
    )


def _add_pixels(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "its pixels",
        "The network gets (value * scale - mean) / std, where value is 0 to 255. Without these "
        "options: what files beside the model, its graph or the images show; otherwise RGB, 0 to "
        "1 for an input of floats, 0 to 255 for one of whole numbers.",
    )
    add = group.add_argument
    add("--pixels", choices=tuple(PRESETS), help="a common preset; the options below change it")
    add("--channels", choices=("rgb", "bgr", "grey"), help="order of the channels (default: rgb)")
    add("--scale", type=not_zero, metavar="X", help="as in 1/255")
    add("--mean", type=number, nargs="+", metavar="X", help="one number, or one a channel")
    add("--std", type=not_zero, nargs="+", metavar="X", help="one number, or one a channel")


def _add_head(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "its outputs", "Found out from names, shapes and values unless these options specify them."
    )
    add = group.add_argument
    add("--head", choices=head_names(), default=AUTO, help="family of the head (default: auto)")
    add(
        "--boxes",
        choices=(AUTO, "pixels", "normalised", "cells"),
        default=AUTO,
        help="unit of the boxes",
    )
    add(
        "--box-format",
        choices=(AUTO, *BOX_FORMATS),
        default=AUTO,
        help="what the four numbers of a box, or of an anchor, are",
    )
    add(
        "--activation",
        choices=(AUTO, *ACTIVATIONS),
        default=AUTO,
        help="what is still to be done to the scores",
    )
    add(
        "--background",
        choices=(AUTO, *BACKGROUNDS),
        default=AUTO,
        help="position of the background class in the scores",
    )
    add("--first-class", type=int, metavar="N", help="number that the model gives its first class")
    add(
        "--anchors",
        type=anchors,
        metavar="FILE.npy",
        help="float32 [A, 4], where the boxes of the model are relative to anchors",
    )
    add(
        "--box-scales",
        type=not_zero,
        nargs=4,
        metavar="X",
        help="by what the box coder multiplied, as in 10 10 5 5",
    )
    add(
        "--keep-suppression",
        action="store_true",
        help="leave a suppression of overlapping boxes in the network, with its own thresholds "
        "(default: it is cut out, and the robot suppresses)",
    )
    add(
        "--suppress",
        action="store_true",
        help="have the robot suppress overlapping boxes also of a model that gives each object "
        "once (default: it does not, and --iou-threshold has no effect)",
    )
    add(
        "--classes-of-box",
        choices=(AUTO, *CLASSES_OF_BOX),
        default=AUTO,
        help="whether a box is given for its best class alone, or once for each of its classes "
        "(default: as a suppression in the model shows, otherwise for its best class)",
    )
    add(
        "--offset-order",
        choices=(AUTO, *OFFSET_ORDERS),
        default=AUTO,
        help="what the offsets from anchors are: "
        + ", ".join(f"{name} for {what}" for name, what in OFFSET_ORDERS.items()),
    )
