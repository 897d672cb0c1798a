"""Small models from ONNX' text, as the tests of what TensorRT takes need them."""

from __future__ import annotations

import onnx
import onnx.parser


def parsed(graph: str, opset: int = 17) -> onnx.ModelProto:
    """The model of one graph in ONNX' textual syntax, with ``ai.onnx.ml`` beside ONNX' own."""
    return onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}, "ai.onnx.ml" : 3]>\n{graph}'
    )
