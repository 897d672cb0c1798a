"""Small ONNX models from ONNX's own textual syntax."""

from typing import Iterable

import onnx

# The oldest version of the file format that has every opset in use: old runtimes refuse new ones.
IR_VERSION = 8


def model_from_text(opset: int, graph: str) -> onnx.ModelProto:
    """The model of one graph written in https://onnx.ai/onnx/repo-docs/Syntax.html."""
    model = onnx.parser.parse_model(
        f'<ir_version: {IR_VERSION}, opset_import: ["" : {opset}]>\n{graph}'
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def floats(values: Iterable[float]) -> str:
    """Numbers as the syntax wants them, exact for float32."""
    return ", ".join(f"{float(value):.9e}" for value in values)
