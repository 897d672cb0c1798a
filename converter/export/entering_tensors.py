"""The boxes and scores through which alone outputs depend on the layers of a network.

A suppression may be written in any way: as loops, or as a ``NonMaxSuppression`` on the best score
of each box whose class goes another way. Whatever it is, all that it knows of the image are the
boxes of all anchors and the scores of their classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from converter.export.behind_layers import (
    LAYERS,
    behind_layers,
    has_layers_behind,
    open_session,
    zeros_of_inputs,
)
from converter.export.graph_view import LOOPS, GraphView, canonical, node_of
from converter.export.provenance import Shape, Sources, twins
from converter.export.suppression_inputs import SuppressionInput
from converter.export.suppression_nodes import COMBINED, PER_CLASS
from converter.inputs.quiet_tensorflow import tensorflow

# What follows one of these has been chosen already.
_CHOOSING = (*LOOPS, "LoopCond", "Enter", COMBINED, *PER_CLASS)
_SORTING = ("TopK", "TopKV2")
_COMPARING = ("ArgMax", "Max", "Where", *_SORTING, *_CHOOSING)
_FLOATS = ("float16", "bfloat16", "float32", "float64")
PAIRS_TRIED = 40  # of boxes and scores, the nearest to the outputs first


@dataclass(frozen=True)
class Entering:
    """What enters a suppression."""

    boxes: SuppressionInput
    scores: SuppressionInput


def may_choose(view: GraphView, outputs: Mapping[str, str]) -> bool:
    """Whether something behind the last layers may choose among boxes; boxes and scores are at
    least two outputs."""
    layers = [node.name for node in view.graph_def.node if node.op in LAYERS]
    behind = view.ancestors(outputs.values(), layers)
    return len(outputs) > 1 and any(view.nodes[name].op in _COMPARING for name in behind)


def chosen_outputs(view: GraphView, outputs: Mapping[str, str]) -> dict[str, str]:
    """The outputs behind loops and suppressions, where there are any; all of them otherwise."""
    ends = view.ancestors(outputs.values())
    choosing = [
        name
        for name in ends
        if view.nodes[name].op in _CHOOSING and not has_layers_behind(view, name)
    ]
    chosen = view.descendants(choosing)
    found = {name: tensor for name, tensor in outputs.items() if node_of(tensor) in chosen}
    return found or dict(outputs)


def entering_pairs(view: GraphView, graph: Any, outputs: Mapping[str, str]) -> Iterator[Entering]:
    """Boxes and scores of the same anchors, so that ``outputs`` depend on no layer in another way
    than through them, the nearest to the outputs first: the scores still have all classes then.
    Where there are four classes, boxes and scores are exchanged in some of the pairs.

    Args:
        graph: ``view`` in TensorFlow.
    """
    candidates = _candidates(view, graph, outputs.values())
    sources = Sources(view, _shapes_of_one_image(view, graph, candidates))
    boxes = [found for tensor in candidates if (found := sources.boxes(tensor))]
    all_boxes = {node_of(one.tensor) for one in boxes}
    pairs = 0
    for anchors, tensor in _scores_first(sources, candidates, {one.anchors for one in boxes}):
        scores = sources.scores(tensor, anchors)
        stop = nodes_alike(view, tensor)
        if scores is None or behind_layers(view, outputs.values(), stop | all_boxes):
            continue
        for one in boxes:
            if one.anchors == anchors and _fit(view, one, scores, outputs.values()):
                yield Entering(one, scores)
                pairs += 1
                if pairs == PAIRS_TRIED:
                    return


def _scores_first(
    sources: Sources, candidates: Iterable[str], counts: set[int]
) -> Iterator[tuple[int, str]]:
    for tensor in candidates:
        for anchors in sorted(counts):
            if anchors in (sources.shape(tensor) or ()):
                yield anchors, tensor


def _fit(
    view: GraphView, boxes: SuppressionInput, scores: SuppressionInput, outputs: Iterable[str]
) -> bool:
    """Whether the outputs depend on both, and on nothing else, and neither on the other."""
    of_boxes, of_scores = (nodes_alike(view, one.tensor) for one in (boxes, scores))
    return (
        not of_boxes & of_scores
        and not of_scores & view.ancestors([boxes.tensor])
        and not of_boxes & view.ancestors([scores.tensor])
        and not behind_layers(view, outputs, of_boxes | of_scores)
    )


def nodes_alike(view: GraphView, tensor: str) -> set[str]:
    """The node of a tensor, and those that give the same, see ``twins``."""
    return {node_of(one) for one in (tensor, *twins(view, tensor))}


def _candidates(view: GraphView, graph: Any, outputs: Iterable[str]) -> list[str]:
    """The tensors of numbers behind the last layers, of all boxes still, the nearest to the
    outputs first; those that have been sorted come last."""
    layers = {node.name for node in view.graph_def.node if node.op in LAYERS}
    region = view.ancestors(outputs, layers)
    region &= view.descendants(layers)
    region -= view.descendants(name for name in region if view.nodes[name].op in _CHOOSING)
    is_sorted = view.descendants(name for name in region if view.nodes[name].op in _SORTING)
    found = [
        tensor.name
        for name in region
        for tensor in graph.get_operation_by_name(name).outputs
        if tensor.dtype.name in _FLOATS and tensor.shape.rank in (None, 1, 2, 3, 4)
    ]
    behind = {name: len(view.descendants([name])) for name in map(node_of, found)}
    return sorted(
        map(canonical, found),
        key=lambda tensor: (node_of(tensor) in is_sorted, behind[node_of(tensor)], tensor),
    )


def _shapes_of_one_image(
    view: GraphView, graph: Any, tensors: list[str]
) -> Mapping[str, Shape | None]:
    """The shapes that the tensors have for one image, where TensorFlow does not know them."""
    shapes = {name: graph.get_tensor_by_name(name).shape for name in tensors}
    known = {
        name: tuple(shape.as_list()) for name, shape in shapes.items() if shape.is_fully_defined()
    }
    open_ones = [name for name in tensors if name not in known]
    return {**known, **_run_for_shapes(view, graph, open_ones)}


def _run_for_shapes(view: GraphView, graph: Any, tensors: list[str]) -> Mapping[str, Shape | None]:
    if not tensors:
        return {}
    given = zeros_of_inputs(graph, view.ancestors(tensors))
    try:
        with open_session(graph) as session:
            values = session.run(tensors, given)
    except (tensorflow().errors.OpError, ValueError, TypeError):
        return {}  # it needs more than an image
    return {name: value.shape for name, value in zip(tensors, values, strict=True)}
