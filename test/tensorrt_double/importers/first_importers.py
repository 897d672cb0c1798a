"""What 8.0 refuses and 8.2 takes, with the words of builtin_op_importers.cpp in 8.0-GA."""

from typing import Any, Callable, List, Tuple

from onnx import TensorProto

from test.tensorrt_double.importers.imported_node import ImportedNode, importer

INTEGERS = (TensorProto.INT32, TensorProto.INT64)
MOST_PADDED = 2


def first_importer(*operators: str) -> Callable[[Callable[[ImportedNode], None]], None]:
    """Registers a rule that newer versions do not have."""

    def register(rule: Callable[[ImportedNode], None]) -> None:
        @importer(*operators)
        def before_8_2(node: ImportedNode) -> None:
            if not node.api.at_least(8, 2):
                rule(node)

    return register


@first_importer("GatherElements")
def import_gathered_elements(node: ImportedNode) -> None:
    """Places in a flat tensor, which are computed while it is parsed."""
    shapes = [value.shape for value in node.inputs if value is not None]
    node.require(
        all(shape is not None and None not in shape for shape in shapes),
        "!isDynamic(daDims) && !isDynamic(idxDims)",
        "This version of TenosrRT does not support GatherElements on dynamic shapes!",
    )


@first_importer("Split")
def import_split(node: ImportedNode) -> None:
    """Sizes are known."""
    node.require_weights(1, "Split input 'split', if specified, must be an initializer!")


@first_importer("Clip")
def import_clip(node: ImportedNode) -> None:
    """An activation of floats, by known bounds."""
    for index, name in enumerate(("min", "max"), 1):
        node.require_weights(index, f"Clip {name} value must be an initializer!")
    node.require(
        not node.has_type(0, *INTEGERS),
        "input.getType() != nvinfer1::DataType::kINT32 && "
        "input.getType() != nvinfer1::DataType::kBOOL",
        "This version of TensorRT does not support activations on INT32 or BOOL inputs!",
    )


@first_importer("Pad")
def import_padding(node: ImportedNode) -> None:
    """Two dimensions, with zeros."""
    if node.opset >= 11:
        node.require_weights(1, "The input pads is required to be an initializer.")
        node.require_weights(2, "The input constant_value is required to be an initializer.")
    value = node.weights(2)
    node.require(
        node.attribute("mode", "constant") == "constant" and (value is None or not value.any()),
        'mode == "constant" && value == 0.f',
        "This version of TensorRT only supports constant 0 padding!",
    )
    pads = [int(size) for size in _pads(node)]
    padded = sum(before != 0 or after != 0 for before, after in _both_sides(pads))
    node.require(
        padded <= MOST_PADDED,
        "convertOnnxPadding(onnxPadding, begPadding, endPadding, firstPerm, secondPerm)",
        "TensorRT only supports 2D padding!",
    )


def _pads(node: ImportedNode) -> List[Any]:
    return list(node.weights(1)) if node.opset >= 11 else node.attribute("pads", [])


def _both_sides(pads: List[int]) -> List[Tuple[int, int]]:
    return list(zip(pads[: len(pads) // 2], pads[len(pads) // 2 :]))


@first_importer("QuantizeLinear", "DequantizeLinear")
def import_axis(node: ImportedNode) -> None:
    """An axis has a scale for each channel."""
    scale = node.weights(1)
    node.require(
        scale is None or scale.size > 1 or node.attribute("axis") is None,
        "axis == INVALID_AXIS",
        "Quantization axis attribute is not valid with a single quantization scale",
        "INVALID_NODE",
    )
