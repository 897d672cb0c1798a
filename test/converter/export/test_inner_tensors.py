"""Names of tensors inside of a graph, as `--outputs` takes them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from converter.errors import SavedModelError
from converter.export.inner_tensors import InnerTensors
from converter.inputs.saved_model import read_saved_model
from test.converter.sources.graphs import Graph, v1
from test.converter.sources.models import images_of, save, tf


def predict(images: Any) -> dict[str, Any]:
    with tf.name_scope("stem"):
        values = tf.identity(tf.nn.relu(images, name="relu"), name="handed_on")
        parts = tf.split(values, 3, axis=-1, name="parts")
    with tf.name_scope("tail"):
        values = tf.while_loop(
            lambda number, _: number < tf.shape(images)[1],
            lambda number, value: (number + 1, tf.square(value, name="squared")),
            (0, parts[0]),
        )[1]
        texts = tf.strings.as_string(values, name="texts")
    return {"scores": tf.reduce_mean(values, [1, 2]) + 0.0 * tf.strings.to_number(texts)[:, 0, 0]}


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> InnerTensors:
    folder = save(tmp_path_factory.mktemp("inner"), tf.Module(), predict, images_of(None, 8, 8, 3))
    saved_model = read_saved_model(folder)
    return InnerTensors(saved_model, saved_model.signature())


def predict_with_control_flow_of_tensorflow_1(_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A loop, a branch, and a loop in a branch, of Enter, Exit, Switch and Merge."""
    image = v1.placeholder(tf.float32, [None, 8, 8, 3], "image")

    def square_twice(values: Any, name: str) -> Any:
        return v1.while_loop(
            lambda number, _: number < 2,
            lambda number, value: (number + 1, tf.square(value, name="squared")),
            (0, values),
            name=name,
        )[1]

    values = tf.add(square_twice(image, "loop"), 1.0, name="behind_loop")
    values = v1.cond(
        tf.reduce_mean(values) > 0.0,
        lambda: tf.add(square_twice(values, "inner"), 1.0, name="behind_inner"),
        lambda: values,
        name="branch",
    )
    values = tf.add(values, 1.0, name="behind_branch")
    return {"image": image}, {"scores": tf.reduce_mean(values, [1, 2])}


@pytest.fixture(scope="module")
def inside_old(tmp_path_factory: pytest.TempPathFactory) -> InnerTensors:
    graph = Graph(predict_with_control_flow_of_tensorflow_1, "none", control_flow=1)
    saved_model = read_saved_model(graph.save_simply(tmp_path_factory.mktemp("old") / "model"))
    return InnerTensors(saved_model, saved_model.signature())


@pytest.mark.parametrize("given", ["behind_loop", "behind_branch"])
def test_what_comes_out_of_a_loop_or_branch_of_tensorflow_1_can_be_an_output(
    given: str, inside_old: InnerTensors
) -> None:
    assert inside_old.find(given).name == f"{given}:0"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ("loop/squared", "a loop"),
        ("branch/inner/squared", "a loop"),
        ("branch/behind_inner", "a branch"),
    ],
)
def test_what_is_inside_of_one_is_refused(given: str, where: str, inside_old: InnerTensors) -> None:
    with pytest.raises(SavedModelError, match=f"it is inside of {where}: name what comes out"):
        inside_old.find(given)


@pytest.mark.parametrize("given", ["stem/parts:2", "{calls}stem/parts:2"])
def test_a_tensor_is_found_with_and_without_the_calls_around_it(
    given: str, inside: InnerTensors
) -> None:
    (calls,) = {
        name.removesuffix("stem/parts") for name in inside.view.nodes if "parts" in name[-5:]
    }
    found = inside.find(given.format(calls=calls))
    assert (found.name, found.dtype, found.shape) == ("stem/parts:2", "float32", (-1, 8, 8, 1))
    assert found.graph_name == f"{calls}stem/parts:2"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("stem/reul", r"tensors with names like it: .*stem/relu:0"),
        ("relu", r"tensors with names like it: stem/relu:0"),
        ("stem/parts:3", r"Split(V)? 'stem/parts' has 3 outputs, counted from 0"),
        (
            "tail/while/squared",
            r"inside of loop or branch tail_while_body_\d+, .*: name what comes",
        ),
        ("squared:0", r"inside of loop or branch tail_while_body"),
        ("tail/texts", "it has no numbers but string"),
        ("stem/parts/split_dim", "does not depend on the image"),
        ("stem/parts:0:1", "no such tensor"),
        ("^stem/relu", "no such tensor"),
        ("", "no such tensor"),
    ],
)
def test_what_can_be_no_output_is_refused_with_the_reason(
    given: str, reason: str, inside: InnerTensors
) -> None:
    with pytest.raises(SavedModelError, match=re.escape(f"--outputs {given}: ")) as caught:
        inside.find(given)
    assert re.search(reason, str(caught.value))
