"""`convert`: compare a bundle with the model that a quantization-aware training has trained."""

import dataclasses
from pathlib import Path
from typing import Optional, Sequence

from converter.bundle.write_bundle import write_manifest
from converter.commands.convert_options import ConvertOptions
from converter.conversion import Prepared
from converter.export.request_answer import FLAT_GRAPH_FILE, TRAINED_GRAPH_FILE
from converter.inputs.dataset import Dataset
from converter.terminal.progress import Progress
from converter.verification.inner_reference import InnerReference
from converter.verification.source_model import SourceModel
from converter.verification.tensorflow_reference import FlatGraph, Reference
from converter.verification.trained_model import TrainedModel
from converter.verification.verification_results import TrainedComparison
from converter.verification.without_fake_quant import without_fake_quant
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.manifest import read_manifest

_FLOAT_MODEL = "float_saved_model"


def float_source(options: ConvertOptions, prepared: Prepared) -> SourceModel:
    """The source model as the bundle has it: without FakeQuant nodes, where it has any."""
    saved_model, folder = prepared.source.saved_model, prepared.exported.folder
    if prepared.exported.answer.fake_quants:
        saved_model = without_fake_quant(saved_model, folder / _FLOAT_MODEL)
    prepared = dataclasses.replace(
        prepared, source=dataclasses.replace(prepared.source, saved_model=saved_model)
    )
    return _source_model(options, prepared, FLAT_GRAPH_FILE)


def trained_model(
    options: ConvertOptions,
    prepared: Prepared,
    bundle: Path,
    dataset: Dataset,
    progress: Progress,
) -> Optional[TrainedModel]:
    """The model as it was trained, run on the images; None where it is what the bundle has."""
    if not prepared.exported.answer.fake_quants:
        return None
    with progress.step("load the trained model in TensorFlow"):
        source = _source_model(options, prepared, TRAINED_GRAPH_FILE)
    return TrainedModel(source, load_bundle(bundle), dataset, progress.track)


def compare_trained(
    trained: TrainedModel, bundle: Path, precisions: Sequence[str]
) -> TrainedComparison:
    """Compare these precisions of a bundle, and write the result into its manifest."""
    loaded = load_bundle(bundle)
    found = tuple(trained.compare(loaded, name) for name in precisions)
    content = read_manifest(bundle)
    for one in found:
        entry = content["precisions"][one.precision]
        measured = {
            "agreement": dataclasses.asdict(one.agreement),
            **({"accuracy": dataclasses.asdict(one.accuracy)} if one.accuracy else {}),
        }
        entry["parity"] = {**entry.get("parity", {}), "trained": measured}
    write_manifest(bundle, content)
    return TrainedComparison(trained.images, trained.accuracy, found)


def _source_model(options: ConvertOptions, prepared: Prepared, graph: str) -> SourceModel:
    source, exported = prepared.source, prepared.exported
    runs = InnerReference if source.signature.inner else Reference
    return SourceModel(
        runs(source.saved_model, source.signature, source.image, options.source.values),
        prepared.network,
        prepared.recognised.head,
        prepared.pixels,
        FlatGraph(exported.folder / graph, exported.answer),
        exported.answer.float_type,
        exported.answer.suppression,
        exported.answer.fake_quants,
    )
