"""The numbers that FakeQuant rounds to, as TensorFlow's own kernels give them."""

from __future__ import annotations

import numpy as np
import pytest

from converter.export.fake_quant_ranges import grid_of, of_whole_tensor, own_range
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
    grid = known(grid_of(node("FakeQuantWithMinMaxVars", bits, narrow), low, high))
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
    grid = known(grid_of(node(operator, 8, True), low, high))
    values = GENERATOR.uniform(-6, 6, (500, len(LIMITS))).astype(np.float32)
    expected = tf.quantization.fake_quant_with_min_max_vars_per_channel(
        values, low, high, 8, narrow_range=True
    )
    found = TrainedGrid(grid.steps, grid.first, grid.last, axis=1).levels(values)
    np.testing.assert_allclose(found * np.float32(grid.steps), expected, rtol=1e-5, atol=1e-6)


def test_one_grid_for_all_channels_holds_each() -> None:
    low = np.array([-1.0, 0.0, -0.25], np.float32)
    high = np.array([0.5, 3.0, 0.25], np.float32)
    grid = known(grid_of(node("FakeQuantWithMinMaxVarsPerChannel", 8, False), low, high))
    whole = of_whole_tensor(grid)
    step = whole.steps[0]
    assert whole.axis is None and whole.last[0] - whole.first[0] == 255
    assert -1 - step <= whole.low <= -1 + step
    assert 3 - step <= whole.high <= 3 + step


def test_a_range_that_nothing_was_trained_for_is_none() -> None:
    of_zeros = node("FakeQuantWithMinMaxVars", 8, False)
    for low, high in ((0.0, 0.0), (1.0, 1.0), (2.0, 1.0), (np.nan, 1.0), (0.0, np.inf)):
        assert grid_of(of_zeros, np.float32(low), np.float32(high)) is None


def test_the_operator_with_arguments_has_its_range_and_tensorflows_default() -> None:
    arguments = node("FakeQuantWithMinMaxArgs", 8, False)
    assert own_range(arguments) == (np.float32(-6), np.float32(6))
    arguments.attr["min"].f, arguments.attr["max"].f = 0.0, 2.5
    assert own_range(arguments) == (np.float32(0), np.float32(2.5))
    assert own_range(node("FakeQuantWithMinMaxVars", 8, False)) is None
