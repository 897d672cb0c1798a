"""The precisions that the converter finds, and a new one that a contributor adds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import converter.precision
from converter.command_line.quantize_arguments import add_quantize_arguments, precision_options
from converter.errors import DatasetError
from converter.precision import precision_kinds
from converter.precision.precision_kinds import find_precisions, largest_loss
from converter.precision.precision_options import PrecisionOptions
from converter.precision.split_images import require_images
from trt_inference.bundles.precisions import NARROW_PRECISIONS, PRECISIONS


def test_every_precision_that_robots_run_can_be_made() -> None:
    assert tuple(find_precisions()) == NARROW_PRECISIONS


def test_the_users_limit_is_that_of_every_precision() -> None:
    assert largest_loss("fp16", PrecisionOptions()) < largest_loss("int8", PrecisionOptions())
    assert largest_loss("fp16", PrecisionOptions(limit=0.5)) == 0.5


@pytest.fixture
def new_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder beside those of the others, and an entry in the robot's table."""
    folder = tmp_path / "int4"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "precision.py").write_text(
        "from converter.precision.precision_kinds import PrecisionKind\n"
        "PRECISION = PrecisionKind('int4', 0.03, True, 'most of it', lambda request: None)\n"
    )
    places = [*converter.precision.__path__, str(tmp_path)]
    monkeypatch.setattr(converter.precision, "__path__", places)
    monkeypatch.setattr(precision_kinds, "PRECISIONS", (*PRECISIONS, "int4"))
    find_precisions.cache_clear()
    yield "int4"
    find_precisions.cache_clear()
    sys.modules.pop("converter.precision.int4.precision", None)
    sys.modules.pop("converter.precision.int4", None)


def test_a_new_folder_is_a_new_precision(new_precision: str) -> None:
    """A contributor adds one folder, and changes no list of the converter."""
    assert list(find_precisions())[-1] == new_precision
    parser = argparse.ArgumentParser()
    add_quantize_arguments(parser)
    default = precision_options(parser.parse_args(["BUNDLE"]))
    assert default.precisions == (*NARROW_PRECISIONS, new_precision)
    chosen = precision_options(parser.parse_args(["BUNDLE", "--precision", new_precision]))
    assert chosen.precisions == (new_precision,)
    assert largest_loss(new_precision, chosen) == 0.03
    assert f"0.03 for {new_precision}" in " ".join(parser.format_help().split())
    with pytest.raises(DatasetError, match=f"ranges of int8 and {new_precision} "):
        require_images(None)
