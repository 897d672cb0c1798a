"""The order of the steps from a SavedModel to a bundle."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx

from converter.bundle_writer import check_output, new_bundle, write_manifest
from converter.dataset import Dataset, load_dataset, read_labels
from converter.graph.assemble import assemble
from converter.graph.heads import Head, yolo
from converter.graph.input_stage import INPUT, Pixels
from converter.graph.output_stage import OUTPUTS
from converter.network import Network, image_input
from converter.onnx_export import Export, export
from converter.progress import Progress
from converter.quiet_tensorflow import tensorflow
from converter.reference import Reference
from converter.saved_model import SavedModel, Signature, hash_saved_model, read_saved_model
from converter.verify import SourceModel, Verification, check, verify
from trt_inference.bundle import SCHEMA_VERSION, Thresholds, load_bundle, sha256_of_file
from trt_inference.detector import Detector

LABELS_FILE = "labels.txt"
PRECISION = "fp32"


@dataclass(frozen=True)
class ConvertOptions:
    """What a user can say about a conversion. ``input_size`` is height, width in pixels."""

    saved_model: Path
    output: Path
    labels: Path
    signature: str = "serving_default"
    images: Path | None = None
    annotations: Path | None = None
    most_images: int = 500
    input_size: tuple[int, int] | None = None
    pixels: Pixels = field(default_factory=Pixels)
    fit: str = "letterbox"
    pad_value: int = 114
    normalised_boxes: bool = False
    candidates: int = 300
    defaults: Thresholds = field(default_factory=lambda: Thresholds(0.4, 0.5, 100))
    opset: int = 17
    overwrite: bool = False


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
    with progress.step("export to ONNX"), tempfile.TemporaryDirectory() as scratch:
        exported = export(saved_model, signature, options.opset, Path(scratch))
    with progress.step("graft the input and output stages"):
        network = Network(exported.model, options.opset, size)
        head = yolo.recognise(network.outputs, len(labels), size, options.normalised_boxes)
        model = assemble(network, options.pixels, head, options.candidates)
    with new_bundle(options.output, options.overwrite) as folder:
        manifest = _describe(options, size, head)
        manifest["source"].update(_source(saved_model, signature))
        manifest.update(_write(folder, model, labels))
        write_manifest(folder, manifest)
        with progress.step("load the SavedModel in TensorFlow"):
            reference = Reference(saved_model, signature)
        source = SourceModel(reference, network, head, options.pixels)
        verification = _verify(folder, source, dataset, progress)
        check(verification)
        manifest["precisions"][PRECISION].update(_measured(verification))
        write_manifest(folder, manifest)
    return _conversion(options.output, manifest, exported, verification)


def _describe(options: ConvertOptions, size: tuple[int, int], head: Head) -> dict[str, Any]:
    """The part of the manifest that is known before anything is written."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": options.output.absolute().name,
        "task": "detection",
        "source": {"head": head.description, "opset": options.opset},
        "input": {
            "name": INPUT, "height": size[0], "width": size[1], "dtype": "uint8",
            "fit": options.fit, "pad_value": options.pad_value,
        },
        "candidates": min(options.candidates, head.anchors),
        "needs_nms": head.needs_nms,
        "defaults": dataclasses.asdict(options.defaults),
    }  # fmt: skip


def _write(folder: Path, model: onnx.ModelProto, labels: Sequence[str]) -> dict[str, Any]:
    """Write the model and the labels, and give the part of the manifest that describes them."""
    file, labels_file = folder / f"{PRECISION}.onnx", folder / LABELS_FILE
    onnx.save(model, str(file))
    labels_file.write_text("".join(f"{label}\n" for label in labels), "utf-8")
    return {
        "outputs": _outputs(model),
        "labels": {
            "file": LABELS_FILE, "sha256": sha256_of_file(labels_file), "count": len(labels),
        },
        "precisions": {
            PRECISION: {
                "file": file.name,
                "sha256": sha256_of_file(file),
                "bytes": file.stat().st_size,
            },
        },
    }  # fmt: skip


def _outputs(model: onnx.ModelProto) -> list[dict[str, Any]]:
    by_name = {value.name: value.type.tensor_type for value in model.graph.output}
    return [
        {
            "name": name,
            "dtype": onnx.helper.tensor_dtype_to_np_dtype(by_name[name].elem_type).name,
            "shape": [size.dim_value or -1 for size in by_name[name].shape.dim],
        }
        for name in OUTPUTS
    ]


def _source(saved_model: SavedModel, signature: Signature) -> Mapping[str, Any]:
    return {
        "saved_model_sha256": hash_saved_model(saved_model.path),
        "signature": signature.name,
        "saved_by_tensorflow": saved_model.tensorflow_version,
        "tensorflow": tensorflow().__version__,
        "tf2onnx": version("tf2onnx"),
        "onnx": version("onnx"),
    }


def _verify(
    folder: Path, source: SourceModel, dataset: Dataset, progress: Progress
) -> Verification:
    """Compare the bundle, as a robot would load it, with the source model."""
    bundle = load_bundle(folder)
    with Detector.open(bundle, "onnxruntime", PRECISION) as detector:
        return verify(source, detector, dataset, progress.track)


def _measured(verification: Verification) -> dict[str, Any]:
    """What the manifest keeps of the verification."""
    measured: dict[str, Any] = {
        "parity": {
            "synthetic_images": verification.synthetic,
            "tensors": [dataclasses.asdict(output) for output in verification.tensors],
            "candidates": [dataclasses.asdict(output) for output in verification.candidates],
            "detections": dataclasses.asdict(verification.detections),
        }
    }
    if verification.before and verification.after:
        measured["accuracy"] = {
            "source": dataclasses.asdict(verification.before),
            "bundle": dataclasses.asdict(verification.after),
        }
    return measured


def _conversion(
    output: Path, manifest: dict[str, Any], exported: Export, verification: Verification
) -> Conversion:
    return Conversion(
        bundle=output,
        bytes=manifest["precisions"][PRECISION]["bytes"],
        head=manifest["source"]["head"],
        export_seconds=exported.seconds,
        export_peak_bytes=exported.peak_bytes,
        verification=verification,
    )
