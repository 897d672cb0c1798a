"""Small ONNX models from ONNX's own textual syntax."""

from typing import Iterable

import onnx


def ir_version(opset: int) -> int:
    """The oldest version of the file format that has this opset: old runtimes refuse newer ones
    (ONNX Runtime 1.8 takes no more than 7)."""
    return int(onnx.helper.find_min_ir_version_for([onnx.helper.make_opsetid("", opset)]))


def model_from_text(opset: int, graph: str) -> onnx.ModelProto:
    """The model of one graph written in https://onnx.ai/onnx/repo-docs/Syntax.html."""
    model = onnx.parser.parse_model(
        f'<ir_version: {ir_version(opset)}, opset_import: ["" : {opset}]>\n{graph}'
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def floats(values: Iterable[float]) -> str:
    """Numbers as the syntax wants them, exact for float32."""
    return ", ".join(f"{float(value):.9e}" for value in values)
