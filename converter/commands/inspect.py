"""`inspect`: what is in a SavedModel, and whether it can be converted."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, Optional, Tuple

from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import (
    count_operators,
    export_network,
    read_source,
    recognise_head,
    resolve_pixels,
    run_on_images,
)
from converter.compatibility.refusals import Refusal, find_bundle_refusals
from converter.conversion import Source
from converter.errors import ExportError, HeadError, SavedModelError
from converter.export.request_answer import ExportAnswer
from converter.heads.evidence import Recognised
from converter.inputs.dataset import load_dataset, read_labels
from converter.inputs.saved_model import SavedModel, read_saved_model
from converter.inputs.tensor import Tensor
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import Fitting


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
        problem: what stops a conversion.
    """

    saved_model: SavedModel
    source: Optional[Source] = None
    answer: Optional[ExportAnswer] = None
    outputs: Tuple[Tensor, ...] = ()
    operators: Optional[Dict[str, int]] = None
    refusals: Tuple[Refusal, ...] = ()
    recognised: Optional[Recognised] = None
    problem: str = ""


def inspect(options: SourceOptions, progress: Progress) -> Inspection:
    """Read, export and look at the outputs on synthetic images, as far as that goes.

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
            return Inspection(saved_model, source, problem=str(error))
        found = Inspection(
            saved_model,
            source,
            exported.answer,
            network.outputs,
            count_operators(network.model),
            find_bundle_refusals(network.model),
        )
        dataset = load_dataset(None, None, labels, 0)
        try:
            pixels = resolve_pixels(source, network, options)
            count = len(labels) if labels else None
            seen = run_on_images(network, pixels, dataset, Fitting())
            answer = replace(exported.answer, notes=())  # they are printed anyway
            recognised = recognise_head(seen, source, answer, count, options)
        except (HeadError, SavedModelError) as error:
            return Inspection(**{**vars(found), "problem": str(error)})
        return Inspection(**{**vars(found), "recognised": recognised})
