"""The file of a precision is run as a robot runs it, on images with known results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from converter.errors import PrecisionError
from converter.precision.check_file import check_file, time_engines
from converter.precision.evaluate import Evaluator
from test.color_bundle import change_manifest
from test.converter.precision.models import (
    colored_cells,
    dataset,
    kernel,
    scenes,
    two_layers,
    untracked,
    write_bundle,
)
from trt_inference.bundles.bundle import Bundle, load_bundle, sha256_of_file

IMAGES = dataset(*(frame for frame, _ in scenes(4)))


def with_int8(folder: Path, model: onnx.ModelProto) -> Bundle:
    """A color bundle whose int8 is ``model``, in whichever type."""
    bundle = write_bundle(folder / "bundle", colored_cells(*two_layers()))
    file = bundle / "int8.onnx"
    onnx.save(model, str(file))
    entry = {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    change_manifest(bundle, lambda manifest: manifest["precisions"].update(int8=entry))
    return load_bundle(bundle)


def test_a_file_that_finds_what_fp32_finds_is_taken(tmp_path: Path) -> None:
    constants, nodes = two_layers(extra=5.0)
    bundle = with_int8(tmp_path, colored_cells(constants, nodes))
    check_file(bundle, "int8", Evaluator(bundle, IMAGES, untracked))
    times = time_engines(bundle, "int8", IMAGES.samples)
    assert set(times) == {"fp32", "int8"}
    assert all(0 < one < 1000 for one in times.values())


@pytest.mark.parametrize(
    "matrix", [np.eye(3)[::-1], np.eye(3) * 0.3], ids=["other classes", "nothing"]
)
def test_a_file_that_finds_something_else_is_refused(matrix: np.ndarray, tmp_path: Path) -> None:
    model = colored_cells(kernel("mix", matrix), "seen = Conv (planes, mix)")
    bundle = with_int8(tmp_path, model)
    with pytest.raises(PrecisionError, match=r"int8: the file gives other results.*report it"):
        check_file(bundle, "int8", Evaluator(bundle, IMAGES, untracked))


def test_who_allows_any_loss_is_not_told_of_a_fault(tmp_path: Path) -> None:
    model = colored_cells(kernel("mix", np.eye(3)[::-1]), "seen = Conv (planes, mix)")
    bundle = with_int8(tmp_path, model)
    check_file(bundle, "int8", Evaluator(bundle, IMAGES, untracked), limit=1.0)
