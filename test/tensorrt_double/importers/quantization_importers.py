"""QuantizeLinear and DequantizeLinear."""

from test.tensorrt_double.importers.imported_node import ImportedNode, importer

OLD_ZERO = "TRT only supports symmetric quantization - zeroPt must be all zeros"
ZERO = (
    "TensorRT only supports symmetric quantization. The zero point for the "
    "QuantizeLinear/DequantizeLinear operator must be all zeros."
)


@importer("QuantizeLinear", "DequantizeLinear")
def import_quantization(node: ImportedNode) -> None:
    """A positive scale, and zeros."""
    _import_three(node)
    scale, zero = node.weights(1), node.weights(2)
    node.require(
        scale is None or bool((scale > 0).all()),
        "scaleAllPositive",
        "Scale coefficients must all be positive",
        "INVALID_NODE",
    )
    if node.value(2) is None and not node.api.at_least(10):
        node.throw("vector::_M_range_check: __n (which is 2) >= this->size() (which is 2)")
    node.require(
        zero is None or not zero.any(),
        "shiftIsAllZeros(zeroPoint)",
        ZERO if node.api.at_least(8, 6) else OLD_ZERO,
        "INVALID_NODE",
    )


def _import_three(node: ImportedNode) -> None:
    node.require(
        node.api.at_least(8, 6) or len(node.inputs) == 3,
        "(inputs.size() == 3)",
        "This version of TensorRT requires 3 inputs for the DequantizeLinear operator.",
        "INVALID_NODE",
    )
