"""Scales and shifts after a convolution go into its weights, and what comes out stays the same."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from converter.onnx_tools.text import model_from_text
from converter.precision.fold_batch_norm import fold_scales
from test.color_bundle import OPSET
from test.converter.precision.models import constant, operators, run, with_names

GENERATOR = np.random.default_rng(3)


def normal(*shape: int) -> np.ndarray:
    return GENERATOR.normal(size=shape).astype(np.float32)


IMAGE = normal(1, 4, 4, 4)  # as many rows and columns as channels
WEIGHTS = constant("w", normal(4, 4, 3, 3))
GROUPS = constant("g", normal(4, 2, 3, 3))
SCALE, SHIFT = constant("scale", normal(1, 4, 1, 1)), constant("shift", normal(4, 1, 1))


def graph(
    constants: list[str], nodes: str, outputs: str = "float[1, 4, N, M] y"
) -> onnx.ModelProto:
    return with_names(
        model_from_text(
            OPSET,
            f"net (float[1, 4, 4, 4] x) => ({outputs}) <{', '.join(constants)}> {{ {nodes} }}",
        )
    )


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Another model, which gives the same numbers."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    fold_scales(copy.graph)
    onnx.checker.check_model(copy, full_check=True)
    for before, after in zip(run(model, {"x": IMAGE}), run(copy, {"x": IMAGE}), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)
    return copy


@pytest.mark.parametrize(
    "convolution",
    ["Conv (x, w)", "Conv (x, w, b)", "ConvTranspose (x, w, b)", "Conv <group = 2> (x, g)"],
)
@pytest.mark.parametrize(
    "after",
    [
        "s = Mul (c, scale) y = Add (s, shift)",
        "s = Add (shift, c) y = Mul (scale, s)",
        "s = Add (c, shift) t = Mul (s, half) y = Add (t, scale)",
        "y = Mul (half, c)",
        "y = BatchNormalization (c, gamma, beta, mean, variance)",
        "n = BatchNormalization <epsilon = 0.1> (c, gamma, beta, mean, variance) y = Mul (n, half)",
    ],
)
def test_scales_and_shifts_go_into_the_convolution(convolution: str, after: str) -> None:
    constants = [
        WEIGHTS,
        GROUPS,
        SCALE,
        SHIFT,
        constant("b", normal(4)),
        constant("half", 0.5),
        *(constant(name, normal(4)) for name in ("gamma", "beta", "mean")),
        constant("variance", normal(4) ** 2),
    ]
    model = folded(graph(constants, f"c = {convolution} {after}"))
    assert operators(model) == [convolution.partition(" ")[0]]


def test_channels_of_a_transposed_convolution_are_those_that_come_out() -> None:
    constants = [constant("w", normal(4, 3, 2, 2)), constant("scale", normal(3, 1, 1))]
    nodes = "c = ConvTranspose (x, w) y = Mul (c, scale)"
    assert operators(folded(graph(constants, nodes, "float[1, 3, N, M] y"))) == ["ConvTranspose"]


@pytest.mark.parametrize(
    ("constants", "nodes"),
    [
        ([], "c = Conv (x, w) y = Mul (c, row)"),
        ([], "c = Conv (x, w) y = Mul (c, pixels)"),
        ([], "c = Conv (x, w) y = Mul (c, c)"),
        ([], "c = Conv (x, w) r = Relu (c) y = Mul (r, scale)"),
        ([], "c = Conv (x, w) y = Sub (scale, c)"),
        ([], "k = Abs (x) c = Conv (x, w) y = Add (c, k)"),
        ([GROUPS, "float one = {1}"], "c = ConvTranspose <group = 2> (x, g) y = Add (c, one)"),
        ([constant("one", normal(1, 4, 3, 3))], "c = Conv (x, one) y = Mul (c, scale)"),
        ([], "v = Abs (w) c = Conv (x, v) y = Mul (c, scale)"),
        ([constant("b", normal(4))], "v = Abs (b) c = Conv (x, w, v) y = Mul (c, scale)"),
    ],
    ids=[
        "one number a column",
        "one number a pixel",
        "a square",
        "an activation between",
        "a difference",
        "a shortcut",
        "channels on two axes",
        "one channel becomes four",
        "weights that are computed",
        "a bias that is computed",
    ],
)
def test_anything_else_stays(constants: list[str], nodes: str) -> None:
    padded = nodes.replace("(x, w", "<pads = [1, 1, 1, 1]> (x, w")
    row, pixels = constant("row", normal(4)), constant("pixels", normal(4, 4))
    model = graph([WEIGHTS, SCALE, row, pixels, *constants], padded)
    assert operators(folded(model)) == operators(model)


@pytest.mark.parametrize(
    ("nodes", "outputs"),
    [
        ("c = Conv (x, w) s = Mul (c, scale) y = Add (s, c)", "float[1, 4, N, M] y"),
        ("c = Conv (x, w) y = Mul (c, scale)", "float[1, 4, N, M] y, float[1, 4, N, M] c"),
    ],
    ids=["by another node", "by the caller"],
)
def test_a_convolution_whose_output_is_used_elsewhere_stays(nodes: str, outputs: str) -> None:
    model = graph([WEIGHTS, SCALE], nodes, outputs)
    assert operators(folded(model)) == operators(model)


def test_a_convolution_that_a_branch_looks_at_stays() -> None:
    model = graph(
        [WEIGHTS, SCALE, "bool yes = {1}"],
        """c = Conv (x, w)
        s = Mul (c, scale)
        i = If (yes) <
            then_branch = yes_graph () => (float[1, 4, N, M] t) { t = Neg (c) },
            else_branch = no_graph () => (float[1, 4, N, M] e) { e = Abs (c) }
        >
        y = Add (s, i)""",
    )
    assert operators(folded(model)) == ["Conv", "Mul", "If", "Add"]


def test_another_that_shares_the_bias_keeps_it() -> None:
    model = graph(
        [WEIGHTS, GROUPS, SCALE, constant("b", normal(4))],
        "c = Conv (x, w, b) s = Mul (c, scale) d = Conv <group = 2> (x, g, b) r = Abs (d) "
        "y = Add (s, r)",
    )
    assert operators(folded(model)) == ["Conv", "Conv", "Abs", "Add"]


@pytest.mark.parametrize("other", ["d = Conv (x, w)", "e = Conv (x, w) d = Add (e, shift)"])
def test_another_that_shares_the_weights_keeps_them(other: str) -> None:
    """Folded they would be there twice; what comes out is the same in any case."""
    nodes = f"c = Conv (x, w) s = Mul (c, scale) {other} r = Abs (d) y = Add (s, r)"
    model = graph([WEIGHTS, SCALE, SHIFT], nodes)
    assert operators(folded(model)) == operators(model)
