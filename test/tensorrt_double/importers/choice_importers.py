"""The greatest, the best, and what is at some places."""

from onnx import TensorProto

from test.tensorrt_double.importers.imported_node import ImportedNode, importer
from test.tensorrt_double.importers.plugin_registry import require_plugin

MOST_K = 3840
NO_BOOL = "This version of TensorRT does not support BOOL input type for the Gather operator."


@importer("TopK", "ArgMax", "ArgMin")
def import_integers(node: ImportedNode) -> None:
    """8.6 casts them."""
    if node.api.at_least(8, 6) or not node.has_type(0, TensorProto.INT32):
        return
    if node.api.at_least(8, 5):
        node.stop("UNSUPPORTED_NODE", "Found invalid input type of INT32")
    at = "input for the TopK operator" if node.operator == "TopK" else "ArgMin/ArgMax input data"
    of = "tensorPtr->getType()" if node.operator == "TopK" else "tensor.getType()"
    node.require(
        False,
        f"({of} != nvinfer1::DataType::kINT32)",
        f"This version of TensorRT does not support INT32 {at}.",
    )


@importer("TopK")
def import_k(node: ImportedNode) -> None:
    """Constant before 8.6, and then never more than a limit; later the builder has that limit."""
    if node.opset < 10 or node.api.at_least(8, 6):
        return
    node.require_weights(1, "This version of TensorRT only supports input K as an initializer.")
    k = node.weights(1)
    node.require(k is None or int(k.ravel()[0]) <= MOST_K, "layer", "Failed to add TopK layer.")


@importer("OneHot")
def import_depth(node: ImportedNode) -> None:
    """A constant, which is the builder's affair from 8.6 on."""
    node.require(
        node.api.at_least(8, 6) or not node.is_computed(1),
        "(outDims.d[axis] != -1)",
        "OneHot does not support dynamic depth input",
        "INVALID_NODE",
    )


@importer("NonMaxSuppression")
def import_limits(node: ImportedNode) -> None:
    """A plugin before 8.5, which takes constants."""
    names = ("max_output_boxes_per_class", "iou_threshold", "score_threshold")
    for index, name in enumerate(names, 2):
        node.require(
            node.api.at_least(8, 5) or not node.is_computed(index),
            f"inputs.at({index}).is_weights()",
            f"The {name} input is required to be an initializer.",
        )


@importer("Gather")
def import_gathered(node: ImportedNode) -> None:
    """No booleans before 8.5."""
    node.require(
        node.api.at_least(8, 5) or not node.has_type(0, TensorProto.BOOL),
        "(data.getType() != nvinfer1::DataType::kBOOL)",
        NO_BOOL,
    )


@importer("Where")
def import_choice(node: ImportedNode) -> None:
    """No booleans before 8.5."""
    node.require(
        node.api.at_least(8, 5) or not node.has_type(1, TensorProto.BOOL),
        "(x->getType() == y->getType() && x->getType() != nvinfer1::DataType::kBOOL)",
        "This version of TensorRT requires input x and y to have the same data type. BOOL is "
        "unsupported.",
    )


@importer("ScatterND")
def import_scattered(node: ImportedNode) -> None:
    """8 does not read how to reduce."""
    node.require(
        not node.api.at_least(10) or node.attribute("reduction", "none") == "none",
        '!attrs.count("reduction")',
        "Attribute reduction is not supported.",
        "UNSUPPORTED_NODE_ATTR",
    )


@importer("ScatterElements")
def import_scattered_elements(node: ImportedNode) -> None:
    """8 does not read how to reduce; for 10 it is a plugin."""
    if node.api.at_least(10) and node.attribute("reduction", "none") != "none":
        require_plugin(node, "ScatterReduction")


@importer("RoiAlign")
def import_regions(node: ImportedNode) -> None:
    """A plugin."""
    require_plugin(node, "ROIAlign")
