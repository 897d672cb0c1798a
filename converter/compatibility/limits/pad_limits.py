"""Limits of Pad."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView
from trt_inference.bundles.tensorrt_versions import reaches


def _pad_mode(*modes: str) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        return node.attribute("mode", "constant") not in modes

    return breaks


def _pads_something(node: NodeView) -> bool:
    value = node.values(2) if node.has(2) else None
    return value is not None and bool(np.any(value))


def _pads_other_axes(node: NodeView) -> bool:
    """Before 8.2 there are two axes that can be padded at once."""
    pads = node.values(1)
    if pads is None or pads.size % 2:
        return False
    return int(np.count_nonzero(pads.reshape(2, -1).any(axis=0))) > 2


def _pads_named_axes(node: NodeView) -> bool:
    """Before 8.5 the paddings are those of the last axes."""
    if not node.has(3) or reaches(node.tensorrt, "8.5"):
        return node.has(3)
    axes, rank = node.values(3), node.rank(0)
    if axes is None or rank is None:
        return True
    return [int(one) % rank for one in axes.reshape(-1)] != list(range(rank - axes.size, rank))


def _pads_negatively(node: NodeView) -> bool:
    pads = node.values(1) if node.opset >= 11 else np.asarray(node.attribute("pads", ()))
    return pads is not None and bool(np.any(pads < 0))


PAD_LIMITS = (
    Limit(
        ("Pad",),
        "zeros only",
        _pad_mode("constant"),
        "pad with zeros",
        "builtin_op_importers.cpp, Pad@8.0-GA",
        until="8.2",
    ),
    Limit(
        ("Pad",),
        "no wrapping around",
        lambda node: node.attribute("mode") == "wrap",
        "concatenate slices of both ends",
        "builtin_op_importers.cpp, Pad@8.2-GA to 9.0-GA; taken: onnxOpImporters.cpp:4043@10.1-GA",
        until="10.0",
    ),
    Limit(
        ("Pad",),
        "constant paddings and value",
        lambda node: node.opset >= 11 and (node.is_computed(1) or node.is_computed(2)),
        "pad by fixed sizes",
        "builtin_op_importers.cpp:3066 and 3071@8.0-GA; taken: 3017@8.2-GA",
        until="8.2",
    ),
    Limit(
        ("Pad",),
        "zeros only",
        _pads_something,
        "pad with zeros",
        "builtin_op_importers.cpp, Pad@8.0-GA",
        until="8.2",
    ),
    Limit(
        ("Pad",),
        "two axes only",
        _pads_other_axes,
        "pad two axes at a time",
        "builtin_op_importers.cpp, Pad@8.0-GA",
        until="8.2",
    ),
    Limit(
        ("Pad",),
        "paddings of all axes",
        _pads_named_axes,
        "export with opset 17 or earlier, which names no axes",
        "builtin_op_importers.cpp:3273@8.5-GA, 3312@8.6-GA; onnx2trt_utils.cpp, "
        "convertOnnxPadding@8.4-GA pads the last axes; taken: onnxOpImporters.cpp, Pad@10.0-GA",
        until="10.0",
    ),
    Limit(
        ("Pad",),
        "no negative padding",
        _pads_negatively,
        "crop with a slice instead",
        "onnx2trt_utils.cpp, convertOnnxPadding@8.2-GA, 8.4-GA; importerUtils.cpp@10.1-GA",
        since="8.2",
    ),
    Limit(
        ("Pad",),
        "constant axes",
        lambda node: node.is_computed(3),
        "give the axes as Python numbers",
        "onnxOpImporters.cpp:3870@10.1-GA; docs/Changelog.md, 10.4",
        since="10.0",
        until="10.4",
    ),
)
