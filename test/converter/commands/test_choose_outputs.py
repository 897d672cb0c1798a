"""`--outputs`: outputs of the signature, tensors inside, and names for both."""

from __future__ import annotations

from typing import Any

import pytest

from converter.commands.choose_outputs import with_outputs
from converter.errors import SavedModelError
from converter.inputs.saved_model import SavedModel, read_saved_model
from test.converter.sources.models import images_of, save, tf


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> SavedModel:
    def predict(images: Any) -> dict[str, Any]:
        values = tf.nn.relu(images, name="relu")
        return {"first": values[..., :1], "second": values[..., 1:]}

    folder = tmp_path_factory.mktemp("outputs")
    return read_saved_model(save(folder, tf.Module(), predict, images_of(None, 8, 8, 3)))


def test_own_outputs_stay_what_they_are(saved_model: SavedModel) -> None:
    whole = saved_model.signature()
    chosen = with_outputs(saved_model, whole, ["second"])
    assert chosen.outputs == whole.outputs[1:]
    assert (chosen.inner, chosen.ends) == ((), (whole.outputs[1].graph_name,))


def test_tensors_and_outputs_may_be_mixed_and_named(saved_model: SavedModel) -> None:
    whole = saved_model.signature()
    chosen = with_outputs(saved_model, whole, ["first", "relu", "boxes=second"])
    assert [one.name for one in chosen.outputs] == ["first", "relu:0", "boxes"]
    assert [one.name for one in chosen.inner] == ["relu:0", "boxes"]
    assert chosen.outputs[2].graph_name == whole.outputs[1].graph_name
    assert chosen.ends == tuple(one.graph_name for one in whole.outputs)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["first", "a=first"], "is there twice"),
        (["a=first", "a=second"], "a is there twice"),
        (["relu", "relu:0"], "relu:0 is there twice"),
        (["=first"], "'' is no name"),
        (["a/b=first"], "'a/b' is no name"),
        (["a=third"], "--outputs third: signature 'serving_default' has no such output"),
    ],
)
def test_what_cannot_be_taken_is_refused(
    names: list[str], reason: str, saved_model: SavedModel
) -> None:
    with pytest.raises(SavedModelError, match=reason):
        with_outputs(saved_model, saved_model.signature(), names)
