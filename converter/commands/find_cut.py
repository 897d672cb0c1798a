"""`inspect`: where a model can be cut so that what comes before is taken by some TensorRT."""

from dataclasses import dataclass
from typing import AbstractSet, Iterator, NamedTuple, Optional, Sequence, Tuple

from converter.commands.choose_labels import Labels
from converter.commands.convert_options import SourceOptions
from converter.commands.cut_trials import CutTrials, Tensors
from converter.compatibility.python_names import name_in_python
from converter.compatibility.refusals import Refusal
from converter.conversion import Source
from converter.cuts.cut_graph import CutGraph
from converter.cuts.refused_nodes import RefusedNode, refused_nodes
from converter.cuts.written_as import WrittenAs
from converter.errors import ExportError, HeadError, SavedModelError
from converter.export.inner_tensors import InnerTensors
from converter.export.request_answer import Unsupported
from converter.heads.evidence import Recognised
from converter.inputs.tensor import Tensor
from trt_inference.bundles.names import DETECTION

# Each trial is an export of its own.
_MOST_TRIALS, _MOST_ROUNDS = 4, 4
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
    """

    refused: Tuple[RefusedNode, ...]
    outputs: Tuple[Tensor, ...] = ()
    recognised: Optional[Recognised] = None
    rest: Tuple[str, ...] = ()
    layers_after: int = 0


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
    latest = graph.ordered(graph.latest())
    if not graph.is_behind_layers(latest):
        return CutFound(nodes)
    for cut in _readable(trials, graph):
        trial = trials.try_to_end_at(cut)
        if trial.refused:
            return trial.refused
        if trial.recognised is not None and _is_of_scores(trial.recognised, graph, cut):
            return _described(nodes, trials, graph, cut, trial.recognised)
    trial = trials.try_to_end_at(latest)
    if not trial.is_exported:
        return CutFound(nodes)
    return trial.refused or _described(nodes, trials, graph, latest, None)


def _readable(trials: CutTrials, graph: CutGraph) -> Iterator[Tensors]:
    """Cuts whose tensors a head reads at first sight. All are exported at once for that."""
    cuts = [graph.ordered(cut) for cut in graph.cuts() if graph.is_behind_layers(cut)]
    clean = graph.ordered(graph.clean_outputs)
    wanted = [*cuts, *([clean] if clean else [])]
    if not wanted:
        return
    try:
        looked = trials.look_at(wanted)
    except (ExportError, HeadError, SavedModelError):
        return
    readable = (cut for cut in wanted if looked.is_read(cut))
    for _, cut in zip(range(_MOST_TRIALS), readable):
        yield cut


def _is_of_scores(recognised: Recognised, graph: CutGraph, cut: Tensors) -> bool:
    """Whether what is taken for scores of classes is not taken apart afterwards, as the numbers of
    a detector are."""
    return recognised.head.task == DETECTION or not graph.are_taken_apart(cut)


def _described(
    nodes: Tuple[RefusedNode, ...],
    trials: CutTrials,
    graph: CutGraph,
    cut: Tensors,
    recognised: Optional[Recognised],
) -> CutFound:
    return CutFound(
        nodes,
        tuple(map(trials.describe, cut)),
        recognised,
        _in_python(trials, graph.after(cut)),
        len(graph.layers_after(cut)),
    )


def _in_python(trials: CutTrials, names: Sequence[str]) -> Tuple[str, ...]:
    """Functions of Python, or operators where these are not known, each once."""
    nodes = trials.inside.view.nodes
    found = [
        name_in_python(nodes[name].op, name.split("/")[:-1]) or nodes[name].op
        for name in names
        if nodes[name].op not in _QUIET
    ]
    return tuple(dict.fromkeys(found))
