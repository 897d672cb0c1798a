"""Layers that the user keeps in float32, and int8 of a network as a whole."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from converter.errors import PrecisionError
from converter.precision.float32_model import read_float32
from converter.precision.fp16.precision import Float16
from converter.precision.int8.precision import Int8
from converter.precision.precision_builder import check_patterns, choose_layers, without
from test.converter.precision.models import (
    colored_cells,
    constants_of,
    samples,
    scenes,
    two_layers,
    untracked,
    write_bundle,
)
from trt_inference.bundles.bundle import Bundle, load_bundle

FIRST, SEEN = "model/first", "model/seen"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("narrowing") / "bundle"
    return load_bundle(write_bundle(folder, colored_cells(*two_layers())))


@pytest.fixture(scope="module")
def int8(bundle: Bundle) -> Int8:
    source = read_float32(bundle.model_file("fp32"))
    return Int8(source, bundle, samples(*(frame for frame, _ in scenes(2))), "minmax")


def weights(model: onnx.ModelProto) -> dict[str, str]:
    """The types of the weights of the two convolutions, by name."""
    values = constants_of(model)
    return {
        name: "int8" if f"network/{name}/int8" in values else str(values[f"network/{name}"].dtype)
        for name in ("widen", "narrow")
    }


def test_all_layers_are_narrowed_where_nothing_is_kept(int8: Int8) -> None:
    choice = choose_layers(int8, ())
    assert [layer.name for layer in choice.narrowed] == [FIRST, SEEN]
    assert choice.kept == ()
    assert weights(int8.build(choice.narrowed)) == {"widen": "int8", "narrow": "int8"}


@pytest.mark.parametrize("pattern", [SEEN, "*/see*", "*n"])
def test_a_pattern_keeps_what_fits_in_float32(pattern: str, int8: Int8) -> None:
    choice = choose_layers(int8, [pattern])
    assert [(layer.name, layer.reason) for layer in choice.kept] == [
        (SEEN, "asked for by --keep-float")
    ]
    for model in (int8.build(choice.narrowed), int8.measurable(choice.narrowed)):
        assert weights(model) == {"widen": "int8", "narrow": "float32"}


def test_a_pattern_may_name_any_node_of_a_layer(int8: Int8, bundle: Bundle) -> None:
    """In float16, where an activation function is in the layer before it."""
    images = samples(*(frame for frame, _ in scenes(2)))
    fp16 = Float16(int8.source, bundle, images, images, untracked)
    assert [layer.name for layer in choose_layers(fp16, ["*/active"]).kept] == [FIRST]
    check_patterns([int8, fp16], ["*/active"])


def test_a_pattern_that_fits_nothing_names_the_layers(int8: Int8) -> None:
    with pytest.raises(PrecisionError, match=rf"fits 'conv\*'.*{FIRST}, {SEEN}"):
        check_patterns([int8], [FIRST, "conv*"])
    check_patterns([int8], [FIRST, "*seen"])


def test_keeping_everything_is_an_error(int8: Int8) -> None:
    with pytest.raises(PrecisionError, match="every layer would stay in float32"):
        choose_layers(int8, ["*"])
    with pytest.raises(PrecisionError, match="every layer would stay in float32"):
        without(int8, {FIRST: "", SEEN: ""})


def test_a_network_of_predictions_only_has_nothing_for_int8(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    source = read_float32(bundle.model_file("fp32"))
    with pytest.raises(PrecisionError, match="use fp16 or fp32"):
        Int8(source, bundle, samples(), "minmax")
