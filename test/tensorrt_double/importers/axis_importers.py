"""Axes that have to be constant, and other bounds."""

from onnx import TensorProto

from test.tensorrt_double.importers.imported_node import ImportedNode, importer

REDUCTIONS = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")
FLOATING = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16)


@importer("Squeeze")
def import_squeezed_axes(node: ImportedNode) -> None:
    """An input from opset 13 on."""
    old = "Unsqueeze axes input must an initializer!"
    new = "Squeeze axes input must be an initializer!"
    node.require_weights(1, new if node.api.at_least(8, 4) else old)


@importer("Unsqueeze")
def import_new_axes(node: ImportedNode) -> None:
    """An input from opset 13 on."""
    node.require(
        not node.is_computed(1),
        "axesInput.allValuesKnown()",
        "Axes input for unsqueeze operation should be a constant tensor.",
    )


@importer(*(f"Reduce{name}" for name in REDUCTIONS))
def import_reduced_axes(node: ImportedNode) -> None:
    """8 reads them of ReduceSum only."""
    if node.operator == "ReduceSum" or node.api.at_least(10):
        node.require(
            not node.is_computed(1), "inputAxes.is_weights()", "Axis input must be an initializer!"
        )


@importer("CumSum")
def import_summed_axis(node: ImportedNode) -> None:
    """Always an input, of any kind from 10.8 on."""
    if not node.api.at_least(10, 8):
        node.require_weights(1, "Axis input for CumSum must be an initializer!")


@importer("Slice")
def import_sliced_axes(node: ImportedNode) -> None:
    """Up to 10.2."""
    node.require(
        node.api.at_least(10, 3) or not node.is_computed(3),
        "(axes.allValuesKnown())",
        "This version of TensorRT does not support dynamic axes.",
    )


@importer("Pad")
def import_padding_of_axes(node: ImportedNode) -> None:
    """Modes, named axes, and from 8.2 on never less than nothing."""
    known = ["constant", "reflect", "edge"] + ["wrap"] * node.api.at_least(10)
    if (8, 5) <= node.api.numbers < (10, 0):
        node.require(
            node.value(3) is None, "false", "TensorRT does not support dynamic axes for pad!"
        )
    if node.api.at_least(10):
        node.require(
            not node.is_computed(3),
            "false",
            "TensorRT does not support dynamic axes for pad!",
            "UNSUPPORTED_NODE_INPUT",
        )
    pads = node.weights(1) if node.opset >= 11 else node.attribute("pads")
    node.require(
        not node.api.at_least(8, 2) or pads is None or all(size >= 0 for size in pads),
        "convertOnnxPadding(ctx, nbDims, onnxPadding, start, totalPadding)",
        "Failed to convert padding!",
    )
    if node.attribute("mode", "constant") not in known:
        node.stop("UNSUPPORTED_NODE", "Unsupported pad mode")


@importer("Range")
def import_range(node: ImportedNode) -> None:
    """Up to 8.3 only integers may be computed, and up to 8.6 of sizes only, not of data."""
    computed = any(node.is_computed(index) for index in range(3))
    if not node.api.at_least(10) and any(value and value.is_of_data for value in node.inputs):
        node.refuse_in_core(
            "[graphShapeAnalyzer.cpp::checkCalculationStatusSanity::1504] Error Code 2: Internal "
            "Error (Assertion !isPartialWork(p.second.symbolicRep) failed. )"
        )
    node.require(
        node.api.at_least(8, 4) or not computed or not node.has_type(0, *FLOATING),
        "inputs.at(0).isInt32()",
        "For range operator with dynamic inputs, this version of TensorRT only supports INT32!",
    )
