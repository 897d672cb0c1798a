"""Why a model is refused, as the parser's errors tell it."""

from typing import Optional

import onnx

FOLDING = (
    " Try applying constant folding on the model using Polygraphy: "
    "https://github.com/NVIDIA/TensorRT/tree/master/tools/Polygraphy/examples/cli/surgeon/"
    "02_folding_constants"
)


class Refusal(Exception):
    """One error of the parser, as ``ParserError`` tells it."""

    def __init__(
        self,
        code: str,
        text: str,
        func: str,
        file: str = "ModelImporter.cpp",
        node: int = -1,
        proto: Optional[onnx.NodeProto] = None,
    ) -> None:
        super().__init__(text)
        self.code, self.text, self.func, self.file = code, text, func, file
        self.node = node
        self.name, self.operator = ("", "") if proto is None else (proto.name, proto.op_type)
