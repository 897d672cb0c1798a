"""The arguments of `convert` and `quantize` that name images."""

import argparse
from pathlib import Path
from typing import Optional

from converter.commands.convert_options import ImagesFrom
from converter.errors import DatasetError
from trt_inference.tools.argument_types import positive


def add_images_arguments(group: argparse._ActionsContainer, help: str, purpose: str) -> None:
    """Declare images, their annotations, and how many are taken.

    Args:
        help: what the folder of images is for.
        purpose: what is done on so many of them.
    """
    add = group.add_argument
    add("--images", metavar="DIR", type=Path, help=help)
    add(
        "--images-from",
        metavar="BAG",
        type=Path,
        nargs="+",
        help="recordings of the robot, in the place of --images: folders of ros2 bag or single "
        "files of them. Images are spread over their time, decoded as the node decodes them; "
        "stretches of time are calibrated on, and what lies away from these is measured on. Of a "
        "classifier the agreement is measured, and no accuracy",
    )
    add(
        "--images-topic",
        metavar="TOPIC",
        nargs="+",
        default=(),
        help="image topics of --images-from (default: those of all cameras)",
    )
    add(
        "--labels-coco",
        metavar="FILE",
        type=Path,
        help="COCO annotations of the images, to measure the accuracy of a detector; those of a "
        "recording are named by topic and stamp, as camera/image_raw/1764000000.100000000.jpg",
    )
    add(
        "--max-images",
        metavar="N",
        type=positive,
        default=500,
        help=f"{purpose} on at most so many images (default: 500)",
    )


def images_from(arguments: argparse.Namespace) -> Optional[ImagesFrom]:
    """The recordings that the parsed arguments name.

    Raises:
        DatasetError: there are topics and no recordings.
    """
    if arguments.images_from is not None:
        return ImagesFrom(tuple(arguments.images_from), tuple(arguments.images_topic))
    if arguments.images_topic:
        raise DatasetError(
            f"--images-topic {arguments.images_topic[0]} without --images-from: give the recording "
            "that has the topic, or leave --images-topic out"
        )
    return None
