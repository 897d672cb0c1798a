"""`inspect`: where a model can be cut so that what comes before is taken by some TensorRT."""

from dataclasses import dataclass, replace
from typing import AbstractSet, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from converter.commands.choose_labels import Labels
from converter.commands.convert_options import SourceOptions
from converter.commands.cut_trials import CutAt, CutTrials
from converter.compatibility.python_names import name_in_python
from converter.compatibility.refusals import Refusal
from converter.conversion import Source
from converter.cuts.changed_after import changed_scores, moved_boxes
from converter.cuts.cut_graph import CutGraph
from converter.cuts.last_axis import are_taken_apart
from converter.cuts.refused_nodes import RefusedNode, refused_nodes
from converter.cuts.written_as import WrittenAs
from converter.errors import ExportError, HeadError, SavedModelError
from converter.export.inner_tensors import InnerTensors
from converter.export.request_answer import Unsupported
from converter.heads.evidence import Recognised
from converter.inputs.tensor import Tensor
from trt_inference.bundles.names import DETECTION, SEGMENTATION

# Each trial is an export of its own.
_MOST_TRIALS, _MOST_ROUNDS = 4, 4
# Loops and branches, as functions and as TensorFlow 1 writes them.
_WITH_BODIES = ("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase", "Switch")
# What computes nothing that a user has written.
_QUIET = ("Identity", "IdentityN", "StopGradient", "NoOp", "Const", "Cast", "ReadVariableOp")


class Stopped(NamedTuple):
    """What stops a model: what is refused of its network by these versions of TensorRT, or what of
    it cannot be expressed in ONNX at all."""

    refusals: Tuple[Refusal, ...]
    unsupported: Tuple[Unsupported, ...]
    versions: Tuple[str, ...]


@dataclass(frozen=True)
class CutFound:
    """Where a model can be cut.

    Attributes:
        refused: what is in the way.
        outputs: the tensors at which it can be cut, by the names that ``--outputs`` takes; none
            where the image gets to what is refused without a layer of the network between.
        recognised: the head that reads them; None where none does.
        rest: what comes after the cut, in the words of Python, each once.
        layers_after: how many nodes with weights come after it.
        not_followed: where the model may change scores or boxes after the cut without that being
            seen; empty where the whole way to its outputs was looked at.
        in_doubt: of no head that surely reads it, a cut into what seem to be boxes or scores, and
            why these are not read, or not as the model does.
    """

    refused: Tuple[RefusedNode, ...]
    outputs: Tuple[Tensor, ...] = ()
    recognised: Optional[Recognised] = None
    rest: Tuple[str, ...] = ()
    layers_after: int = 0
    not_followed: str = ""
    in_doubt: Optional[Tuple[Tuple[Tensor, ...], str]] = None


def find_cut(
    source: Source, options: SourceOptions, given: Sequence[str], stopped: Stopped
) -> Optional[CutFound]:
    """Find the latest tensors before all that is refused: those that a head reads, where there are
    any. They were exported, and what comes before is taken.

    Args:
        given: names of the classes by the user.

    Returns:
        None where it is not known which nodes of TensorFlow's graph are meant.
    """
    saved_model = source.saved_model
    inside = InnerTensors(saved_model, saved_model.signatures[source.signature.name])
    labels = Labels(tuple(given), source.files)
    trials = CutTrials(source, options, labels, inside, stopped.versions)
    nodes = refused_nodes(
        inside.view, stopped.refusals, stopped.unsupported, WrittenAs(saved_model.path)
    )
    names = frozenset(node.name for node in nodes)
    for _ in range(_MOST_ROUNDS if nodes else 0):
        found = _find(nodes, trials, _graph(trials, names))
        if isinstance(found, CutFound):
            return found
        if found <= names:
            return None
        names |= found  # refused only where the network ends before what was refused first
    return None


def _graph(trials: CutTrials, refused: AbstractSet[str]) -> CutGraph:
    source = trials.source
    inputs = {tensor.name: tensor.graph_name for tensor in source.signature.inputs}
    outputs = [tensor.graph_name for tensor in source.signature.outputs]
    return CutGraph(trials.inside, inputs[source.image.name], outputs, refused)


def _find(
    nodes: Tuple[RefusedNode, ...], trials: CutTrials, graph: CutGraph
) -> "CutFound | AbstractSet[str]":
    """The cut, or nodes before it that are refused too."""
    latest = CutAt(graph.ordered(graph.latest()))
    if not graph.is_behind_layers(latest.tensors):
        return CutFound(nodes)
    looked = _look(trials, graph)
    in_doubt = looked.in_doubt
    for cut in looked.readable:
        trial = trials.try_to_end_at(cut)
        if trial.refused:
            return trial.refused
        if trial.recognised is None or not _is_of_scores(trial.recognised, graph, cut):
            continue
        changing = _changing(trial.recognised, graph, cut)
        if not changing:
            return _described(nodes, trials, graph, cut, trial.recognised)
        in_doubt = in_doubt or (trials.outputs(cut), _not_its_own(trials, changing))
    trial = trials.try_to_end_at(latest)
    if not trial.is_exported:
        return CutFound(nodes)
    found = _described(nodes, trials, graph, latest, None)
    return trial.refused or replace(found, in_doubt=in_doubt)


