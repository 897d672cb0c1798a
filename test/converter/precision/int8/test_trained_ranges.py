"""Which range an activation has by the training, and what becomes 127 of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.onnx_tools.trained_grids import TrainedGrid, read_grids, write_grids
from converter.precision.float32_model import Float32Model
from converter.precision.int8.trained_ranges import TrainedRange, trained_ranges
from test.converter.precision.models import constant, kernel, network, read

EYE = kernel("eye", np.eye(4))
ASYMMETRIC = TrainedGrid((6 / 255,), (0,), (255,))  # 0 to 6
SYMMETRIC = TrainedGrid((0.01,), (-128,), (127,))
TENSOR = "network/seen"


def source(
    folder: Path, nodes: str, constants: tuple[str, ...] = (), grid: TrainedGrid = ASYMMETRIC
) -> Float32Model:
    """A network with ``seen``, which has ``grid``, and ``after``, in front of a convolution."""
    declared = ", ".join([EYE, *constants])
    model = network(
        "net (float[1, 4, 6, 6] x) => (float[1, K, N, M] y) "
        f"<{declared}> {{ seen = Conv (x, eye) {nodes} y = Conv (after, eye) }}"
    )
    write_grids(model, {TENSOR: grid})
    return read(folder, model)


def after(source: Float32Model) -> TrainedRange | None:
    return trained_ranges(source).get("network/after")


@pytest.mark.parametrize(
    "nodes",
    [
        "after = MaxPool <kernel_shape = [2, 2]> (seen)",
        "t = Transpose <perm = [0, 2, 3, 1]> (seen) after = Transpose <perm = [0, 3, 1, 2]> (t)",
        "after = Pad (seen, pads)",
        "after = Concat <axis = 2> (seen, seen)",
        "after = Relu (seen)",
    ],
)
def test_layers_that_move_values_keep_the_range(nodes: str, tmp_path: Path) -> None:
    pads = "int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}"
    found = after(source(tmp_path, nodes, (pads,)))
    assert found is not None
    assert found.grid == ASYMMETRIC
    assert found.reach == pytest.approx(6)


@pytest.mark.parametrize(
    "nodes",
    [
        "after = Mul (seen, two)",
        "after = Sigmoid (seen)",
        "other = Conv (x, eye) after = Concat <axis = 2> (seen, other)",
        "after = Pad (seen, pads, two)",
    ],
)
def test_layers_that_change_values_have_no_range(nodes: str, tmp_path: Path) -> None:
    pads = "int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}"
    assert after(source(tmp_path, nodes, (pads, constant("two", 2.0)))) is None


def test_what_a_layer_cannot_give_does_not_widen_its_range(tmp_path: Path) -> None:
    wide = TrainedGrid((0.05,), (-200,), (55,))  # -10 to 2.75
    found = after(source(tmp_path, "after = Relu (seen)", grid=wide))
    assert found is not None
    assert (found.low, found.reach) == (0, pytest.approx(2.75))
    limits = constant("zero", 0.0), constant("most", 1.5)
    found = after(source(tmp_path, "after = Clip (seen, zero, most)", limits, wide))
    assert found is not None
    assert (found.low, found.reach) == (0, pytest.approx(1.5))


def test_means_of_a_whole_image_may_be_far_smaller(tmp_path: Path) -> None:
    found = after(source(tmp_path, "after = GlobalAveragePool (seen)"))
    assert found is not None
    assert found.is_wide and found.grid is None
    window = "after = AveragePool <kernel_shape = [2, 2]> (seen)"
    found = after(source(tmp_path, window))
    assert found is not None
    assert not found.is_wide and found.reach == pytest.approx(6)


def test_numbers_that_int8_holds_stay_as_they_are() -> None:
    def reach(grid: TrainedGrid) -> float:
        return TrainedRange(grid.low, grid.high, grid).reach

    assert reach(SYMMETRIC) == pytest.approx(1.27)
    almost = TrainedGrid((0.01,), (-127,), (128,))  # TensorFlow's -1 to 1: one number too many
    assert reach(almost) == pytest.approx(1.27)
    assert reach(ASYMMETRIC) == pytest.approx(6)
    assert reach(TrainedGrid((0.1,), (-64,), (191,))) == pytest.approx(19.1)
    four_bits = TrainedGrid((0.5,), (-8,), (7,))  # int8 has more numbers, in the same range
    assert reach(four_bits) == pytest.approx(4)
    sixteen_bits = TrainedGrid((1e-4,), (-32768,), (32767,))
    assert reach(sixteen_bits) == pytest.approx(3.2768)


def test_only_the_fp32_file_keeps_what_training_found(tmp_path: Path) -> None:
    found = source(tmp_path, "after = Relu (seen)")
    assert found.trained == {TENSOR: ASYMMETRIC}
    assert read_grids(found.model) == {}
