"""The numbers that FakeQuant rounds to, as TensorFlow's own kernels give them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from converter.export.fake_quant_ranges import (
    AROUND_ZERO,
    grid_of,
    of_whole_tensor,
    range_tensors,
)
from converter.export.graph_view import canonical
from converter.inputs.quiet_tensorflow import tensorflow
from converter.onnx_tools.trained_grids import TrainedGrid

tf = tensorflow()
GENERATOR = np.random.default_rng(3)
LIMITS = [
    (-1.0, 1.0),
    (0.0, 6.0),
    (-0.3, 2.7),
    (1.5, 4.0),  # without 0, which TensorFlow moves into the range
    (-5.0, -0.5),
    (-0.001, 0.0007),
    (-6.01, 5.97),
]
BITS = [(8, False), (8, True), (4, False), (4, True), (2, True), (16, False), (16, True)]


def node(operator: str, bits: int, narrow: bool) -> object:
    found = tf.compat.v1.NodeDef(name="fake", op=operator)
    found.attr["num_bits"].i, found.attr["narrow_range"].b = bits, narrow
    return found


def known(grid: TrainedGrid | None) -> TrainedGrid:
    assert grid is not None
    return grid


@pytest.mark.parametrize(("bits", "narrow"), BITS)
@pytest.mark.parametrize("limits", LIMITS)
def test_values_fall_where_tensorflow_rounds_them_to(
    limits: tuple[float, float], bits: int, narrow: bool
) -> None:
    low, high = (np.float32(value) for value in limits)
    grid = known(grid_of(node("FakeQuantWithMinMaxVars", bits, narrow), [low, high]))
    values = GENERATOR.uniform(low - 1, high + 1, 100_000).astype(np.float32)
    rounded = tf.quantization.fake_quant_with_min_max_vars(values, low, high, bits, narrow)
    expected = rounded.numpy()
    step, levels = grid.steps[0], grid.levels(values)
    # Kernels for other CPUs multiply where these divide, which in the very middle of two numbers
    # gives the other one.
    middle = np.abs(np.abs(values / step % 1) - 0.5) < 2.0 ** (bits - 20)
    assert middle.mean() < 0.2
    np.testing.assert_allclose(levels[~middle] * step, expected[~middle], atol=1e-3 * step)
    np.testing.assert_allclose(levels * step, expected, atol=1.001 * step)
    assert levels.min() >= grid.first[0] and levels.max() <= grid.last[0]
    assert grid.first[0] <= 0 <= grid.last[0]


def test_each_channel_has_a_grid_of_its_own() -> None:
    low = np.array([value for value, _ in LIMITS], np.float32)
    high = np.array([value for _, value in LIMITS], np.float32)
    operator = "FakeQuantWithMinMaxVarsPerChannel"
    grid = known(grid_of(node(operator, 8, True), [low, high]))
    values = GENERATOR.uniform(-6, 6, (500, len(LIMITS))).astype(np.float32)
    expected = tf.quantization.fake_quant_with_min_max_vars_per_channel(
        values, low, high, 8, narrow_range=True
    )
    found = TrainedGrid(grid.steps, grid.first, grid.last, axis=1).levels(values)
    np.testing.assert_allclose(found * np.float32(grid.steps), expected, rtol=1e-5, atol=1e-6)


def test_one_grid_for_all_channels_holds_each() -> None:
    low = np.array([-1.0, 0.0, -0.25], np.float32)
    high = np.array([0.5, 3.0, 0.25], np.float32)
    grid = known(grid_of(node("FakeQuantWithMinMaxVarsPerChannel", 8, False), [low, high]))
    whole = of_whole_tensor(grid)
    step = whole.steps[0]
    assert whole.axis is None and whole.last[0] - whole.first[0] == 255
    assert -1 - step <= whole.low <= -1 + step
    assert 3 - step <= whole.high <= 3 + step


def test_a_range_that_nothing_was_trained_for_is_none() -> None:
    of_zeros = node("FakeQuantWithMinMaxVars", 8, False)
    for low, high in ((0.0, 0.0), (1.0, 1.0), (2.0, 1.0), (np.nan, 1.0), (0.0, np.inf)):
        assert grid_of(of_zeros, [np.float32(low), np.float32(high)]) is None


def test_the_operator_with_arguments_has_its_range_and_tensorflows_default() -> None:
    arguments = node("FakeQuantWithMinMaxArgs", 8, False)
    assert not range_tensors(arguments)
    assert known(grid_of(arguments, [])).high == pytest.approx(6, abs=0.05)
    arguments.attr["min"].f, arguments.attr["max"].f = 0.0, 2.5
    grid = known(grid_of(arguments, []))
    assert (grid.low, grid.high) == (0, pytest.approx(2.5))


def test_no_numbers_around_zero_for_a_range_on_neither_side() -> None:
    around = node("QuantizeAndDequantizeV2", 8, False)
    around.attr["range_given"].b = True
    for low, high in ((0.0, 0.0), (np.nan, 1.0), (0.0, np.inf)):
        assert grid_of(around, [np.float32(low), np.float32(high)]) is None


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("operator", AROUND_ZERO)
def test_numbers_around_zero_are_those_of_tensorflow(operator: str, axis: int | None) -> None:
    values = GENERATOR.uniform(-2, 3, (3, 300)).astype(np.float32)
    values = values if axis != 1 else values.T.copy()
    # TensorFlow takes a range for each channel from inputs of the third operator alone.
    ways = (True, False) if axis is None or operator.endswith("V3") else (False,)
    cases = list(itertools.product((True, False), (True, False), ways))
    with tf.Graph().as_default() as graph:
        results = [
            getattr(tf.raw_ops, operator)(
                input=values if signed else np.abs(values),
                input_min=low_of(axis) * signed,
                input_max=low_of(axis) + 2.75,
                num_bits=6,
                signed_input=signed,
                narrow_range=narrow,
                range_given=is_given,
                axis=-1 if axis is None else axis,
            )
            for signed, narrow, is_given in cases
        ]
    nodes = [one for one in graph.as_graph_def().node if one.op == operator]
    whole = [values if signed else np.abs(values) for signed, _, _ in cases]
    with tf.compat.v1.Session(graph=graph) as session:
        expected = session.run(results)
        given = session.run([list(map(canonical, range_tensors(one))) for one in nodes])
    for one, taken, found, limits in zip(nodes, whole, expected, given, strict=True):
        grid = known(grid_of(one, limits))
        step = np.array(grid.steps).reshape([-1 if index == axis else 1 for index in range(2)])
        np.testing.assert_allclose(grid.levels(taken) * step, found, atol=1e-5)


def low_of(axis: int | None) -> Any:
    return np.float32(-0.5) if axis is None else np.array([-0.5, -2.0, -0.25], np.float32)
