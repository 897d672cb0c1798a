"""Cut a non-maximum suppression out of the graph: the robot does it, with thresholds that live.

What is looked for are the boxes of all anchors and the scores of all their classes. They enter
one ``CombinedNonMaxSuppression``, or, in older exports, a ``NonMaxSuppression`` for each class,
often inside a loop over the images of a batch. Anything else that suppresses, as loops do, is known
by what it does. Columns of the scores that the suppression does not use, such as that of a
background, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from converter.export.behind_layers import behind_layers, has_layers_behind
from converter.export.cut_any_suppression import cut_any_suppression
from converter.export.cut_at_entering import Cut, cut_at
from converter.export.entering_tensors import Entering, may_choose, nodes_alike
from converter.export.graph_view import LOOPS, GraphView, canonical
from converter.export.loop_bodies import LoopBody
from converter.export.probe_suppression import SuppressionProbe
from converter.export.provenance import Sources, imported, shapes_of
from converter.export.suppression_inputs import SuppressionInput
from converter.export.suppression_nodes import (
    COMBINED,
    PER_CLASS,
    FoundSuppression,
    constant_thresholds,
)


def cut_suppression(view: GraphView, outputs: Mapping[str, str]) -> Cut | None:
    """Replace the outputs that come from a suppression by what enters it.

    Returns:
        None where there is no suppression, or where what enters it, or which of it is used,
        cannot be determined: then the graph is not changed.
    """
    places = _places(view, outputs)
    if not places and not may_choose(view, outputs):
        return None
    graph = imported(view)
    sources = Sources(view, shapes_of(graph))
    cut = _cut_nodes(view, graph, sources, places, outputs) if places else None
    if cut is None:
        known = constant_thresholds(sources, places) if places else None
        cut = cut_any_suppression(view, graph, known, outputs)
    if cut is None:
        return None
    kept = {name: tensor for name, tensor in outputs.items() if name not in cut.replaced}
    return replace(cut, outputs={**kept, **cut.outputs})


def _cut_nodes(
    view: GraphView,
    graph: Any,
    sources: Sources,
    places: Sequence[FoundSuppression],
    outputs: Mapping[str, str],
) -> Cut | None:
    """Cut at what enters the nodes of suppressions."""
    found = _combined(sources, places) or _per_class(sources, places)
    if found is None:
        return None
    ends = {place.top for place in places}
    replaced = {name: tensor for name, tensor in outputs.items() if ends & view.ancestors([tensor])}
    numbers = [tensor for tensor in replaced.values() if _may_be_numbers(sources.shape(tensor))]
    if found.scores.columns == 1 and _takes_more(view, numbers, found):
        return None
    known = constant_thresholds(sources, places)
    probe = SuppressionProbe(view, graph, found.boxes, found.scores, replaced)
    probed = probe.find(known.score_threshold)
    if probed is None:
        return None
    return cut_at(view, graph, found, probed, known, replaced)


def _places(view: GraphView, outputs: Mapping[str, str]) -> list[FoundSuppression]:
    """All suppressions that end the network."""
    needed = view.ancestors(outputs.values())
    found = []
    for node in view.graph_def.node:
        if node.name not in needed:
            continue
        if node.op in (COMBINED, *PER_CLASS):
            found.append(FoundSuppression(node, view, node.name, None))
        elif node.op in LOOPS:
            body = LoopBody(view, node)
            found += [
                FoundSuppression(inner, body.view, node.name, body)
                for inner in body.view.graph_def.node
                if inner.op in (COMBINED, *PER_CLASS)
            ]
    return [place for place in found if not has_layers_behind(view, place.top)]


def _takes_more(view: GraphView, replaced: Iterable[str], found: Entering) -> bool:
    """Whether the outputs tell more about the image than boxes and scores do: where the best class
    is chosen before the suppression, its number goes another way."""
    entering = (nodes_alike(view, one.tensor) for one in (found.boxes, found.scores))
    return behind_layers(view, replaced, set().union(*entering))


def _may_be_numbers(shape: Any) -> bool:
    """Whether an output may have one number for each box; landmarks of a face have several."""
    return shape is None or len(shape) < 3 or shape[-1] in (-1, 1)


def _combined(sources: Sources, places: Sequence[FoundSuppression]) -> Entering | None:
    if len(places) != 1 or places[0].node.op != COMBINED or places[0].body is not None:
        return None
    boxes, scores = (canonical(tensor) for tensor in places[0].node.input[:2])
    found = sources.boxes(boxes)  # four axes: None where each class has boxes of its own
    given = found and sources.scores(scores, found.anchors)
    return Entering(found, given) if found and given else None


def _per_class(sources: Sources, places: Sequence[FoundSuppression]) -> Entering | None:
    """The nearest tensors that the suppressions of all classes have in common."""
    if any(place.node.op == COMBINED for place in places):
        return None
    of_boxes, of_scores = (
        [sources.chain(place, place.node.input[number]) for place in places] for number in (0, 1)
    )
    boxes = _first_common(of_boxes, sources.boxes)
    if boxes is None:
        return None
    anchors = boxes.anchors
    scores = _first_common(of_scores, lambda tensor: sources.scores(tensor, anchors))
    return None if scores is None else Entering(boxes, scores)


def _first_common(
    chains: Sequence[Sequence[str]], usable: Callable[[str], SuppressionInput | None]
) -> SuppressionInput | None:
    """The first tensor of all chains that ``usable`` takes."""
    for tensor in chains[0]:
        if all(tensor in chain for chain in chains):
            result = usable(tensor)
            if result is not None:
                return result
    return None
