"""The order of the steps from a SavedModel to a bundle."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converter import manifest
from converter.bundle_writer import check_output, new_bundle, write_manifest
from converter.dataset import Dataset, load_dataset, read_labels
from converter.graph.assemble import assemble
from converter.graph.heads import yolo
from converter.manifest import PRECISION
from converter.network import Network, image_input
from converter.onnx_export import Export, export
from converter.options import ConvertOptions
from converter.progress import Progress
from converter.reference import Reference
from converter.saved_model import Signature, read_saved_model
from converter.verify import SourceModel, Verification, check, verify
from trt_inference.bundle import load_bundle
from trt_inference.detector import Detector


@dataclass(frozen=True)
class Conversion:
    """What came out: the bundle's folder and size, and what was measured on the way."""

    bundle: Path
    bytes: int
    head: str
    export_seconds: float
    export_peak_bytes: int
    verification: Verification


def convert(options: ConvertOptions, progress: Progress) -> Conversion:
    """Export, graft the stages, verify, and write the bundle; nothing is written on failure.

    Raises:
        TrtInferenceError: one of ``converter.errors``, with what to do.
    """
    with progress.step("read the SavedModel"):
        check_output(options.output, options.overwrite)
        labels = read_labels(options.labels)
        dataset = load_dataset(options.images, options.annotations, labels, options.most_images)
        saved_model = read_saved_model(options.saved_model)
        signature = saved_model.signature(options.signature)
        size = image_input(signature, options.input_size)
        _check_head_early(signature, len(labels), size, options)
    with progress.step("export to ONNX"), tempfile.TemporaryDirectory() as scratch:
        exported = export(saved_model, signature, options.opset, Path(scratch))
    with progress.step("graft the input and output stages"):
        network = Network(exported.model, options.opset, size)
        head = yolo.recognise(network.outputs, len(labels), size, options.normalised_boxes)
        model = assemble(network, options.pixels, head, options.candidates)
    with new_bundle(options.output, options.overwrite) as folder:
        content = manifest.describe(options, size, head)
        content["source"].update(manifest.source(saved_model, signature))
        content.update(manifest.write_files(folder, model, labels))
        write_manifest(folder, content)
        with progress.step("load the SavedModel in TensorFlow"):
            reference = Reference(saved_model, signature)
        source = SourceModel(reference, network, head, options.pixels)
        verification = _verify(folder, source, dataset, progress)
        check(verification)
        content["precisions"][PRECISION].update(manifest.measured(verification))
        write_manifest(folder, content)
    return _conversion(options.output, content, exported, verification)


def _check_head_early(
    signature: Signature, labels: int, size: tuple[int, int], options: ConvertOptions
) -> None:
    """Refuse a wrong labels file before the export, where the signature tells enough."""
    shapes = [output.shape for output in signature.outputs]
    if all(shape and min(shape[1:], default=-1) > 0 for shape in shapes):
        yolo.recognise(signature.outputs, labels, size, options.normalised_boxes)


def _verify(
    folder: Path, source: SourceModel, dataset: Dataset, progress: Progress
) -> Verification:
    """Compare the bundle, as a robot would load it, with the source model."""
    bundle = load_bundle(folder)
    with Detector.open(bundle, "onnxruntime", PRECISION) as detector:
        return verify(source, detector, dataset, progress.track)


def _conversion(
    output: Path, content: dict[str, Any], exported: Export, verification: Verification
) -> Conversion:
    return Conversion(
        bundle=output,
        bytes=content["precisions"][PRECISION]["bytes"],
        head=content["source"]["head"],
        export_seconds=exported.seconds,
        export_peak_bytes=exported.peak_bytes,
        verification=verification,
    )
