"""Which layers float16 has no numbers for, and what is reported about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest

from converter.errors import PrecisionError
from converter.precision.float32_model import read_float32
from converter.precision.fp16.precision import Float16
from converter.precision.model_engine import ModelEngine
from test.converter.precision.models import (
    colored_cells,
    constant,
    kernel,
    samples,
    two_layers,
    untracked,
    write_bundle,
)
from trt_inference.bundles.bundle import load_bundle

BLACK, DARK, WHITE = (np.full((64, 64, 3), value, np.uint8) for value in (0, 51, 255))
# 0.2 * 3 * 30000 is within float16, 1 * 3 * 30000 is not.
SUM = [kernel("up", np.full((3, 3), 30_000)), kernel("down", np.eye(3) * 1e-4)]
OVERFLOWS = "large = Conv (planes, up) seen = Conv (large, down)"


def narrowing(
    folder: Path,
    constants: Sequence[str],
    nodes: str,
    calibration: Sequence[np.ndarray] = (BLACK, WHITE),
    held_out: Sequence[np.ndarray] = (),
) -> Float16:
    """Float16 on a color network with these layers; the images have numbers for names."""
    bundle = load_bundle(
        write_bundle(folder / "bundle", colored_cells(", ".join(constants), nodes))
    )
    images = samples(*calibration, *held_out)
    source = read_float32(bundle.model_file("fp32"))
    return Float16(source, bundle, images[: len(calibration)], images, untracked)


def kept(found: Float16) -> dict[str, str]:
    return {layer.name.removeprefix("model/"): layer.reason for layer in found.must_keep}


def half_layers(found: Float16) -> list[str]:
    return [layer.name.removeprefix("model/") for layer in found.layers]


def test_a_network_of_small_numbers_is_float16_altogether(tmp_path: Path) -> None:
    constants, nodes = two_layers()
    found = narrowing(tmp_path, [constants], nodes)
    assert kept(found) == {}
    assert half_layers(found) == ["first", "seen", "contrasts"]
    names = [name for layer in found.layers for name in layer.nodes]
    assert sorted(names) == sorted(found.source.body)


def test_layers_whose_values_are_too_large_stay_with_the_value(tmp_path: Path) -> None:
    """40000 is within float16, but nearer to its end than unknown images may come."""
    constants, nodes = two_layers(extra=40_000)
    found = narrowing(tmp_path, [constants], nodes)
    assert set(kept(found)) == {"first", "active", "seen"}
    assert all(reason.startswith("values reach 4e+04,") for reason in kept(found).values())
    assert half_layers(found) == ["contrasts"]


def test_values_below_zero_count_and_those_of_the_first_image(tmp_path: Path) -> None:
    constants = [kernel("up", np.full((3, 3), -30_000)), kernel("down", np.eye(3) * -1e-4)]
    found = narrowing(tmp_path, constants, OVERFLOWS, [WHITE, BLACK])
    assert set(kept(found)) == {"large", "seen"}
    assert all(reason.startswith("values reach 9e+04,") for reason in kept(found).values())


def test_values_up_to_half_of_float16_are_taken(tmp_path: Path) -> None:
    constants, nodes = two_layers(extra=30_000)
    assert kept(narrowing(tmp_path, [constants], nodes)) == {}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1e6, "has a constant of 1e+06, float16 ends at 65504"),
        (1e-9, "has a constant of 1e-09, which is 0 in float16"),
    ],
)
def test_layers_with_constants_that_float16_has_not_stay(
    value: float, reason: str, tmp_path: Path
) -> None:
    constants, nodes = two_layers()
    nodes = nodes.replace("planes,", "small,")
    found = narrowing(
        tmp_path,
        [constants, constant("value", value)],
        f"unused = Min (planes, value) nought = Sub (unused, unused) small = Add (planes, nought) "
        f"{nodes}",
    )
    assert kept(found) == {"unused": reason}
    assert half_layers(found) == ["first", "seen", "contrasts"]


def test_small_numbers_beside_large_ones_are_no_reason(tmp_path: Path) -> None:
    constants, nodes = two_layers()
    tiny = kernel("tiny", np.eye(3) + 1e-9)
    nodes = nodes.replace("planes,", "same,")
    found = narrowing(tmp_path, [constants, tiny], f"same = Conv (planes, tiny) {nodes}")
    assert kept(found) == {}


def test_what_overflows_on_one_image_only_is_found_and_kept(tmp_path: Path) -> None:
    found = narrowing(tmp_path, SUM, OVERFLOWS, [BLACK, DARK], [BLACK, WHITE, WHITE, BLACK])
    # The second convolution would take the same values in float16.
    reason = "gives NaN or infinity in float16 on 3.png"
    assert kept(found) == {"large": reason, "seen": reason}
    assert half_layers(found) == ["contrasts"]


def test_what_overflows_on_a_covered_camera_or_a_lamp_is_found_without_such_images(
    tmp_path: Path,
) -> None:
    found = narrowing(tmp_path, SUM, OVERFLOWS, [DARK], [DARK])
    assert kept(found)["large"] == "gives NaN or infinity in float16 on a white image"


def test_infinity_that_masks_something_is_no_harm(tmp_path: Path) -> None:
    """In float32 too there is minus infinity, of which nothing comes out."""
    constants, nodes = two_layers()
    nodes = nodes.replace("planes,", "same,")
    found = narrowing(
        tmp_path,
        [constants],
        f"nought = Sub (planes, planes) mask = Log (nought) same = Max (planes, mask) {nodes}",
    )
    assert half_layers(found) == ["first", "seen", "contrasts"]


def test_infinity_on_a_covered_camera_alone_is_no_harm(tmp_path: Path) -> None:
    """The inverse of 0, of which only the sign counts."""
    constants, nodes = two_layers()
    nodes = nodes.replace("planes,", "same,")
    found = narrowing(
        tmp_path,
        [constants, constant("one", 1)],
        "inverse = Div (one, planes) below = Less (inverse, planes) turned = Neg (planes) "
        f"same = Where (below, planes, turned) {nodes}",
        [DARK],
        [WHITE],
    )
    assert not kept(found)


def test_what_a_tiny_constant_guards_stays_with_it(tmp_path: Path) -> None:
    """No image has the 0 that the constant is for."""
    constants, nodes = two_layers()
    nodes = nodes.replace("planes,", "ones,")
    found = narrowing(
        tmp_path,
        [constants, constant("tiny", 1e-9), constant("one", 1)],
        "more = Add (planes, one) safe = Add (more, tiny) root = Sqrt (safe) "
        f"ones = Div (planes, root) {nodes}",
    )
    assert set(kept(found)) == {"safe", "root", "ones"}
    assert "guarded by model/safe" in kept(found)["ones"]


def test_what_is_infinite_through_what_is_before_it_keeps_that(tmp_path: Path) -> None:
    """1 - 0.9999 is 0 in float16, and the quotient NaN, in whichever type."""
    constants, nodes = two_layers()
    nodes = nodes.replace("planes,", "quotient,")
    found = narrowing(
        tmp_path,
        [constants, constant("one", 1), constant("almost", 0.9999)],
        f"more = Add (planes, one) less = Sub (more, almost) quotient = Div (planes, less) {nodes}",
        [DARK, WHITE],
        [BLACK],
    )
    assert {"less", "quotient"} <= set(kept(found))
    assert half_layers(found) == ["first", "seen", "contrasts"]
    assert np.isfinite(scores(found, tmp_path, BLACK)).all()


def scores(found: Float16, folder: Path, image: np.ndarray) -> np.ndarray:
    """The scores of the model that is measured, with all layers narrowed."""
    engine = ModelEngine(found.measurable(found.layers), load_bundle(folder / "bundle"))
    engine.input_buffer()[:] = image
    return engine.infer()["scores"]


def test_a_network_that_is_not_a_number_in_float32_is_an_error(tmp_path: Path) -> None:
    constants, nodes = two_layers()
    nodes = nodes.replace("planes,", "roots,")
    with pytest.raises(PrecisionError, match=r"in float32 on 1\.png.*not sound on this image"):
        narrowing(
            tmp_path,
            [constants, constant("half", 0.5)],
            f"less = Sub (half, planes) roots = Sqrt (less) {nodes}",
            [BLACK],
            [WHITE],
        )


def test_a_network_of_large_numbers_only_is_an_error(tmp_path: Path) -> None:
    model = colored_cells("", "seen = Identity (planes)")
    (weight,) = (one for one in model.graph.initializer if one.name == "network/weight")
    values = onnx.numpy_helper.to_array(weight) * np.float32(1e6)
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    bundle = load_bundle(write_bundle(tmp_path / "bundle", model))
    source = read_float32(bundle.model_file("fp32"))
    with pytest.raises(PrecisionError, match="within float16: use fp32"):
        Float16(source, bundle, samples(WHITE), samples(WHITE), untracked)
