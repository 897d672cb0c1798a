"""Conv and ConvTranspose."""

from typing import List

from test.tensorrt_double.importers.imported_node import ImportedNode, importer

BEFORE = "TensorRT does not support negative pre-padding in the ConvTranspose operator!"
TWO_INPUTS = "two inputs (data and weights) are allowed only in explicit-quantization mode."


@importer("Conv", "ConvTranspose")
def import_kernel(node: ImportedNode) -> None:
    """Weights, a bias, and two or three dimensions."""
    of_conv = " for the Conv operator" if node.operator == "Conv" else ""
    if not node.api.at_least(8, 5):
        node.require_weights(2, f"The bias tensor is required to be an initializer{of_conv}.")
        if node.is_computed(1) and not node.reader.quantizes:
            node.refuse_layer(TWO_INPUTS)
    rank = node.rank()
    if rank is not None and rank not in (3, 4, 5):
        node.refuse_layer("kernels have two or three dimensions")


@importer("Conv")
def import_padding(node: ImportedNode) -> None:
    """Never less than nothing."""
    if min(node.attribute("pads", [0])) < 0:
        node.refuse_layer("Parameter check failed, condition: allDimsGtEq(padding, 0)")


@importer("ConvTranspose")
def import_transposed_padding(node: ImportedNode) -> None:
    """Before, not less than nothing; of three dimensions alike on both sides, up to 8.3."""
    begin = _padding_before(node)
    node.require(all(size >= 0 for size in begin), "begPadding.d[i] >= 0", BEFORE)
    pads = node.attribute("pads", [])
    if len(pads) == 6 and not node.api.at_least(8, 4):
        node.require(
            pads[:3] == pads[3:],
            "begPadding == endPadding",
            "TensorRT does not support asymmetrical padding for 3D deconvolutions!",
        )


def _padding_before(node: ImportedNode) -> List[int]:
    """What is given, or what a wanted shape leads to."""
    pads, wanted = node.attribute("pads", []), node.attribute("output_shape")
    image, kernel = node.value(0), node.value(1)
    if not wanted or image is None or kernel is None or not image.shape or not kernel.shape:
        return list(pads[: len(pads) // 2])
    count = len(image.shape) - 2
    wanted = wanted[-count:]
    strides = node.attribute("strides", [1] * count)
    dilations = node.attribute("dilations", [1] * count)
    more = node.attribute("output_padding", [0] * count)
    sizes = zip(image.shape[2:], kernel.shape[2:], strides, dilations, more, wanted)
    return [
        (stride * (size - 1) + added + (width - 1) * dilation + 1 - goal) // 2
        for size, width, stride, dilation, added, goal in sizes
        if size is not None and width is not None
    ]
