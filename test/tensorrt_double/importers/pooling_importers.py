"""MaxPool and AveragePool."""

from test.tensorrt_double.importers.imported_node import ImportedNode, checker, importer

INDICES = "TensorRT does not support the indices output in MaxPool!"


@checker("MaxPool")
def check_indices(node: ImportedNode) -> None:
    """Up to 10.5 a second output without a name counts, too."""
    outputs = node.proto.output
    if node.api.at_least(10, 6):
        outputs = [name for name in outputs if name]
    node.check(len(outputs) == 1, "node.output().size() == 1", INDICES)


@checker("MaxPool", "AveragePool", "LpPool")
def check_dilations(node: ImportedNode) -> None:
    """None but 1."""
    if node.opset >= 10:
        node.check(
            set(node.attribute("dilations", [1])) == {1},
            "(dilations[i] == 1)",
            "This version of TensorRT does not support dilations other than 1.",
        )


@importer("MaxPool", "AveragePool", "LpPool")
def import_window(node: ImportedNode) -> None:
    """Over one, two or three dimensions."""
    rank, dimensions = node.rank(), len(node.attribute("kernel_shape", ()))
    node.require(
        dimensions in (2, 3) or (dimensions == 1 and rank in (3, None)),
        "((nbSpatialDims == 1 && needToExpandDims) || nbSpatialDims == 2 || nbSpatialDims == 3)",
        "The attribute kernel_shape misaligns with the shape of the input tensor.",
    )


@importer("AveragePool")
def import_asymmetric_padding(node: ImportedNode) -> None:
    """Before 8.5 one more at the end, of the first two dimensions."""
    pads = node.attribute("pads", [])
    if node.api.at_least(8, 5) or node.attribute("auto_pad", "NOTSET") != "NOTSET":
        return
    half = len(pads) // 2
    node.require(
        all(end - begin in (0, 1) for begin, end in list(zip(pads[:half], pads[half:]))[:2]),
        "supported_form_of_asymmetric_padding_for_AveragePool",
        "This version of TensorRT does not support the form of the attribute pads.",
    )
