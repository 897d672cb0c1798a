"""Limits of ranks and shapes."""

from __future__ import annotations

from collections.abc import Callable

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView

_MOST_AXES = 8
_FIXED_SIZES = "give the model inputs of fixed sizes"


def _ranks(*allowed: int) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        return node.rank(0) is not None and node.rank(0) not in allowed

    return breaks


def _fewer_than(axes: int) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        rank = node.rank(0)
        return rank is not None and rank < axes

    return breaks


def _is_dynamic(node: NodeView) -> bool:
    shape = node.shape(0)
    return shape is not None and None in shape


def _squeezes_unknown(node: NodeView) -> bool:
    axes = node.has_attribute("axes") or node.has(1)
    return not axes and _is_dynamic(node)


def _gathers_dynamic(node: NodeView) -> bool:
    return any(None in (node.shape(index) or ()) for index in (0, 1))


def _reverses_unknown(node: NodeView) -> bool:
    lengths, shape = node.shape(1), node.shape(0)
    axis = node.attribute("batch_axis", 1)
    size = lengths[0] if lengths else None
    return size is None and (shape is None or axis >= len(shape) or shape[axis] is None)


SHAPE_LIMITS = (
    Limit(
        ("Conv", "ConvTranspose"),
        "1D, 2D or 3D",
        _ranks(3, 4, 5),
        "convolve over three axes at most",
        "builtin_op_importers.cpp, ConvTranspose@8.0-GA; docs/operators.md@8.0-GA",
    ),
    Limit(
        ("DepthToSpace", "SpaceToDepth"),
        "4D",
        _ranks(4),
        "reshape to four axes before it",
        "builtin_op_importers.cpp, DepthToSpace@8.0-GA; onnxOpImporters.cpp@10.1-GA",
    ),
    Limit(
        ("Gemm",),
        "2D",
        _ranks(2),
        "multiply with tf.matmul",
        "builtin_op_importers.cpp, Gemm@8.0-GA; onnxOpImporters.cpp@10.1-GA",
    ),
    Limit(
        ("GridSample",),
        "4D",
        _ranks(4),
        "sample images, not volumes",
        "NvInfer.h:6336@8.5.1, 5826@v10.3.0 of NVIDIA/TensorRT",
    ),
    Limit(
        ("InstanceNormalization",),
        "3D to 5D",
        _ranks(3, 4, 5),
        "reshape before it",
        "builtin_op_importers.cpp:2197@8.0-GA; onnx2trt_utils.cpp:1247@8.6-GA",
        until="10.0",
    ),
    Limit(
        ("GroupNormalization", "InstanceNormalization"),
        "at least 3D",
        _fewer_than(3),
        "reshape before it",
        "onnx2trt_utils.cpp, normalizationHelper@8.6-GA; importerUtils.cpp@10.1-GA",
        since="8.6",
    ),
    Limit(
        ("NonMaxSuppression",),
        "3D boxes",
        _ranks(3),
        "end the network before it: the robot does the suppression",
        "builtin_op_importers.cpp, NonMaxSuppression@8.5-GA; onnxOpImporters.cpp@10.1-GA",
    ),
    Limit(
        ("Trilu",),
        "2D or 3D",
        _ranks(2, 3),
        "multiply by a constant mask of zeros and ones instead",
        "builtin_op_importers.cpp, Trilu@8.5-GA; any rank from 2 on: 8.6-GA",
        until="8.6",
    ),
    Limit(
        ("EyeLike",),
        "2D and of fixed size",
        lambda node: _ranks(2)(node) or _is_dynamic(node),
        "use a constant",
        "builtin_op_importers.cpp, EyeLike@8.0-GA; onnxOpImporters.cpp@10.1-GA",
    ),
    Limit(
        ("GatherElements",),
        "fixed sizes",
        _gathers_dynamic,
        _FIXED_SIZES,
        "builtin_op_importers.cpp, GatherElements@8.0-GA",
        until="8.2",
    ),
    Limit(
        ("ReverseSequence",),
        "a fixed number of sequences",
        _reverses_unknown,
        _FIXED_SIZES,
        "builtin_op_importers.cpp:3572@8.0-GA, ReverseSequence@8.5-GA",
        until="8.6",
    ),
    Limit(
        ("Squeeze",),
        "axes, where the sizes are not fixed",
        _squeezes_unknown,
        "give the axes of tf.squeeze",
        "builtin_op_importers.cpp, Squeeze@8.0-GA; onnxOpImporters.cpp@10.1-GA",
    ),
    Limit(
        ("Transpose",),
        f"{_MOST_AXES} axes at most",
        lambda node: (node.rank(0) or 0) > _MOST_AXES,
        f"reshape to {_MOST_AXES} axes or fewer",
        "builtin_op_importers.cpp:4419@8.0-GA; onnxOpImporters.cpp@10.15",
    ),
    Limit(
        ("TensorScatter",),
        "4D, axis -2, linear",
        lambda node: (
            _ranks(4)(node)
            or node.attribute("axis", -2) not in (-2, 2)
            or node.attribute("mode", "linear") != "linear"
        ),
        "write it with tf.where",
        "onnxOpImporters.cpp, TensorScatter@10.15",
    ),
)
