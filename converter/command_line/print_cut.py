"""What stops a model, and where it can be cut, on the terminal."""

import argparse
import shlex
from typing import List, Sequence

from rich.console import Console

from converter.commands.find_cut import CutFound
from converter.cuts.refused_nodes import RefusedNode
from converter.export.unsupported import layer_of
from converter.heads.evidence import Recognised
from converter.tables.wording import counted, some_names
from converter.terminal.console import print_line

_MOST_NODES = 12
_NO_CUT = (
    "cut: none. What is in the way takes the image itself, or is in the first layers of the "
    "network: change the model there."
)


def print_cut(cut: CutFound, options: argparse.Namespace, console: Console) -> None:
    """Print the nodes that are in the way with what makes them, then where to cut before them,
    and the command that does it.

    Args:
        options: the arguments of the inspection.
    """
    print_line(console, "in the way, in the words of TensorFlow:")
    for node in cut.refused[:_MOST_NODES]:
        print_line(console, f"      {_node(node)}", "yellow")
    if len(cut.refused) > _MOST_NODES:
        print_line(console, f"      and {len(cut.refused) - _MOST_NODES} more nodes", "yellow")
    if not cut.outputs:
        print_line(console, _NO_CUT, "yellow")
    elif cut.recognised is None:
        _print_unread(cut, console)
    else:
        _print_read(cut, cut.recognised, convert_command(cut, options), console)


def _node(node: RefusedNode) -> str:
    """A node with its operator, the function that makes it, its layer and its line."""
    what = f"{node.operator}, made by {node.function}" if node.function else node.operator
    becomes = f"{node.onnx} in ONNX" if node.onnx else "not in ONNX"
    place = node.layer or layer_of(node.name)
    line = f", written in {node.line}" if node.line else ""
    return f"{node.name}: {what}; {becomes}; layer {place}{line}"


def _print_unread(cut: CutFound, console: Console) -> None:
    what = "this tensor" if len(cut.outputs) == 1 else "these tensors together"
    print_line(
        console,
        f"cut: all that leads to {what} is taken, but it is no head that a bundle can have:",
        "yellow",
    )
    for output in cut.outputs:
        print_line(console, f"      {output}")
    print_line(console, f"      what comes after: {_rest(cut)}")
    if cut.layers_after:
        print_line(
            console,
            f"      {counted(cut.layers_after, 'node')} of it with weights: the network goes on "
            "behind what is in the way, so change that in the model.",
        )
    if cut.in_doubt is not None:
        outputs, reason = cut.in_doubt
        names = " ".join(output.name for output in outputs)
        print_line(
            console,
            f"      what may be read is --outputs {names}, but {reason}.",
        )


def _print_read(
    cut: CutFound, recognised: Recognised, command: Sequence[str], console: Console
) -> None:
    head = recognised.head
    what = "this tensor" if len(cut.outputs) == 1 else "these tensors"
    print_line(
        console,
        f"cut: all that leads to {what} is taken, and read as {head.description} ({head.task}):",
    )
    for output in cut.outputs:
        print_line(console, f"      {output}")
    print_line(
        console,
        f"      left out: {_rest(cut)}. The robot decodes, applies its thresholds and suppresses, "
        "and does no more of that.",
    )
    if cut.not_followed:
        print_line(
            console,
            f"      caution: what the model does {cut.not_followed} after the cut was not looked "
            "into. If it changes scores or boxes there, the robot's detections are others: compare "
            "them with the model's own on your pictures.",
            "yellow",
        )
    print_line(console, "      to convert it so:")
    print_line(console, f"      {' '.join(map(shlex.quote, command))}")


def _rest(cut: CutFound) -> str:
    return some_names(cut.rest) if cut.rest else "the other outputs"


def convert_command(cut: CutFound, options: argparse.Namespace) -> List[str]:
    """The command that converts the model up to a cut, with the options that were given."""
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("--outputs", nargs="+")
    for name in ("--target", "--tensorrt"):
        chosen.add_argument(name)
    _, rest = chosen.parse_known_args(options.given)
    names = [output.name for output in cut.outputs]
    bundle = f"{options.saved_model.absolute().name}-bundle"
    command = ["trt-inference", "convert", *rest, "--output", bundle, "--outputs", *names]
    return [*command, "--target", options.target] if options.target else command
