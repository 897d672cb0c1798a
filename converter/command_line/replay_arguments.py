"""The arguments of `replay`, and the options that they stand for."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List, Tuple

from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.engines.backends import backend_names
from trt_inference.printable import printable
from trt_inference.tools.argument_types import (
    add_device,
    add_host_code,
    fraction,
    not_negative,
    number,
    positive,
)
from trt_inference.tools.server_arguments import add_server, server_options

if TYPE_CHECKING:
    from converter.commands.replay import ReplayOptions

_FIRST = "an option with several values takes all words up to the next option: give the BAGs first"


def add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare all arguments of `replay`."""
    # argparse would show the BAGs last, where an option with several values would take them.
    parser.usage = (
        "%(prog)s BAG [BAG ...] --bundle BUNDLE [--against BUNDLE | --recorded [TOPIC ...]] "
        "[--precision P [Q]] [--topic TOPIC ...] --output FOLDER [options below]"
    )
    parser.add_argument(
        "bags",
        metavar="BAG",
        type=Path,
        nargs="+",
        help="folder of ros2 bag record, or .mcap or .db3 file; several are one recording",
    )
    _add_sides(parser)
    _add_images(parser)
    _add_thresholds(parser)
    _add_limits(parser)
    _add_output(parser)


def replay_options(arguments: argparse.Namespace) -> "ReplayOptions":
    """The options that the parsed arguments of `replay` stand for.

    Raises:
        EngineError: see ``server_options``.
    """
    # They know the libraries of the extra `replay`, which the help does without.
    from converter.commands.replay import ReplayOptions
    from converter.recordings.recorded_message import Excerpt
    from converter.replay.results.judge import JudgeLimits
    from converter.replay.sides.open_sides import GivenThresholds

    return ReplayOptions(
        bags=tuple(arguments.bags),
        bundle=arguments.bundle,
        output=arguments.output,
        against=arguments.against,
        recorded=None if arguments.recorded is None else _topics(arguments.recorded),
        precisions=tuple(_values(arguments.precision)),
        backend=arguments.backend,
        device=arguments.device,
        host_code_allowed=arguments.allow_engine_host_code,
        server=server_options(arguments),
        thresholds=GivenThresholds(
            arguments.score_threshold, arguments.iou_threshold, arguments.max_detections
        ),
        topics=_topics(arguments.topic),
        excerpt=Excerpt(arguments.start, arguments.end, arguments.every, arguments.limit),
        annotations=arguments.labels_coco,
        limits=JudgeLimits(
            arguments.fail_if_lost, arguments.fail_if_new, arguments.fail_if_map_drops
        ),
        worst=arguments.worst,
        overwrite=arguments.overwrite,
    )


def _values(given: List[List[str]]) -> Iterator[str]:
    """The values of an option that may be given more than once."""
    return (value for values in given for value in values)


def _topics(given: List[List[str]]) -> Tuple[str, ...]:
    """Each topic once."""
    return tuple(dict.fromkeys(_values(given)))


def _add_sides(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "what is compared",
        "Without --against, --recorded and a second precision, what the robot published is the "
        "baseline where the recording has it, and else fp32 of the same bundle.",
    )
    add = group.add_argument
    add(
        "--bundle",
        metavar="BUNDLE",
        type=Path,
        required=True,
        help="the candidate: folder made by the converter",
    )
    add("--against", metavar="BUNDLE", type=Path, help="another bundle is the baseline")
    add(
        "--recorded",
        metavar="TOPIC",
        nargs="*",
        action="append",
        type=_topic,
        help="what the robot published is the baseline, on these topics (default: all of the "
        "bundle's task)",
    )
    add(
        "--precision",
        metavar="PRECISION",
        nargs="+",
        action="append",
        default=[],
        type=_precision,
        help="one for both sides, or that of the baseline and that of the candidate: auto "
        "(default), " + ", ".join(PRECISIONS),
    )
    add(
        "--backend",
        default="auto",
        choices=backend_names(),
        help="what runs both sides (default: auto, TensorRT where it and a GPU are, else ONNX "
        "Runtime)",
    )
    add_device(group)
    add_host_code(group)
    add_server(group)


def _add_images(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which images")
    add = group.add_argument
    add(
        "--topic",
        metavar="TOPIC",
        nargs="+",
        action="append",
        default=[],
        type=_topic,
        help="topics of images, raw or compressed (default: all that the node could take; of a "
        "camera with both, the raw one)",
    )
    add("--every", metavar="N", type=positive, default=1, help="take each N-th image of a topic")
    add(
        "--from",
        dest="start",
        metavar="S",
        type=_seconds,
        default=0.0,
        help="begin so many seconds after the start of the recording",
    )
    add("--to", dest="end", metavar="S", type=_seconds, help="end so many seconds after its start")
    add("--limit", metavar="N", type=positive, help="take at most so many images")


def _add_thresholds(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("thresholds of both sides, in the place of the bundles' own")
    add = group.add_argument
    add(
        "--score-threshold",
        type=fraction,
        metavar="0..1",
        help="detections with a lower score are left out",
    )
    add(
        "--iou-threshold",
        type=fraction,
        metavar="0..1",
        help="of boxes that overlap more, the best one stays",
    )
    add("--max-detections", type=positive, metavar="N", help="at most so many in an image")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "limits, beyond which the exit code is 1", "The results are written all the same."
    )
    add = group.add_argument
    add(
        "--fail-if-lost",
        metavar="0..1",
        type=fraction,
        help="more than this part of what the baseline has is lost or of another class, as 0.01 "
        "for 1 %%",
    )
    add(
        "--fail-if-new",
        metavar="0..1",
        type=fraction,
        help="what the candidate has and the baseline has not, in this class, is more than this "
        "part of what the baseline has",
    )
    add(
        "--fail-if-map-drops",
        metavar="0..1",
        type=fraction,
        help="mAP@0.5 or mAP@[.5:.95] of the candidate is lower by more; needs --labels-coco",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("results")
    add = group.add_argument
    add(
        "--output",
        metavar="FOLDER",
        type=Path,
        required=True,
        help="new folder for index.html and the files of results",
    )
    add("--overwrite", action="store_true", help="replace an earlier replay in that folder")
    add(
        "--labels-coco",
        metavar="FILE",
        type=Path,
        help="annotations of the images, named as in detections.json, to measure mAP of both sides",
    )
    add(
        "--worst",
        metavar="N",
        type=not_negative,
        default=12,
        help="show so many of the images that differ most (default: 12)",
    )


def _topic(text: str) -> str:
    """The name of a topic; not a recording that an option with several values has taken."""
    if os.path.exists(text):
        raise argparse.ArgumentTypeError(f"'{text}' is a file or folder and no topic: {_FIRST}")
    if not text.strip():
        raise argparse.ArgumentTypeError("a topic is missing")
    return text


def _precision(text: str) -> str:
    if text in ("auto", *PRECISIONS):
        return text
    also = f"; {_FIRST}" if os.path.exists(text) else ""
    raise argparse.ArgumentTypeError(
        f"'{printable(text)}' is none of auto, {', '.join(PRECISIONS)}{also}"
    )


def _seconds(text: str) -> float:
    """Seconds of a recording, 0 or more."""
    value = number(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0: seconds count from the start")
    return value
