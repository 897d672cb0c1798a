"""Conv and ConvTranspose."""

from typing import List

from test.tensorrt_double.importers.imported_node import ImportedNode, importer

MISALIGNED = "The input tensor shape misaligns with the input kernel shape."
OLD_MISALIGNED = "The attribute kernel_shape misalgins with the shape of the input kernel."
BEFORE = "TensorRT does not support negative pre-padding in the ConvTranspose operator!"
TWO_INPUTS = "two inputs (data and weights) are allowed only in explicit-quantization mode."


@importer("Conv", "ConvTranspose")
def import_kernel(node: ImportedNode) -> None:
    """Weights, a bias, and two or three dimensions."""
    of_conv = " for the Conv operator" if node.operator == "Conv" else ""
    if not node.api.at_least(8, 5):
        node.require_weights(2, f"The bias tensor is required to be an initializer{of_conv}.")
    if node.operator == "Conv":
        _import_computed_kernel(node)
    if node.is_computed(1) and not node.api.at_least(8, 5) and not node.reader.quantizes:
        node.refuse_layer(TWO_INPUTS)
    rank = node.rank()
    name = "a convolution" if node.operator == "Conv" else "a deconvolution"
    node.require(rank in (None, 3, 4, 5), "layer", f"Failed to add {name} layer.")


def _import_computed_kernel(node: ImportedNode) -> None:
    """Its size is looked for in the attribute only, whatever the kernel's size is."""
    kernel = node.value(1)
    of_bias = node.api.at_least(8, 5) and node.is_computed(2)
    if kernel is None or kernel.shape is None or not (node.is_computed(1) or of_bias):
        return
    good = list(kernel.shape[2:]) == list(node.attribute("kernel_shape", []))
    if not node.api.at_least(8, 5):
        last = "kernel_tensor_ptr->getDimensions()"
        condition = f"(filter_dim.d[nbSpatialDims - i] == {last}.d[{last}.nbDims - i])"
        node.require(good, condition, OLD_MISALIGNED)
    of = "kernel_tensor_ptr->getDimensions()" if node.is_computed(1) else "kernel_weights.shape"
    node.require(good, f"checkSpatialDims({of})", MISALIGNED)


@importer("Conv", "ConvTranspose")
def import_padding(node: ImportedNode) -> None:
    """Never less than nothing."""
    if min(node.attribute("pads", [0])) < 0:
        file = "convolutionLayer.h" if node.operator == "Conv" else "deconvolutionLayer.h"
        node.refuse_in_core(
            f"[{file}::setPrePadding::37] Error Code 3: API Usage Error (Parameter check failed "
            f"at: optimizer/api/layers/{file}::setPrePadding::37, condition: "
            "((prePadding.nbDims == 2 || prePadding.nbDims == 3) && allDimsGtEq(prePadding, 0) && "
            "allDimsLtEq(prePadding, kMAX_PADDING))\n)"
        )


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
