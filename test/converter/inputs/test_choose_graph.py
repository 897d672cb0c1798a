"""Which graph of a SavedModel is taken, by their tags."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.errors import SavedModelError
from converter.inputs.saved_model import read_saved_model
from test.converter.networks import tf

v1 = tf.compat.v1


def saved_with(folder: Path, *tags: list[str]) -> Path:
    """A SavedModel with a graph for each of ``tags``."""
    with tf.Graph().as_default(), v1.Session() as session:
        image = v1.placeholder(tf.float32, (None, 8, 8, 3), "image")
        outputs = {"scores": tf.reduce_mean(image, [1, 2])}
        signature = v1.saved_model.predict_signature_def({"image": image}, outputs)
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, tags[0], {"default": signature})
        for others in tags[1:]:
            builder.add_meta_graph(others, {"default": signature})
        builder.save()
    return folder


@pytest.mark.parametrize(
    ("tags", "taken"),
    [
        ([[], ["train"]], set()),
        ([["train"], []], set()),
        ([["train"], ["serve"]], {"serve"}),
        ([["serve", "tpu"], ["serve"]], {"serve"}),
        ([["serve", "tpu"], ["serve", "gpu"]], {"serve", "gpu"}),
        ([["train", "tpu"], ["serve", "tpu"]], {"serve", "tpu"}),
        ([["train"]], {"train"}),
    ],
)
def test_the_graph_for_inference_is_taken(
    tags: list[list[str]], taken: set[str], tmp_path: Path
) -> None:
    assert set(read_saved_model(saved_with(tmp_path / "model", *tags)).tags) == taken


@pytest.mark.parametrize(
    ("tag", "taken"),
    [
        ("", set()),
        ("serve", {"serve"}),
        ("gpu", {"serve", "gpu"}),
        ("gpu,serve", {"serve", "gpu"}),
        ("serve, tpu", {"serve", "tpu"}),
    ],
)
def test_a_graph_is_chosen_by_its_tags(tag: str, taken: set[str], tmp_path: Path) -> None:
    model = saved_with(tmp_path / "model", ["serve", "gpu"], ["serve"], [], ["serve", "tpu"])
    assert set(read_saved_model(model, tag).tags) == taken


@pytest.mark.parametrize(
    ("tags", "tag", "message"),
    [
        ([["a"], []], None, r'2 graphs \(tag a, no tag\): choose with --tag a \| --tag ""'),
        ([["a"], []], "serve", r"--tag serve fits none of them, choose"),
        ([["serve"]], "", r'one graph \(tag serve\): --tag "" fits none of them'),
        ([["serve", "a"], ["serve", "b"]], None, r"--tag a,serve \| --tag b,serve"),
        ([["serve", "a"], ["serve", "b"]], "serve", r"--tag serve fits 2 of them"),
    ],
)
def test_where_tags_do_not_decide_they_are_listed(
    tags: list[list[str]], tag: str | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SavedModelError, match=message):
        read_saved_model(saved_with(tmp_path / "model", *tags), tag)
