"""What to do about TensorFlow operators that tf2onnx 1.17 does not convert.

tf2onnx leaves such an operator in its graph under TensorFlow's name, where ONNX's checker finds
it. ``NOT_CONVERTED`` are those without a handler; ``UNRELIABLE`` have one, but what comes out is
not valid, differs from TensorFlow's results, or is nothing that TensorRT takes. Found by
converting operators on their own with TensorFlow 2.21, and in the list of tf2onnx's handlers.
``tensorflow_operators.json`` holds them, each remedy with its operators.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_TABLE = json.loads(Path(__file__).with_name("tensorflow_operators.json").read_text("utf-8"))


def _by_operator(entries: list[dict[str, str | list[str]]]) -> Mapping[str, str]:
    return MappingProxyType(
        {name: str(entry["remedy"]) for entry in entries for name in entry["operators"]}
    )


NOT_CONVERTED = _by_operator(_TABLE["not_converted"])
UNRELIABLE = _by_operator(_TABLE["unreliable"])


def remedy_for(operator: str) -> str | None:
    """What the user can do about a TensorFlow operator, such as ``DecodeJpeg``; None: not known.

    The text continues a sentence, without a capital and a full stop.
    """
    return NOT_CONVERTED.get(operator) or UNRELIABLE.get(operator)
