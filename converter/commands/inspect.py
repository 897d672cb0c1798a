"""`inspect`: what is in a SavedModel, and whether it can be converted."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, Optional, Sequence, Tuple

from converter.commands.choose_labels import Labels
from converter.commands.choose_preprocessing import choose_preprocessing
from converter.commands.convert_options import FittingOptions, SourceOptions
from converter.commands.find_cut import CutFound, Stopped, find_cut
from converter.commands.output_reader import OutputReader
from converter.commands.prepare import (
    count_operators,
    export_network,
    read_source,
)
from converter.compatibility.refusals import Refusal, find_bundle_refusals
from converter.conversion import Source
from converter.errors import ExportError, HeadError, SavedModelError
from converter.export.export import Export
from converter.export.exported_network import Network
from converter.export.request_answer import ExportAnswer, Unsupported
from converter.export.unsupported import UnsupportedError
from converter.heads.evidence import Recognised
from converter.inputs.dataset import load_dataset, read_labels
from converter.inputs.finding import Finding
from converter.inputs.saved_model import SavedModel, read_saved_model
from converter.inputs.tensor import Tensor
from converter.terminal.progress import Progress


@dataclass(frozen=True)
class Inspection:
    """What was found; the rest is None or empty, and ``problem`` gives the reason.

    Attributes:
        saved_model: its signatures.
        source: the signature that would be converted, and its image.
        answer: what the process of the export reported.
        outputs: outputs of the exported network.
        operators: operators of the exported network, with counts.
        refusals: what some versions of TensorRT do not take of the model.
        recognised: the head that would be chosen.
        findings: what was found out about pictures and classes, or would have to be assumed.
        problem: what stops a conversion.
        cut: where the model can be cut before what is refused; None where nothing is, or the way
            from the network to the SavedModel is not known.
    """

    saved_model: SavedModel
    source: Optional[Source] = None
    answer: Optional[ExportAnswer] = None
    outputs: Tuple[Tensor, ...] = ()
    operators: Optional[Dict[str, int]] = None
    refusals: Tuple[Refusal, ...] = ()
    recognised: Optional[Recognised] = None
    findings: Tuple[Finding, ...] = ()
    problem: str = ""
    cut: Optional[CutFound] = None


def inspect(options: SourceOptions, progress: Progress, versions: Sequence[str]) -> Inspection:
    """Read, export and look at the outputs on synthetic images, as far as that goes.

    Args:
        versions: of TensorRT, which are to take what comes before a cut.

    Raises:
        SavedModelError: the folder holds no SavedModel with signatures.
        DatasetError: the labels file cannot be read.
    """
    saved_model = read_saved_model(options.saved_model, options.tag)
    labels = read_labels(options.labels)
    try:
        source = read_source(options)
    except (HeadError, SavedModelError) as error:
        return Inspection(saved_model, problem=str(error))
    with tempfile.TemporaryDirectory() as scratch:
        try:
            with progress.step("export to ONNX"):
                exported, network = export_network(source, options, Path(scratch))
        except ExportError as error:
            found = Inspection(saved_model, source, problem=str(error))
            unsupported = error.nodes if isinstance(error, UnsupportedError) else ()
            return _with_cut(found, options, labels, unsupported, versions, progress)
        found = Inspection(
            saved_model,
            source,
            exported.answer,
            network.outputs,
            count_operators(network.model),
            find_bundle_refusals(network.model),
        )
        try:
            found = _with_reading(found, source, exported, network, labels, options)
        except (HeadError, SavedModelError) as error:
            found = replace(found, problem=str(error))
    return _with_cut(found, options, labels, (), versions, progress)


def _with_cut(
    found: Inspection,
    options: SourceOptions,
    labels: Tuple[str, ...],
    unsupported: Tuple[Unsupported, ...],
    versions: Sequence[str],
    progress: Progress,
) -> Inspection:
    """With the place where the model can be cut, if something of it is refused."""
    wanted = tuple(versions)
    refusals = tuple(one for one in found.refusals if set(one.lacking) & set(wanted))
    if found.source is None or not (refusals or unsupported):
        return found
    with progress.step("find where the model can be cut"):
        stopped = Stopped(refusals, unsupported, wanted)
        return replace(found, cut=find_cut(found.source, options, labels, stopped))


def _with_reading(
    found: Inspection,
    source: Source,
    exported: Export,
    network: Network,
    given: Tuple[str, ...],
    options: SourceOptions,
) -> Inspection:
    """With how pictures are prepared and outputs are read, as far as made-up images show it."""
    labels = Labels(given, source.files)
    dataset = load_dataset(None, None, labels.names, 0)
    answer = replace(exported.answer, notes=())  # they are printed anyway
    read = OutputReader(source, network, answer, dataset, labels, options)
    chosen = choose_preprocessing(exported, read, FittingOptions())
    recognised = read(chosen.pixels, chosen.fitting)
    findings = (*chosen.findings, *read.about(recognised.head)[1])
    return replace(found, recognised=recognised, findings=findings)
