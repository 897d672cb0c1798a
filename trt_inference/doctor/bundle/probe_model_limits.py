"""Which opset and operators of a model exclude the TensorRT of this machine."""

from typing import List

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.protobuf_reader import operators, opset_of_model
from trt_inference.bundles.tensorrt_operators import remedy_for_missing, takes
from trt_inference.bundles.tensorrt_versions import documented_opset, target_of
from trt_inference.doctor.diagnosis import Diagnosis, caution
from trt_inference.errors import BundleError

_SUBJECT = "Engines of the bundle"


def limits_of_model(bundle: Bundle, precision: str, tensorrt: str) -> List[Diagnosis]:
    """What TensorRT ``tensorrt`` would not build of a precision; nothing of a damaged file, which
    is reported as such."""
    try:
        with bundle.open_model(precision) as model, model.map() as content:
            opset, used = opset_of_model(content), operators(content)
    except BundleError:
        return []
    return [
        *_about_opset(precision, opset, tensorrt),
        *(
            _about_operator(precision, name, tensorrt)
            for name in sorted(used)
            if not takes(tensorrt, name)
        ),
    ]


def _about_opset(precision: str, opset: int, tensorrt: str) -> List[Diagnosis]:
    most = documented_opset(tensorrt)
    if opset <= most:
        return []
    return [
        caution(
            _SUBJECT,
            "opset-too-late-for-tensorrt",
            f"{precision} has opset {opset}, and TensorRT {tensorrt} knows opsets up to {most}: no "
            "engine of it is built here.",
            f"On the workstation: trt-inference convert … --target {target_of(tensorrt).name}",
        )
    ]


def _about_operator(precision: str, operator: str, tensorrt: str) -> Diagnosis:
    return caution(
        _SUBJECT,
        "operator-missing-in-tensorrt",
        f"{precision} has the operator {operator}, which TensorRT {tensorrt} does not have: no "
        "engine of it is built here, unless a plugin brings it.",
        f"On the workstation: {remedy_for_missing(operator)}; trt-inference inspect names the "
        "nodes.",
    )
