"""What makes an operator of TensorFlow in Python, in the words of those who write models.

``python_names.json`` holds operators that some TensorRT refuses or that ONNX lacks; ``scopes`` are
names under which a function of TensorFlow puts what it makes; ``layers`` are names that Keras gives
to layers without one. For other operators TensorFlow knows the name under which it offers them.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Sequence
from pathlib import Path

_TABLE = json.loads(Path(__file__).with_name("python_names.json").read_text("utf-8"))
_NUMBER = re.compile(r"_\d+$")
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def name_in_python(operator: str, scopes: Sequence[str]) -> str:
    """The function that makes an operator, such as ``tf.one_hot`` for ``OneHot``; empty where it
    is not known.

    Args:
        scopes: the parts of the node's name before its own.
    """
    last = _NUMBER.sub("", scopes[-1]) if scopes else ""
    for entry in _TABLE["scopes"]:
        if last == entry["scope"] and operator in entry["operators"]:
            return str(entry["name"])
    return _TABLE["operators"].get(operator) or _offered_as(operator)


def layer_by_usual_name(scopes: Sequence[str]) -> str:
    """The class of layers that Keras names like the innermost of ``scopes`` that it may have
    named, such as ``keras.layers.UpSampling2D`` for ``up_sampling2d_1``; empty without one."""
    for scope in reversed(scopes):
        known = _TABLE["layers"].get(scope) or _TABLE["layers"].get(_without_numbers(scope))
        if known:
            return f"keras.layers.{known}"
    return ""


def _without_numbers(scope: str) -> str:
    """Keras numbers layers of one class, and calls of one layer."""
    return _NUMBER.sub("", _NUMBER.sub("", scope))


def _offered_as(operator: str) -> str:
    """The name under which TensorFlow offers an operator; empty where it does not."""
    import tensorflow.python.ops as folder

    function = _WORD_STARTS.sub("_", operator).lower()
    for module in pkgutil.iter_modules(folder.__path__):
        if module.name.startswith("gen_"):
            content = importlib.import_module(f"{folder.__name__}.{module.name}")
            names = getattr(getattr(content, function, None), "_tf_api_names", None)
            if names:
                return f"tf.{names[0]}"
    return ""
