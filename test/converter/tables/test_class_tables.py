"""Tables of tasks without boxes show what was measured of them, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from converter.comparison.agreement import ClassAgreement
from converter.tables.bundle_table import bundle_table
from converter.tables.trained_table import trained_table
from converter.verification.verification_results import TrainedAgreement, TrainedComparison
from test.color_bundle import write_color_bundle
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from trt_inference.bundles.bundle import load_bundle


@pytest.mark.parametrize(
    ("moved", "scores"), [(None, {}), (0.0625, {"largest score difference": "0.0625"})]
)
def test_class_maps_have_no_scores_to_compare_with_the_training(
    moved: float | None, scores: dict[str, str]
) -> None:
    agreement = ClassAgreement(400, 380, moved)
    table = trained_table(TrainedComparison(2, None, (TrainedAgreement("int8", agreement),)))
    assert table.rows == (("int8", "95.00 %", *scores.values()),)
    assert table.columns == ("same class", *scores)


@pytest.mark.parametrize(
    ("write", "has_boxes"),
    [
        (write_color_bundle, True),
        (write_classification_bundle, False),
        (write_segmentation_bundle, False),
    ],
)
def test_only_detectors_have_a_map(
    write: Callable[[Path], Path], has_boxes: bool, tmp_path: Path
) -> None:
    table = bundle_table(load_bundle(write(tmp_path / "bundle")))
    assert ("mAP@0.5" in table.columns) == has_boxes
    assert all(len(row) == 1 + len(table.columns) for row in table.rows)
