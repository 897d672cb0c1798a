"""The arguments of `deploy`, and the options that they stand for."""

import argparse
import shlex
from pathlib import Path
from typing import Tuple

from converter.command_line.build_arguments import add_build_choices, build_words
from converter.commands.deploy import DeployOptions
from converter.deployment.destination import parse_destination
from converter.engine_builder.build_options import BuildOptions
from converter.errors import DeployError
from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.tools.argument_types import positive

_EXAMPLES = """examples:
  trt-inference deploy shapes jetson@nano.local:bundles/shapes --precision fp16
  trt-inference deploy shapes nano:/opt/bundles/shapes --precision fp16 int8 --images pictures
  trt-inference deploy shapes nano:shapes --precision fp16 --ssh 'ssh -p 2222 -i ~/.ssh/robot'
  trt-inference deploy shapes nano:shapes --precision fp16 \\
      --robot-command 'source ~/ws/install/setup.bash && trt-inference'
  trt-inference deploy shapes nano:bundles/shapes --precision fp16 \\
      --container trt_inference --robot-folder /bundles/shapes
  trt-inference deploy shapes nano:bundles/shapes --no-build

A folder without / in front begins at the home on the robot. What arrived of an interrupted copy is
kept there, and the same command goes on. A bundle that is there is replaced in one step, and its
engines stay. Options of ssh can be in ~/.ssh/config, too.
"""


def add_deploy_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `deploy`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    add(
        "destination",
        metavar="USER@HOST:FOLDER",
        help="the folder that the bundle becomes on the robot; HOST may be an alias of ssh, or an "
        "IPv6 address in brackets",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--precision",
        choices=PRECISIONS,
        nargs="+",
        default=(),
        help="precisions of the bundle to build engines of, there",
    )
    what.add_argument("--no-build", action="store_true", help="copy and verify only")
    _add_robot(parser)
    group = parser.add_argument_group("the build", "As of trt-inference build.")
    add_build_choices(group)
    _add_images(group)


def _add_robot(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("the robot").add_argument
    add(
        "--ssh",
        metavar="COMMAND",
        default="ssh",
        help="ssh with options, as in 'ssh -p 2222 -i KEY' (default: ssh)",
    )
    add(
        "--robot-command",
        metavar="LINE",
        help="how trt-inference is called there, a line of bash as in 'source "
        "~/ws/install/setup.bash && trt-inference' (default: as after a login, or else python3 -m "
        "converter)",
    )
    add(
        "--container",
        metavar="NAME",
        default="",
        help="the container there in which it is called, through docker exec; it must be running",
    )
    add(
        "--robot-folder",
        metavar="FOLDER",
        default="",
        help="the folder of the bundle as it is called in the container (default: as outside)",
    )


def _add_images(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--images",
        metavar="DIR",
        type=Path,
        help="pictures of this computer to compare on with the ONNX model; they are copied, and "
        "removed after the build (default: the report's)",
    )
    group.add_argument(
        "--max-images",
        metavar="N",
        type=positive,
        default=BuildOptions.most_images,
        help="compare on at most so many images (default: %(default)s)",
    )


def deploy_options(arguments: argparse.Namespace) -> DeployOptions:
    """The options that the parsed arguments of `deploy` stand for.

    Raises:
        DeployError: the destination is none, or options contradict each other.
    """
    if arguments.robot_folder and not arguments.container:
        raise DeployError("--robot-folder is for --container: leave it out, or name the container")
    if arguments.container.startswith("-"):
        raise DeployError(f"--container {arguments.container}: a name does not begin with -")
    words = build_words(arguments)
    if arguments.max_images != BuildOptions.most_images:
        words = (*words, "--max-images", str(arguments.max_images))
    return DeployOptions(
        bundle=arguments.bundle,
        destination=parse_destination(arguments.destination),
        ssh=_ssh_words(arguments.ssh),
        precisions=tuple(dict.fromkeys(arguments.precision)),
        build_arguments=words,
        images=None if arguments.no_build else arguments.images,
        most_images=arguments.max_images,
        robot_command=arguments.robot_command,
        container=arguments.container,
        robot_folder=arguments.robot_folder.rstrip("/"),
    )


def _ssh_words(text: str) -> Tuple[str, ...]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise DeployError(f"--ssh {text}: {error}") from error
    if not words:
        raise DeployError("--ssh is empty: give ssh with its options, as in 'ssh -p 2222'")
    program, *options = words
    return (program, *(str(Path(one).expanduser()) if one[:2] == "~/" else one for one in options))