class _Looked(NamedTuple):
    """Cuts whose tensors a head reads at first sight, and the one that it nearly does."""

    readable: Tuple[CutAt, ...] = ()
    in_doubt: Optional[Tuple[Tuple[Tensor, ...], str]] = None


def _look(trials: CutTrials, graph: CutGraph) -> _Looked:
    """Export the tensors of all cuts at once, and try to read them."""
    cuts = [CutAt(graph.ordered(cut)) for cut in graph.cuts() if graph.is_behind_layers(cut)]
    if graph.clean_outputs:
        cuts.append(CutAt(graph.ordered(graph.clean_outputs)))
    if not cuts:
        return _Looked()
    try:
        looked = trials.look_at(cuts)
    except (ExportError, HeadError, SavedModelError):
        return _Looked()
    readable, in_doubt = [], None
    for cut in [named for one in cuts for named in (one, *_with_names(graph, one))]:
        reason = looked.reason_against(cut)
        if not reason:
            readable.append(cut)
        elif cut.names:
            ask = f"{reason}. Inspect the model again with that option"
            in_doubt = in_doubt or (trials.outputs(cut), ask)
        if len(readable) == _MOST_TRIALS:
            break
    return _Looked(tuple(readable), in_doubt)


def _with_names(graph: CutGraph, cut: CutAt) -> Iterator[CutAt]:
    """The cut with names that show which of two tensors has the scores, where only one of them is
    treated as such: where there are four classes, the shapes do not show it."""
    ranked = [graph.is_ranked(tensor) for tensor in cut.tensors]
    if len(ranked) == 2 and any(ranked) and not all(ranked):
        yield CutAt(cut.tensors, tuple("scores" if one else "boxes" for one in ranked))


def _is_of_scores(recognised: Recognised, graph: CutGraph, cut: CutAt) -> bool:
    """Whether what is taken for scores of classes is not taken apart afterwards, as the numbers of
    a detector are."""
    return recognised.head.task == DETECTION or not are_taken_apart(graph, cut.tensors)


def _changing(recognised: Recognised, graph: CutGraph, cut: CutAt) -> List[str]:
    """The nodes after a cut by which the model's own scores or boxes differ from those that the
    robot reads. One tensor of boxes and scores together is not followed."""
    description = recognised.head.description
    if recognised.head.task == DETECTION and len(cut.tensors) == 1:
        return []
    if recognised.head.task == SEGMENTATION:
        description += " sigmoid softmax"  # the greatest stays the greatest
    ranked = [tensor for tensor in cut.tensors if graph.is_ranked(tensor)]
    scores = ranked if recognised.head.task == DETECTION else cut.tensors
    found = [name for one in scores for name in changed_scores(graph, one, description)]
    if recognised.head.task == DETECTION and len(cut.tensors) == 2:
        found += [
            name for one in cut.tensors if one not in ranked for name in moved_boxes(graph, one)
        ]
    return found


def _not_its_own(trials: CutTrials, changing: Sequence[str]) -> str:
    return (
        f"the model goes on to compute with that: {', '.join(_in_python(trials, changing))}. The "
        "robot does not, so that its results may be others than the model's. Do that before the "
        "operator in the way, or convert so where you know that it does no harm"
    )


def _described(
    nodes: Tuple[RefusedNode, ...],
    trials: CutTrials,
    graph: CutGraph,
    cut: CutAt,
    recognised: Optional[Recognised],
) -> CutFound:
    return CutFound(
        nodes,
        trials.outputs(cut),
        recognised,
        _in_python(trials, graph.after(cut.tensors)),
        len(graph.layers_after(cut.tensors)),
        "" if recognised is None else _not_followed(trials, graph, cut, recognised),
    )


def _not_followed(trials: CutTrials, graph: CutGraph, cut: CutAt, recognised: Recognised) -> str:
    """What `_changing` does not look into."""
    nodes = trials.inside.view.nodes
    places = []
    if recognised.head.task == DETECTION and len(cut.tensors) == 1:
        places.append("with the columns of its one tensor")
    if any(nodes[name].op in _WITH_BODIES for name in graph.after(cut.tensors)):
        places.append("in loops and branches")
    return " and ".join(places)


def _in_python(trials: CutTrials, names: Sequence[str]) -> Tuple[str, ...]:
    """Functions of Python, or operators where these are not known, each once."""
    nodes = trials.inside.view.nodes
    found = [
        name_in_python(nodes[name].op, name.split("/")[:-1]) or nodes[name].op
        for name in names
        if nodes[name].op not in _QUIET
    ]
    return tuple(dict.fromkeys(found))
