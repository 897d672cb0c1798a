"""The models that are kept in the repository are those that the converter makes."""

import onnx
import pytest

from test.converter.make_ready_models import MAKERS
from test.ready_models import FOLDER, ready_model


def test_every_kept_model_is_compared() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(MAKERS)


@pytest.mark.parametrize("name", MAKERS)
def test_the_converter_makes_what_is_kept(name: str) -> None:
    """Otherwise run test/converter/make_ready_models.py, and look at what has changed."""
    assert onnx.load(str(ready_model(name))) == MAKERS[name]()
