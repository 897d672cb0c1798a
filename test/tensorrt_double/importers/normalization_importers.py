"""BatchNormalization, InstanceNormalization, LayerNormalization."""

from test.tensorrt_double.importers.imported_node import ImportedNode, checker, importer
from test.tensorrt_double.importers.plugin_registry import require_plugin


@checker("BatchNormalization")
def check_training(node: ImportedNode) -> None:
    """Up to 8.4 its further outputs are what is refused."""
    if node.api.at_least(8, 5):
        node.check(
            not node.attribute("training_mode", 0),
            "!isTraining",
            "This version of TensorRT does not support training_mode == 1 in BatchNormalization.",
        )


@importer("InstanceNormalization")
def import_instance_normalization(node: ImportedNode) -> None:
    """A layer, or a plugin that takes initializers."""
    rank = node.rank()
    if node.reader.native_normalization:
        node.require(
            rank is None or rank >= 3,
            "nbDims >= 3",
            f"Input to normalization should be at least 3D, the actual number of dimensions is "
            f"{rank}.",
            "INVALID_NODE",
        )
        return
    for index, name in ((1, "scale"), (2, "bias")):
        node.require(
            not node.is_computed(index),
            f"inputs.at({index}).is_weights()",
            f"The {name} tensor is required to be an initializer.",
        )
    node.require(
        rank in (None, 3, 4, 5),
        "nbDims >= 3 && nbDims <= 5",
        "TensorRT only supports InstanceNormalization on 3D, 4D, or 5D tensors!",
    )
    require_plugin(node, "InstanceNormalization")


@importer("BatchNormalization", "LayerNormalization")
def import_outputs(node: ImportedNode) -> None:
    """These have one."""
    count = len(node.proto.output)
    if count > 1:
        node.refuse_in_graph(
            "INVALID_GRAPH",
            "(node.output().size() <= static_cast<int32_t>(outputs.size()))",
            "Node has more output tensors than TRT expected"
            + ("" if node.api.at_least(10) else "."),
            f", expected output size is 1, actual output size is {count}.",
        )
