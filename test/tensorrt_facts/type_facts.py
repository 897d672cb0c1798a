"""Types of inputs, outputs, weights, and of what is between them."""

from functools import partial
from typing import List

import numpy as np
import onnx

from test.tensorrt_facts.fact import EITHER, Fact
from test.tensorrt_facts.models import (
    BOOL,
    DOUBLE,
    FLOAT,
    FLOAT16,
    IMAGE,
    INT16,
    INT32,
    INT64,
    UINT8,
    floats,
    model,
    node,
    rank,
    single,
)

SHAPE = list(IMAGE)


def cast_input(kind: int) -> onnx.ModelProto:
    """An input of that type, which is cast to float32 at once."""
    return single("Cast", x=(SHAPE, kind), to=FLOAT)


def cast_output(kind: int) -> onnx.ModelProto:
    """float32 cast to that type, which goes out."""
    return single("Cast", y=rank(4, kind), to=kind)


def cast_within(kind: int) -> onnx.ModelProto:
    """float32 cast to that type and back."""
    return model(node("Cast", "x", "cast", to=kind), node("Cast", "cast", "y", to=FLOAT))


def uint8_moved() -> onnx.ModelProto:
    """A uint8 input that is transposed before it is cast."""
    return model(
        node("Transpose", "x", "moved", perm=[0, 3, 1, 2]),
        node("Cast", "moved", "y", to=FLOAT),
        inputs={"x": (SHAPE, UINT8)},
    )


def uint8_of_integers() -> onnx.ModelProto:
    """Integers cast to uint8, which goes out, as a map of classes."""
    return model(
        node("ArgMax", "x", "classes", axis=1),
        node("Cast", "classes", "y", to=UINT8),
        outputs={"y": rank(4, UINT8)},
    )


def weights_of(kind: type) -> onnx.ModelProto:
    """Weights of that type, cast to float32 and added."""
    return model(
        node("Cast", "w", "weights", to=FLOAT),
        node("Add", "x weights"),
        weights={"w": np.ones(8, kind)},
    )


def half_precision() -> onnx.ModelProto:
    """float16 in, through and out."""
    weights = {"w": floats(8).astype(np.float16)}
    return single("Add", "x w", weights, x=(SHAPE, FLOAT16), y=rank(4, FLOAT16))


def power_of_an_integer() -> onnx.ModelProto:
    """float32 to the power of an int64."""
    return single("Pow", "x two", {"two": np.array(2, np.int64)})


def equal_booleans() -> onnx.ModelProto:
    """Two booleans compared."""
    return model(
        node("Greater", "x zero", "a"),
        node("Less", "x zero", "b"),
        node("Equal", "a b", "same"),
        node("Cast", "same", "y", to=FLOAT),
        weights={"zero": floats(1)},
    )


def integer_product() -> onnx.ModelProto:
    """A matrix product of int32."""
    return single("MatMul", "x x", x=([4, 4], INT32), y=rank(2, INT32))


FACTS: List[Fact] = [
    Fact(
        "uint8 input that is cast",
        partial(cast_input, UINT8),
        "8.5-",
        "model:230@8.0.1, 231@8.2.1, 232@8.4.1; utils:356@8.5.3 has the type",
    ),
    Fact(
        "uint8 output of a cast",
        partial(cast_output, UINT8),
        "8.5-",
        "importers:273@8.0.1, 273@8.2.1, 286@8.4.1; utils:356@8.5.3 has the type",
    ),
    Fact(
        "uint8 output of integers",
        uint8_of_integers,
        "8.6-",
        "importers:322@8.5.3: from floats only; the check is gone @8.6.1; seen with 8.6.0",
        by=EITHER,
        unknown="10.0-",
    ),
    Fact(
        "uint8 within",
        partial(cast_within, UINT8),
        "none",
        "importers:286@8.4.1; model:253@8.6.1, 252@10.0.0; operators.md@11.1: input and output"
        " only",
        unknown="8.5",
    ),
    Fact(
        "uint8 input that is transposed",
        uint8_moved,
        "none",
        "model:232@8.4.1; model:253@8.6.1, 252@10.0.0; operators.md@11.1: input and output only",
        unknown="8.5",
    ),
    *[
        Fact(
            f"{name} input",
            partial(cast_input, kind),
            "all",
            "convertDtype: utils:346@8.6.1, @10.1",
        )
        for name, kind in (("int64", INT64), ("int32", INT32), ("bool", BOOL), ("double", DOUBLE))
    ],
    Fact("int16 input", partial(cast_input, INT16), "none", "convertDtype: utils:346@8.6.1, @10.1"),
    *[
        Fact(
            f"{name} within",
            partial(cast_within, kind),
            "all",
            "convertDtype: utils:346@8.6.1, @10.1",
        )
        for name, kind in (("int64", INT64), ("int32", INT32), ("bool", BOOL), ("double", DOUBLE))
    ],
    Fact(
        "int16 within",
        partial(cast_within, INT16),
        "none",
        "importers:273@8.0.1, 294@8.6.1; checkers:184@10.0.0",
    ),
    Fact("int64 output", partial(cast_output, INT64), "all", "model:592@8.6.1"),
    Fact("float16", half_precision, "all", "convertDtype: utils:346@8.6.1"),
    Fact("double weights", partial(weights_of, np.float64), "all", "utils:506@8.6.1, @10.1"),
    Fact(
        "uint8 weights", partial(weights_of, np.uint8), "all", "utils:493@8.6.1", unknown="10.13-"
    ),
    Fact(
        "int16 weights",
        partial(weights_of, np.int16),
        "none",
        "model:103@8.0.1, 103@8.2.1, 104@8.4.1, 106@8.5.3, 116@8.6.1, 309@10.0.0",
    ),
    Fact(
        "power of an integer",
        power_of_an_integer,
        "none",
        "utils:929@8.0.1, 854@8.2.1, 856@8.4.1, 850@8.5.3, 857@8.6.1, 554@10.0.0",
        unknown="10.13-",
    ),
    Fact(
        "equality of booleans",
        equal_booleans,
        "8.5-",
        "elementwiseCheck: utils:841@8.4.1 has Equal among those without booleans",
    ),
    Fact(
        "matrix product of int32",
        integer_product,
        "none",
        "importers:2732@8.0.1, 2856@8.2.1, 2782@8.4.1, 2853@8.5.3, 2896@8.6.1, MatMul@10.1;"
        " operators.md@11.1",
    ),
]
