"""What is said of a network with loops that cannot be converted."""

from __future__ import annotations

import pytest

from converter.errors import ExportError
from converter.export import to_onnx
from converter.export.loop_remedy import loops_of
from test.converter.networks import tf


def looping(image: tf.Tensor) -> tf.Tensor:
    """Doubles until the sum is large enough."""

    def is_small(value: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(value) < 9

    return tf.while_loop(is_small, lambda value: (value * 2,), [image])


@pytest.mark.parametrize("control_flow", [1, 2])
def test_a_graph_with_loops_is_told_how_to_do_without_a_suppression(
    control_flow: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr(to_onnx, "_run_tf2onnx", fail)
    v1 = tf.compat.v1
    (v1.enable_control_flow_v2 if control_flow == 2 else v1.disable_control_flow_v2)()
    try:
        with tf.Graph().as_default() as graph:
            image = v1.placeholder(tf.float32, (1, 4), "image")
            (output,) = looping(image)
    finally:
        v1.enable_control_flow_v2()
    definition = graph.as_graph_def()
    with pytest.raises(ExportError, match="no such thing") as error:
        to_onnx.convert_to_onnx(definition, "image:0", {}, [output.name], 13)
    text = str(error.value)
    assert "boxes and scores before that" in text
    assert "report" not in text
    assert loops_of({node.op for node in definition.node})


def test_a_graph_without_loops_has_none() -> None:
    assert loops_of({"Conv2D", "Relu"}) == []
