"""What users can do about a network with loops, at which exports and comparisons fail most."""

from __future__ import annotations

from collections.abc import Container, Sequence

from converter.export.graph_view import CONTROL_FLOW

_LISTED = 5
# TensorFlow 1's operators of loops and branches, of which each has some.
_OF_FRAMES = ("Enter", "Switch")


def loop_remedy(loops: Sequence[str]) -> str:
    """Return sentences about the loops and branches of a network.

    Args:
        loops: names or operators of them; at least one.
    """
    return (
        f"The graph has loops or branches: {', '.join(loops[:_LISTED])}. Where they suppress "
        "overlapping boxes, as tf.image.non_max_suppression_padded and the decoders of KerasHub "
        "and KerasCV do, export the model with its boxes and scores before that, or with "
        "tf.image.combined_non_max_suppression: the robot suppresses. Otherwise compute the same "
        "without them, or end the exported signature before them"
    )


def loops_of(operators: Container[str]) -> list[str]:
    """Return those of TensorFlow's operators of loops and branches that are among ``operators``."""
    return [operator for operator in (*CONTROL_FLOW, *_OF_FRAMES) if operator in operators]
