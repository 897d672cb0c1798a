"""Cut a graph at what enters a suppression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from converter.export.entering_tensors import Entering
from converter.export.graph_inputs_outputs import add_output
from converter.export.graph_view import GraphView
from converter.export.probe_suppression import Probed
from converter.export.request_answer import Suppression
from converter.heads.evidence import BOXES_BEFORE_NMS, SCORES_BEFORE_NMS


@dataclass(frozen=True)
class Cut:
    """What was cut out.

    Attributes:
        outputs: those that the graph has now.
        note: a sentence for the user.
        thresholds: of the suppression.
        replaced: names of the outputs that came from it.
    """

    outputs: dict[str, str]
    note: str
    thresholds: Suppression
    replaced: frozenset[str]


def cut_at(
    view: GraphView,
    graph: Any,
    found: Entering,
    probed: Probed,
    known: Suppression,
    replaced: Mapping[str, str],
) -> Cut:
    """Give the graph outputs with what enters.

    Args:
        graph: ``view`` in TensorFlow.
        known: what the graph has as constants.
        replaced: the outputs that come from the suppression.
    """
    suppression = _with_probed(known, probed)
    return Cut(
        _add_outputs(view, graph, found, probed.columns),
        _note(suppression, set(replaced), found.scores.columns),
        suppression,
        frozenset(replaced),
    )


def _add_outputs(
    view: GraphView, graph: Any, found: Entering, columns: Sequence[int]
) -> dict[str, str]:
    """Outputs of the graph with the boxes, and with these columns of the scores."""
    new = {}
    for name, one, kept in (
        (BOXES_BEFORE_NMS, found.boxes, ()),
        (SCORES_BEFORE_NMS, found.scores, columns),
    ):
        dtype = graph.get_tensor_by_name(one.tensor).dtype
        rows = one.rows(view, dtype.as_datatype_enum, kept)
        new[name] = add_output(view.graph_def, name, rows, dtype)
    view.refresh()
    return new


def _with_probed(known: Suppression, probed: Probed) -> Suppression:
    suppression = replace(
        known,
        score_threshold=min(probed.thresholds),
        class_thresholds=probed.thresholds,
        class_numbers=probed.numbers,
        each_class=probed.each_class,
        own=probed.own,
    )
    if probed.overlaps is None:
        return suppression
    iou = probed.overlaps.iou if known.iou_threshold is None else known.iou_threshold
    return replace(suppression, iou_threshold=iou, class_agnostic=probed.overlaps.class_agnostic)


def _note(suppression: Suppression, replaced: set[str], columns: int) -> str:
    known = [
        f"{name} {value:g}"
        for name, value in (
            ("score", suppression.score_threshold),
            ("IoU", suppression.iou_threshold),
        )
        if value
    ]
    frozen = f" (its thresholds were {', '.join(known)})" if known else ""
    classes = len(suppression.class_thresholds)
    unused = (
        f"; it uses {classes} of {columns} columns of the scores, and only these become classes"
        if classes < columns
        else ""
    )
    across = " across classes, as the model does" if suppression.class_agnostic else ""
    if suppression.soft:
        across += (
            " by IoU, while the model lowers scores (Soft-NMS): --keep-suppression leaves it in"
        )
    elif suppression.iou_threshold is None:
        across += " at one IoU threshold for all classes, which --iou-threshold chooses"
    return (
        f"the suppression of overlapping boxes ({suppression.operator}) is cut out{frozen}: its "
        f"boxes and scores replace {', '.join(sorted(replaced))}, and the robot suppresses"
        f"{across}{unused}"
    )
