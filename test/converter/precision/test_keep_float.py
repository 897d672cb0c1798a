"""The fewest layers in float32 with which a limit is met."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from converter.comparison.accuracy import Accuracy
from converter.comparison.agreement import Agreement
from converter.precision.keep_float import keep_most_sensitive
from converter.precision.layers import Layer
from converter.precision.make_precisions import make_precisions
from converter.precision.precision_builder import LayerChoice, PrecisionBuilder, without
from converter.precision.precision_options import PrecisionOptions
from converter.precision.precision_results import PrecisionMeasurement, Sensitivity
from converter.report.page import write_report
from converter.terminal.progress import Progress
from test.converter.precision.models import (
    colored_cells,
    kernel,
    scenes,
    two_layers,
    write_bundle,
    write_pictures,
)
from test.converter.report import samples as reports


@dataclass(frozen=True)
class Layers:
    """As much of a precision as the search looks at."""

    layers: tuple[Layer, ...]
    precision: str = "int8"


def network_of(count: int) -> PrecisionBuilder:
    return cast(
        PrecisionBuilder, Layers(tuple(Layer(f"layer {i}", (f"node {i}",)) for i in range(count)))
    )


def losing(loss: float) -> PrecisionMeasurement:
    same = Agreement(1, 9, 9, 0, 0, 1.0, 1.0, 0.0)
    return PrecisionMeasurement(1, same, Accuracy(1, 1 - loss, 1 - loss), None, None, {})


@given(
    count=st.integers(1, 70),
    enough=st.integers(1, 80),
    order=st.randoms(use_true_random=False),
    kept=st.integers(0, 3),
)
def test_the_search_finds_the_fewest(count: int, enough: int, order: Random, kept: int) -> None:
    """Each layer in float32 makes the loss smaller; with ``enough`` of them it is the limit.
    Other layers, ``kept`` ones, are in float32 already."""
    builder = network_of(count + kept)
    names = [layer.name for layer in builder.layers]
    first = without(builder, dict.fromkeys(names[:kept], "asked for"))
    ranked = list(names)
    order.shuffle(ranked)
    sensitive = [name for name in ranked if name not in names[:kept]]
    asked: list[int] = []

    def measure(choice: LayerChoice) -> PrecisionMeasurement:
        number = len(choice.kept) - kept
        expected = {*names[:kept], *sensitive[:number]}
        assert {layer.name for layer in choice.kept} == expected
        assert {layer.name for layer in choice.narrowed} == set(names) - expected
        asked.append(number)
        return losing(1 - number / 100)

    limit = losing(1 - enough / 100).loss
    ranking = [Sensitivity(name, 0.0) for name in ranked]
    found = keep_most_sensitive(builder, first, ranking, limit, measure)
    if enough >= count:
        assert found is None
    else:
        assert found is not None
        assert len(found[0].kept) - kept == enough
        assert found[1] == losing(1 - enough / 100)
    assert len(set(asked)) == len(asked) <= 2 * count.bit_length()


def test_exactly_the_layer_that_is_bad_for_int8_is_kept(tmp_path: Path) -> None:
    constants, nodes = two_layers(extra=1000.0)
    nodes = nodes.replace("seen =", "between =") + " seen = Conv (between, eye)"
    model = colored_cells(f"{constants}, {kernel('eye', [[1, 0, 0], [0, 1, 0], [0, 0, 1]])}", nodes)
    bundle = write_bundle(tmp_path / "bundle", model)
    write_report(bundle / "report", reports.detection(tmp_path))
    images = write_pictures(tmp_path / "images", [frame for frame, _ in scenes(8)])
    options = PrecisionOptions(precisions=("int8",), keep_most_sensitive=True)
    made = make_precisions(bundle, images, None, options, Progress(Console(quiet=True)))
    (result,) = made.results
    assert result.passed
    assert [layer.name for layer in result.kept] == ["model/between"]
    assert "--keep-float auto" in result.kept[0].reason
