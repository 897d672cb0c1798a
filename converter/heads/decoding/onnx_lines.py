"""The decodings of detection in ONNX's textual syntax, put together from parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.onnx_tools.text import model_from_text


@dataclass(frozen=True)
class Lines:
    """Part of a stage: declarations of constants, such as ``int64[1] two = {2}``, and nodes.

    Parts of one stage may declare the same constant, if they do so by the same words.
    """

    constants: tuple[str, ...]
    nodes: tuple[str, ...]


def index(name: str, value: int) -> str:
    """The declaration of a constant with one place or axis, as ``Slice`` takes them."""
    return f"int64[1] {name} = {{{value}}}"


def decoding_model(
    opset: int, inputs: Sequence[str], anchors: int, classes: int, parts: Sequence[Lines]
) -> onnx.ModelProto:
    """The stage of a detection head.

    Args:
        inputs: type and name of each, such as ``float[N, 84, 8400] predictions``.
        anchors, classes: A and C of the outputs.
        parts: in the order of execution; they give ``all_boxes`` and ``class_scores``.
    """
    constants = dict.fromkeys(constant for part in parts for constant in part.constants)
    nodes = [node for part in parts for node in part.nodes]
    return model_from_text(
        opset,
        "head ({inputs}) => ({outputs})\n<{constants}>\n{{\n{nodes}\n}}".format(
            inputs=", ".join(inputs),
            outputs=f"float[N, {anchors}, 4] {ALL_BOXES}, float[N, {anchors}, {classes}] "
            f"{CLASS_SCORES}",
            constants=", ".join(constants),
            nodes="\n".join(nodes),
        ),
    )
