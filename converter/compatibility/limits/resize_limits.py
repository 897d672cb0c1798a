"""Limits of Resize and Upsample, but for types and constants."""

from __future__ import annotations

from collections.abc import Callable

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView

_COORDINATES = (
    "half_pixel",
    "pytorch_half_pixel",
    "tf_half_pixel_for_nn",
    "asymmetric",
    "align_corners",
)
_WITHOUT_CROPS = "crop with slices and tf.image.resize, or end the network before it"


def _coordinates(node: NodeView) -> bool:
    given = node.attribute("coordinate_transformation_mode", "half_pixel")
    return node.opset >= 11 and given not in _COORDINATES


def _is_for_nearest(node: NodeView) -> bool:
    return node.attribute("coordinate_transformation_mode") == "tf_half_pixel_for_nn"


def _rounds_otherwise(node: NodeView) -> bool:
    rounding = node.attribute("nearest_mode", "round_prefer_floor")
    return _is_for_nearest(node) and rounding != "round_prefer_floor"


def _scales_many_axes(*modes: str, most: int) -> Callable[[NodeView], bool]:
    """Whether more than the last ``most`` axes are scaled, in one of the modes."""

    def breaks(node: NodeView) -> bool:
        if node.attribute("mode", "nearest") not in modes or node.has(3):
            return False
        scales = node.values(2 if node.node.op_type == "Resize" and node.opset >= 11 else 1)
        return scales is not None and any(scale != 1 for scale in scales.reshape(-1)[:-most])

    return breaks


def _differs(name: str, default: object) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        return bool(node.attribute(name, default) != default)

    return breaks


def _names_axes(node: NodeView) -> bool:
    """Whether fewer sizes are given than the input has axes."""
    axes = list(node.attribute("axes", ()))
    return bool(axes) and axes != list(range(node.rank(0) or 0))


def _upsamples(node: NodeView) -> bool:
    return node.attribute("mode", "nearest") not in ("nearest", "linear", "bilinear")


RESIZE_LIMITS = (
    Limit(
        ("Resize",),
        "no tf_crop_and_resize or half_pixel_symmetric coordinates",
        _coordinates,
        _WITHOUT_CROPS,
        "builtin_op_importers.cpp:3453@8.0-GA; builtin_op_static_checkers.cpp, Resize@10.1-GA",
    ),
    Limit(
        ("Resize",),
        "no cubic interpolation",
        lambda node: node.attribute("mode") == "cubic",
        "resize bilinearly",
        "builtin_op_importers.cpp:3416@8.0-GA, 3443@8.2-GA, 3424@8.4-GA; taken: 3712@8.5-GA",
        until="8.5",
    ),
    Limit(
        ("Resize", "Upsample"),
        "linear interpolation over the last three axes",
        _scales_many_axes("linear", "bilinear", most=3),
        "resize the axes of the picture alone",
        "builtin_op_importers.cpp:3508@8.0-GA, 3848@8.5-GA; onnxOpImporters.cpp, Resize@10.15",
    ),
    Limit(
        ("Resize",),
        "cubic interpolation over the last two axes",
        _scales_many_axes("cubic", most=2),
        "resize the axes of the picture alone",
        "builtin_op_importers.cpp:3854@8.5-GA; onnxOpImporters.cpp, Resize@10.15",
        since="8.5",
    ),
    Limit(
        ("Resize",),
        "tf_half_pixel_for_nn with round_prefer_floor only",
        _rounds_otherwise,
        "resize bilinearly, or by whole factors",
        "builtin_op_importers.cpp:3412@8.0-GA, 3736@8.5-GA; onnxOpCheckers.cpp, Resize@10.15",
    ),
    Limit(
        ("Resize",),
        "tf_half_pixel_for_nn with scales only, not with sizes",
        lambda node: _is_for_nearest(node) and node.has(3) and not node.has(2),
        "resize bilinearly, or by whole factors",
        "builtin_op_importers.cpp:3781-3818@8.5-GA, where only the other modes read the sizes",
        since="8.5",
    ),
    Limit(
        ("Resize",),
        "no antialiasing",
        _differs("antialias", 0),
        "resize without antialias=True",
        "builtin_op_static_checkers.cpp, Resize@10.0-GA; not looked at before",
    ),
    Limit(
        ("Resize",),
        "no keep_aspect_ratio_policy but stretch",
        _differs("keep_aspect_ratio_policy", "stretch"),
        "resize to sizes that keep the ratio",
        "builtin_op_static_checkers.cpp, Resize@10.0-GA; not looked at before",
    ),
    Limit(
        ("Resize",),
        "sizes or scales of all axes",
        _names_axes,
        "export with opset 17 or earlier, which names no axes",
        "builtin_op_importers.cpp, Resize@8.0-GA to 8.6-GA, which do not look at axes; taken: "
        "onnxOpImporters.cpp, Resize@10.0-GA",
        until="10.0",
    ),
    Limit(
        ("Upsample",),
        "nearest or linear",
        _upsamples,
        "resize bilinearly",
        "builtin_op_importers.cpp, Upsample@8.0-GA; onnxOpCheckers.cpp, Upsample@10.15",
    ),
)
