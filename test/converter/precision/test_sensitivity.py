"""Which layer suffers most, each tried alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.precision.float32_model import read_float32
from converter.precision.fp16.precision import Float16
from converter.precision.int8.precision import Int8
from converter.precision.precision_results import Sensitivity
from converter.precision.sensitivity import measure_sensitivity, relative_error
from test.converter.precision.models import (
    colored_cells,
    constant,
    kernel,
    samples,
    scenes,
    two_layers,
    untracked,
    write_bundle,
)
from trt_inference.bundles.bundle import load_bundle

IMAGES = samples(*(frame for frame, _ in scenes(4)))


def sensitivities(
    folder: Path, constants: str, nodes: str, precision: str
) -> tuple[Sensitivity, ...]:
    """The sensitivities of the layers of a color network."""
    bundle = load_bundle(write_bundle(folder / "bundle", colored_cells(constants, nodes)))
    source = read_float32(bundle.model_file("fp32"))
    builder = (
        Int8(source, bundle, IMAGES, "minmax")
        if precision == "int8"
        else Float16(source, bundle, IMAGES, IMAGES, untracked)
    )
    return measure_sensitivity(builder, bundle, IMAGES, untracked)


def test_int8_suffers_where_one_channel_is_a_thousand_times_the_others(tmp_path: Path) -> None:
    """The second convolution takes them; a third one, which takes what it gives, does not mind."""
    constants, nodes = two_layers(extra=1000.0)
    nodes = nodes.replace("seen =", "between =") + " seen = Conv (between, eye)"
    found = sensitivities(tmp_path, f"{constants}, {kernel('eye', np.eye(3))}", nodes, "int8")
    assert found[0].layer == "model/between"
    assert sorted(one.layer for one in found) == ["model/between", "model/first", "model/seen"]
    assert found[0].error > 10 * found[1].error >= 10 * found[2].error > 0


def test_float16_suffers_where_a_small_difference_of_large_numbers_counts(tmp_path: Path) -> None:
    """Between 16384 and 32768, float16 has every sixteenth number only."""
    constants, nodes = two_layers()
    nodes = nodes.replace("seen =", "same =")
    found = sensitivities(
        tmp_path,
        f"{constants}, {kernel('eye', np.eye(3))}, {constant('up', [30000] * 3)}, "
        f"{constant('down', 30000)}",
        f"{nodes} large = Conv (same, eye, up) seen = Sub (large, down)",
        "fp16",
    )
    assert found[0].layer == "model/large"
    assert found[0].error > 10 * found[1].error


def test_the_error_is_a_fraction_of_the_outputs_root_mean_square() -> None:
    reference = [{"a": np.array([3.0, 0.0])}, {"a": np.array([0.0, 4.0])}]
    given = [{"a": np.array([3.0, 1.0])}, {"a": np.array([2.0, 4.0])}]
    assert relative_error(reference, given) == pytest.approx((5 / 25) ** 0.5)
    assert relative_error(reference, reference) == 0


def test_the_worst_output_counts_whatever_its_size() -> None:
    reference = [{"large": np.array([1000.0]), "small": np.array([0.01]), "zero": np.zeros(1)}]
    given = [{"large": np.array([1001.0]), "small": np.array([0.02]), "zero": np.zeros(1)}]
    assert relative_error(reference, given) == pytest.approx(1.0)
    assert relative_error(reference, [{**given[0], "large": np.array([np.nan])}]) == np.inf
