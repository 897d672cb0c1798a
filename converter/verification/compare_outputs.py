"""Compare the outputs of the network in TensorFlow with those in ONNX, for one image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.comparison.agreement import TensorParity, tensor_parity
from converter.comparison.base import Choice, Parity
from converter.comparison.compare_sets import RowPairs, Undecided, box_rows, compare_sets
from converter.comparison.tolerance import Tolerance
from converter.export.exported_network import Network
from converter.heads.base import Head
from converter.onnx_tools.edit import all_nodes
from converter.verification.tensorflow_reference import Values
from trt_inference.bundles.names import DETECTION


def choice_of(network: Network, head: Head) -> Choice:
    """How a network chooses its boxes, by its operators.

    Boxes that need no suppression are the best of more. A suppression inside chooses by overlaps,
    and a network that ranks boxes which still need one, by scores that it does not give.
    """
    operators = {node.op_type for node in all_nodes(network.model.graph)}
    ranks_first = head.needs_nms and "TopK" in operators
    return Choice(head.needs_nms, "NonMaxSuppression" in operators or ranks_first)


def compare_outputs(
    head: Head, wanted: Values, given: Values, tolerance: Tolerance, choice: Choice
) -> Parity:
    """Compare the outputs that a head reads: place by place, and as sets of rows where boxes are
    not at the same places, because the network ranks them and rounding exchanges equal scores.

    Args:
        wanted: outputs by name, of TensorFlow.
        given: the same of the exported network.
        choice: how the network has chosen its boxes.
    """
    parities = tuple(tensor_parity(name, wanted[name], given[name]) for name in head.inputs)
    if head.task != DETECTION or all(one.is_within(tolerance) for one in parities):
        return Parity(parities)
    axes = {name: row_axis(wanted[name], head.anchors) for name in head.inputs}
    if not any(axes.values()) or not all(np.isfinite(one.max_abs) for one in parities):
        return Parity(parities)
    is_cut = not choice.is_whole
    pairs = compare_sets(
        box_rows(_one_image(head.decode(wanted))),
        box_rows(_one_image(head.decode(given))),
        tolerance,
        Undecided(is_cut, is_cut, choice.is_hidden),
    )
    return Parity(
        tuple(_paired(one, wanted, given, axes[one.name], pairs) for one in parities),
        pairs.agreement,
    )


def row_axis(values: np.ndarray, rows: int) -> int | None:
    """The axis of an output of one image along which its rows are; None where it has none, as a
    count of detections or a level of several."""
    axes = [axis for axis in range(1, values.ndim) if values.shape[axis] == rows]
    return axes[0] if axes else None


def _paired(
    parity: TensorParity, wanted: Values, given: Values, axis: int | None, pairs: RowPairs
) -> TensorParity:
    """The parity of one output with each row beside the one that it was paired with."""
    name = parity.name
    if axis is None:  # a count is judged by the rows that it lets through
        return TensorParity(name, 0.0, parity.magnitude, 1.0)
    rows = np.take(wanted[name], pairs.rows, axis), np.take(given[name], pairs.columns, axis)
    return replace(tensor_parity(name, *rows), magnitude=parity.magnitude)


def _one_image(outputs: Values) -> dict[str, np.ndarray]:
    return {name: value[0] for name, value in outputs.items()}
