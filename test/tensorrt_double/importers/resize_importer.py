"""Resize."""

from typing import Any

from test.tensorrt_double.importers.imported_node import ImportedNode, checker, importer

TRANSFORMATIONS = (
    "align_corners",
    "asymmetric",
    "half_pixel",
    "pytorch_half_pixel",
    "tf_half_pixel_for_nn",
)
# Of two literals, which a macro of C writes side by side.
ONLY = (
    "TensorRT only supports half_pixel, pytorch_half_pixel, tf_half_pixel_for_nn, asymmetric and "
    '" "align_corners transformation modes!'
)
# The mode, the dimensions that it may scale, and when it came.
SCALED = (("linear", 3, (8, 0)), ("cubic", 2, (8, 5)))


@checker("Resize")
def check_mode(node: ImportedNode) -> None:
    """How coordinates are found."""
    if node.opset < 11:
        return
    mode = node.attribute("coordinate_transformation_mode", "half_pixel")
    nearest = node.attribute("nearest_mode", "round_prefer_floor")
    node.check(
        mode != "tf_half_pixel_for_nn" or nearest == "round_prefer_floor",
        '(transformationMode != "tf_half_pixel_for_nn" || nearest_mode == "round_prefer_floor")',
        "This version of TensorRT only support round_prefer_floor nearest mode in "
        "tf_half_pixel_for_nn!",
    )
    node.check(
        node.attribute("mode", "nearest") != "cubic" or node.api.at_least(8, 5),
        'mode != "cubic"',
        "This version of TensorRT does not support cubic interpolation!",
    )
    if node.api.at_least(10):
        either = " || ".join(f'transformationMode == "{name}"' for name in TRANSFORMATIONS)
        node.check(mode in TRANSFORMATIONS, f"({either})", ONLY)
    else:
        node.check(mode in TRANSFORMATIONS, f'!"{ONLY}"', "")


@checker("Resize")
def check_later_attributes(node: ImportedNode) -> None:
    """Those of opset 18, which 8 does not read."""
    if not node.api.at_least(10):
        return
    node.check(
        node.attribute("antialias", 0) == 0,
        "(antialias == 0)",
        "Antialiasing is not supported currently.",
        "UNSUPPORTED_NODE_ATTR",
    )
    node.check(
        node.attribute("keep_aspect_ratio_policy", "stretch") == "stretch",
        '(keep_aspect_ratio_policy == "stretch")',
        "Only `stretch` is supported currently as `keep_aspect_ratio_policy`.",
        "UNSUPPORTED_NODE_ATTR",
    )


@importer("Resize")
def import_sizes(node: ImportedNode) -> None:
    """Where a fourth input is given, the scales are not looked at."""
    if node.opset >= 11 and len(node.inputs) == 4:
        sizes = node.value(3)
        if sizes is not None and sizes.shape and _misaligns(node, sizes.shape[0]):
            node.refuse_in_core(
                "[resizeNode.cpp::lowerParams::42] Error Code 4: Internal Error "
                f"({node.name}: two-input IResizeLayer requires second input to be 1D shape tensor "
                f"with length ({sizes.shape[0]}) equal to number of dimensions ({node.rank()}) of "
                "first input.)"
            )
        return
    index = 2 if node.opset >= 11 else 1
    if not node.api.at_least(8, 4):
        node.require(
            not node.is_computed(index),
            "scales.is_weights()",
            "Resize scales must be an initializer!",
        )
    if node.weights(index) is not None:
        _import_scales(node, node.weights(index))


def _misaligns(node: ImportedNode, count: Any) -> bool:
    if node.api.at_least(10) and node.attribute("axes"):
        return False
    return None not in (count, node.rank()) and count != node.rank()


def _import_scales(node: ImportedNode, scales: Any) -> None:
    node.require(
        not _misaligns(node, scales.size),
        "(scaleSize == inputRank)",
        "The shape of input scales must align with the input rank.",
        "INVALID_NODE",
    )
    for mode, most, since in SCALED:
        if node.attribute("mode", "nearest") == mode and node.api.at_least(*since):
            node.require(
                all(scale == 1 for scale in scales[: max(0, len(scales) - most)]),
                f"canUseNDResize(scaleSize, scaleValues, {most})",
                f"This version of TensorRT only supports {mode} resizing on the outermost {most} "
                "dimensions.",
            )
