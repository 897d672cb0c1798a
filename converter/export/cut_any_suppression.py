"""Cut a suppression that is written in any way, known by what it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from converter.export.cut_at_entering import Cut, cut_at
from converter.export.entering_tensors import chosen_outputs, entering_pairs
from converter.export.graph_view import GraphView
from converter.export.probe_overlaps import AnySuppressionProbe
from converter.export.request_answer import Suppression


def cut_any_suppression(
    view: GraphView, graph: Any, known: Suppression | None, outputs: Mapping[str, str]
) -> Cut | None:
    """Cut at the boxes and scores through which alone outputs depend on the layers, where what is
    behind them suppresses.

    Args:
        graph: ``view`` in TensorFlow.
        known: what the graph has as constants, where it has nodes of suppressions.
    """
    replaced = chosen_outputs(view, outputs)
    known = known or Suppression("loops", None, None)
    for found in entering_pairs(view, graph, replaced):
        probe = AnySuppressionProbe(view, graph, found.boxes, found.scores, replaced)
        probed = probe.find(known.score_threshold)
        if probed is not None:
            return cut_at(view, graph, found, probed, known, replaced)
    return None
