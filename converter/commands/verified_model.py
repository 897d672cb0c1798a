"""Write the model of a bundle with as many candidates as lose nothing, and verify it as a robot
loads it."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Container, Dict, NamedTuple, Tuple

import onnx

from converter.bundle.write_bundle import write_manifest
from converter.commands import describe_bundle
from converter.commands.convert_options import ConvertOptions
from converter.compatibility.refusals import Refusal, find_bundle_refusals
from converter.compatibility.tensorflow_operators import UNRELIABLE
from converter.conversion import Prepared
from converter.errors import ParityError, RoundingError, SuppressionError
from converter.export.loop_remedy import loop_remedy, loops_of
from converter.inputs.dataset import Dataset
from converter.inputs.pixels import pixels_hint
from converter.stages.assemble import assemble
from converter.terminal.progress import Progress
from converter.verification.beyond_range import first_beyond_range
from converter.verification.check_parity import REPORT_IT, check
from converter.verification.choose_candidates import (
    USUAL_CANDIDATES,
    CandidateChoice,
    choose_candidates,
)
from converter.verification.first_difference import first_difference
from converter.verification.source_model import SourceModel
from converter.verification.verification_results import Verification
from converter.verification.verify import verify
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.precisions import FP32
from trt_inference.inference.detector import Detector


class VerifiedModel(NamedTuple):
    """What was written: the manifest's content, the model, what some
    TensorRT refuses of it, and what was measured of it."""

    content: Dict[str, Any]
    model: onnx.ModelProto
    refusals: Tuple[Refusal, ...]
    verification: Verification


class ModelWriter(NamedTuple):
    """What a model is made from, and the folder that it is written into."""

    options: ConvertOptions
    prepared: Prepared
    source: SourceModel
    dataset: Dataset
    folder: Path
    progress: Progress

    def write(self) -> VerifiedModel:
        """Write a model with the candidates that the user wants. Where that is left open, they are
        ``USUAL_CANDIDATES``, or more if these lose detections in the user's images.

        Raises:
            ParityError: the bundle and TensorFlow do not agree.
        """
        wanted = self.options.candidates
        first = self._write(wanted or USUAL_CANDIDATES)
        found = first.verification.count
        if found is None:
            return first
        bundle = load_bundle(self.folder)
        chosen = found.candidates
        if wanted is None and found.lost and not self.dataset.synthetic:
            chosen = choose_candidates(found, lambda count: found.seconds(bundle, count))
        seconds = found.seconds(bundle, chosen)
        if chosen == found.candidates:
            return _chosen(first, CandidateChoice(None, seconds, wanted is not None))
        self.progress.note(
            f"{found.candidates} candidates lose {found.lost} detections: {chosen} are tried"
        )
        return _chosen(self._write(chosen), CandidateChoice(found, seconds))

    def _write(self, candidates: int) -> VerifiedModel:
        prepared, folder = self.prepared, self.folder
        network, head = prepared.network, prepared.recognised.head
        with self.progress.step("graft the input and output stages"):
            model = assemble(network, prepared.pixels, head, candidates)
        for file in folder.iterdir():  # of fewer candidates: weights would be added to them
            file.unlink()
        content = describe_bundle.describe(self.options, prepared, candidates)
        content.update(
            describe_bundle.write_model_files(
                folder, model, network.folder, head.task, prepared.labels
            )
        )
        refusals = find_bundle_refusals(model)
        content["source"]["operators"] = describe_bundle.operator_remedies(model, refusals)
        write_manifest(folder, content)
        with Detector.open(load_bundle(folder), "onnxruntime", FP32) as detector:
            verification = verify(self.source, detector, self.dataset, self.progress.track)
        operators = prepared.exported.answer.operators
        hint = pixels_hint(prepared.pixels) if prepared.preprocessing.assumes_pixels else ""
        _check(verification, self.source, self.dataset, operators, hint)
        return VerifiedModel(content, model, refusals, verification)


def _chosen(written: VerifiedModel, choice: CandidateChoice) -> VerifiedModel:
    return written._replace(verification=replace(written.verification, choice=choice))


def _check(
    verification: Verification,
    source: SourceModel,
    dataset: Dataset,
    operators: Container[str],
    hint: str,
) -> None:
    """Accept what was measured, or report where the two models begin to differ.

    Args:
        operators: operators of the TensorFlow graph.
        hint: what to look at first, where no better cause is known.

    Raises:
        ParityError: they do not agree.
    """
    try:
        check(verification)
    except RoundingError as error:
        raise RoundingError(f"{error}\n{first_beyond_range(source, dataset.samples)}") from error
    except ParityError as error:
        text, loops = str(error), loops_of(operators)
        if loops and REPORT_IT in text:  # a suppression is not for a network
            text = f"{text.replace(f', {REPORT_IT}', '')}. {loop_remedy(loops)}"
        layer = first_difference(source, dataset.samples[0].read())
        suspects = [
            f"the graph has {operator}, which tf2onnx converts inexactly: {remedy}"
            for operator, remedy in UNRELIABLE.items()
            if operator in operators
        ]
        if suspects:  # then the cause is known
            text = text.replace(f", {REPORT_IT}", "")
        elif hint and not isinstance(error, SuppressionError):
            suspects = [f"{hint}."]
        raise type(error)("\n".join([*suspects, text, layer])) from error
