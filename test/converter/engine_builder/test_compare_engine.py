"""An engine against its ONNX model: what differs is counted."""

from pathlib import Path
from typing import Callable, List, Sequence

import numpy as np
import pytest

from converter.comparison.agreement import Agreement, ClassAgreement
from converter.engine_builder.compare_engine import EngineComparison, compare, see
from converter.inputs.sample import Sample
from test.changed_bundles import break_scores, exchange_classes, exchange_colors
from test.color_bundle import picture, write_color_bundle
from test.task_bundles import (
    MAP_HEIGHT,
    MAP_WIDTH,
    write_classification_bundle,
    write_segmentation_bundle,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector


def run(reference: Path, engine: Path, samples: Sequence[Sample]) -> EngineComparison:
    def track(items: Sequence[Sample], name: str) -> Sequence[Sample]:
        return items

    with Detector.open(load_bundle(engine), "onnxruntime", "fp32") as opened:
        seen = see(opened, samples)
    with Detector.open(load_bundle(reference), "onnxruntime", "fp32") as opened:
        return compare(opened, seen, "fp32", samples, track)


@pytest.fixture
def samples() -> List[Sample]:
    colors = ("blue", "green", "red")
    return [Sample(one, None, picture(one, (index, 2), 2)) for index, one in enumerate(colors)]


@pytest.mark.parametrize(
    "write", [write_color_bundle, write_classification_bundle, write_segmentation_bundle]
)
def test_the_same_model_agrees(write: object, samples: List[Sample], tmp_path: Path) -> None:
    bundle = write(tmp_path / "bundle")  # type: ignore[operator]
    found = run(bundle, bundle, samples)
    assert not found.differs
    assert {one.max_abs for one in found.tensors} == {0.0}
    assert found.images == 3


def test_other_detections_are_missing_and_extra(samples: List[Sample], tmp_path: Path) -> None:
    other = exchange_colors(write_color_bundle(tmp_path / "other"))
    found = run(write_color_bundle(tmp_path / "one"), other, samples)
    assert found.differs
    assert isinstance(found.agreement, Agreement)
    assert (found.agreement.detections, found.agreement.matched) == (3, 1)
    assert (found.agreement.missing, found.agreement.extra) == (2, 2)
    assert next(one for one in found.tensors if one.name == "classes").max_abs == 1


@pytest.mark.parametrize(
    ("write", "places"),
    [(write_classification_bundle, 1), (write_segmentation_bundle, MAP_HEIGHT * MAP_WIDTH)],
)
def test_an_engine_that_finds_other_classes_differs(
    write: Callable[[Path], Path], places: int, samples: List[Sample], tmp_path: Path
) -> None:
    other = exchange_classes(write(tmp_path / "other"))
    found = run(write(tmp_path / "one"), other, samples)
    assert found.differs
    assert isinstance(found.agreement, ClassAgreement)
    assert (found.agreement.compared, found.agreement.same) == (3 * places, 0)


def test_what_is_no_number_differs_where_there_is_nothing_to_see(tmp_path: Path) -> None:
    samples = [Sample("grey", None, np.full((64, 64, 3), 128, np.uint8))]
    broken = break_scores(write_color_bundle(tmp_path / "other"))
    found = run(write_color_bundle(tmp_path / "one"), broken, samples)
    assert isinstance(found.agreement, Agreement)
    assert (found.agreement.detections, found.agreement.extra) == (0, 0)
    assert found.differs
    assert next(one for one in found.tensors if one.name == "scores").max_abs == np.inf
