"""The parts of a bundle's manifest, and the files that it describes."""

import dataclasses
from importlib.metadata import version  # novm: on workstations only
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import onnx

from converter.bundle.model_files import describe_model
from converter.commands.convert_options import ConvertOptions
from converter.commands.own_precision import own_precision
from converter.commands.prepare import count_operators
from converter.compatibility.refusals import Refusal
from converter.conversion import Prepared
from converter.export.request_answer import Suppression
from converter.heads.base import Head, most_candidates
from converter.inputs.quiet_tensorflow import tensorflow
from converter.inputs.saved_model import Signature, hash_saved_model
from converter.onnx_tools import storage
from converter.report.operator_section import limits
from converter.verification.verification_results import Verification
from trt_inference.bundles.bundle import Fitting, sha256_of_file
from trt_inference.bundles.manifest import MANIFEST_VERSION
from trt_inference.bundles.names import (
    CLASSIFICATION,
    DETECTION,
    IMAGE,
    LABELS_FILE,
    OUTPUTS,
    SEGMENTATION,
)
from trt_inference.bundles.precisions import FP32, model_file_name

# Of one reason: enough for a robot to say what is wrong with a node, and not all of thousands.
_NODES_KEPT = 50

_AGREEMENT = {DETECTION: "detections", CLASSIFICATION: "images", SEGMENTATION: "pixels"}


def describe(options: ConvertOptions, prepared: Prepared, candidates: int) -> Dict[str, Any]:
    """The part of the manifest that is known before anything is written.

    Args:
        candidates: how many boxes or classes are wanted.
    """
    head = prepared.recognised.head
    height, width = prepared.network.input_size
    suppression = prepared.exported.answer.suppression
    # Soft-NMS may have any threshold, as it takes no box away.
    frozen = suppression.iou_threshold if suppression and not suppression.soft else None
    return {
        "schema_version": MANIFEST_VERSION,
        "name": options.output.absolute().name,
        "task": head.task,
        "source": _source(prepared),
        "input": {
            "name": IMAGE,
            "height": height,
            "width": width,
            "dtype": "uint8",
            **_fitting(prepared.preprocessing.fitting),
        },
        "candidates": min(candidates, most_candidates(head)),
        "needs_nms": head.needs_nms or options.source.suppress,
        **_across_classes(head, suppression),
        "defaults": dataclasses.asdict(options.thresholds.resolve(head.task, frozen)),
    }


def _fitting(fitting: Fitting) -> Dict[str, Any]:
    """The part of the manifest's input that tells how pictures are fitted into it. What is new is
    left out where it is as usual, so that robots with earlier software take the bundle."""
    entry, usual = dataclasses.asdict(fitting), dataclasses.asdict(Fitting())
    always = ("fit", "pad_value")
    return {key: value for key, value in entry.items() if key in always or value != usual[key]}


def _across_classes(head: Head, cut: Optional[Suppression]) -> Dict[str, bool]:
    """That the robot suppresses across classes, where the model itself does. Otherwise nothing, so
    that robots with earlier software take the bundle."""
    return {"class_agnostic": True} if head.needs_nms and cut and cut.class_agnostic else {}


def write_model_files(
    folder: Path, model: onnx.ModelProto, weights: Optional[Path], task: str, labels: Sequence[str]
) -> Dict[str, Any]:
    """Write the model and the labels, and return the part of the manifest that describes them.

    Args:
        weights: the folder with the file of the model's large tensors.
    """
    file, labels_file = folder / model_file_name(FP32), folder / LABELS_FILE
    data = storage.save(model, weights, file)
    labels_file.write_text("".join(f"{label}\n" for label in labels), "utf-8")
    return {
        "outputs": _outputs(model, task),
        "labels": {
            "file": LABELS_FILE,
            "sha256": sha256_of_file(labels_file),
            "count": len(labels),
        },
        "precisions": {FP32: describe_model(file, data)},
    }


def operator_remedies(model: onnx.ModelProto, refusals: Sequence[Refusal]) -> Dict[str, Any]:
    """What to do about operators that some TensorRT lacks, the limits of others, by name, and what
    is refused of the model's nodes.

    A robot reports it where it cannot build an engine. Robots with earlier software look at the
    first two.
    """
    limited = {operator: limits(operator) for operator in count_operators(model)}
    return {
        "missing": {one.operator: one.remedy for one in refusals if not one.limit},
        "limited": {operator: text for operator, text in limited.items() if text},
        "refused": [
            {
                "operator": one.operator,
                "limit": one.limit,
                "nodes": list(one.nodes[:_NODES_KEPT]),
                "tensorrt": list(one.lacking),
                "remedy": one.remedy,
            }
            for one in refusals
        ],
    }


def _outputs(model: onnx.ModelProto, task: str) -> List[Dict[str, Any]]:
    by_name = {value.name: value.type.tensor_type for value in model.graph.output}
    return [
        {
            "name": name,
            "dtype": onnx.helper.tensor_dtype_to_np_dtype(by_name[name].elem_type).name,
            "shape": [-1, *(size.dim_value for size in by_name[name].shape.dim[1:])],
        }
        for name in OUTPUTS[task]
    ]


def _source(prepared: Prepared) -> Dict[str, Any]:
    """The origin of the model, and how it was understood."""
    saved_model = prepared.source.saved_model
    return {
        "head": prepared.recognised.head.description,
        "pixels": dataclasses.asdict(prepared.pixels),
        "most_candidates": most_candidates(prepared.recognised.head),
        "opset": prepared.network.opset,
        "saved_model_sha256": hash_saved_model(saved_model.path),
        "signature": prepared.source.signature.name,
        "outputs": [tensor.name for tensor in prepared.source.signature.outputs],
        **_inner(prepared.source.signature),
        "saved_by_tensorflow": saved_model.tensorflow_version,
        "tensorflow": tensorflow().__version__,
        "tf2onnx": version("tf2onnx"),
        "onnx": version("onnx"),
        **_own_precision(prepared.exported.answer.float_type),
    }


def _inner(signature: Signature) -> Dict[str, Any]:
    """The tensors of TensorFlow's graph that are taken although they are no outputs of the
    signature, by name."""
    inner = {tensor.name: tensor.graph_name for tensor in signature.inner}
    return {"inner_tensors": inner} if inner else {}


def _own_precision(float_type: str) -> Dict[str, str]:
    """The precision in which the model computes itself, where that is not fp32."""
    own = own_precision(float_type)
    return {} if own is None else {"own_precision": own}


def measured_part(verification: Verification) -> Dict[str, Any]:
    """The part of the manifest that holds the measurements of the verification."""
    entry: Dict[str, Any] = {
        "parity": {
            "synthetic_images": verification.synthetic,
            "tensors": [dataclasses.asdict(output) for output in verification.tensors],
            "candidates": [dataclasses.asdict(output) for output in verification.candidates],
            _AGREEMENT[verification.task]: dataclasses.asdict(verification.agreement),
        },
        "milliseconds": {FP32: verification.milliseconds["ONNX Runtime"]},
    }
    if verification.rounding:
        entry["parity"]["rounding"] = dataclasses.asdict(verification.rounding)
    if verification.fake_quants:
        entry["parity"]["fake_quants_left_out"] = verification.fake_quants
    if verification.suppression:
        entry["parity"]["suppression"] = dataclasses.asdict(verification.suppression)
    if verification.before and verification.after:
        entry["accuracy"] = {
            "source": dataclasses.asdict(verification.before),
            "bundle": dataclasses.asdict(verification.after),
        }
    return entry
