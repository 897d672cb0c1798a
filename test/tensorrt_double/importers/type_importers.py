"""What types operators take."""

from onnx import TensorProto

from test.tensorrt_double.importers.imported_node import ImportedNode, checker, importer
from test.tensorrt_double.importers.values import OF_TENSORS, is_read

INTEGERS = (TensorProto.INT32, TensorProto.INT64)


@checker("Cast")
def check_target(node: ImportedNode) -> None:
    """uint8 came with 8.5."""
    given = "newType" if node.api.at_least(8, 5) else "dtype"
    node.check(
        is_read(node.api, node.attribute("to"), OF_TENSORS),
        f"convertDtype(onnxType, &{given})",
        "Unsupported data type for the Cast operator!",
        "INVALID_NODE",
    )


@importer("Pow")
def import_power(node: ImportedNode) -> None:
    """Of floats, up to 10.12 at least."""
    if node.api.at_least(10, 13):
        return
    for index in range(2):
        _require_elements(
            node, index, "POW with boolean or integer types", *INTEGERS, TensorProto.BOOL
        )


@importer("Equal")
def import_equality(node: ImportedNode) -> None:
    """No booleans before 8.5."""
    if not node.api.at_least(8, 5):
        _require_elements(node, 0, "", TensorProto.BOOL)


def _require_elements(node: ImportedNode, index: int, words: str, *dtypes: int) -> None:
    good = not node.has_type(index, *dtypes)
    if node.api.at_least(10):
        text = f"Elementwise layer does not support operator {words}."
        node.require(good, "!std::any_of(inputs.begin(), inputs.end())", text)
    else:
        text = "Elementwise layer does not support the given inputs and operator."
        node.require(good, "elementwiseCheck(inputs, binary_op)", text)


@importer("MatMul")
def import_product(node: ImportedNode) -> None:
    """No integers."""
    if not node.has_type(0, *INTEGERS):
        return
    if node.api.at_least(10):
        node.require(False, "false", "Found unsupported input type of INT32")
    if node.api.at_least(8, 5):
        node.stop("UNSUPPORTED_NODE", "Found invalid input type of INT32")
    node.require(
        False,
        "inputA->getType() != nvinfer1::DataType::kINT32 && "
        "inputB->getType() != nvinfer1::DataType::kINT32",
        "TensorRT doesn't support INT32 inputs for MatMul!",
    )


@importer("Mod")
def import_remainder(node: ImportedNode) -> None:
    """Floats need fmod."""
    floats = node.has_type(0, TensorProto.FLOAT, TensorProto.FLOAT16)
    node.require(
        bool(node.attribute("fmod", 0)) or not floats,
        "(input0->getType() == DataType::kINT32)",
        "The fmod attribute is set to 0. Inputs cannot be of floating point types.",
        "INVALID_NODE",
    )
