"""Which ONNX operators the versions of TensorRT have, known before an engine is built.

``tensorrt_operators.json`` holds facts from the support matrix that onnx-tensorrt publishes with
each version, and names the commits. ``since`` is the first version with an operator: none has
lost one. The matrix was compared with the parser's sources up to 10.1; ``corrections`` lists where
it errs. ``remedies`` are ours. What a version refuses of operators that it has is in
``converter/compatibility/limits/``.
"""

from typing import Dict, Optional

from trt_inference.bundles.tensorrt_versions import TENSORRT_TABLE, reaches

# For operators that exported networks have.
_REMEDIES: Dict[str, str] = {
    operator: entry["remedy"]
    for entry in TENSORRT_TABLE["remedies"]
    for operator in entry["operators"]
}


def takes(tensorrt: str, operator: str) -> bool:
    """Whether that version, such as ``10.3``, has the operator, such as ``TopK``."""
    since = TENSORRT_TABLE["since"].get(operator)
    return since is not None and reaches(tensorrt, since)


def remedy_for_missing(operator: str) -> str:
    """What the user can do about an operator that some version does not have."""
    known, since = _REMEDIES.get(operator), TENSORRT_TABLE["since"].get(operator)
    if since is None:
        return known or "express it in ONNX's own operators, or end the network before it"
    return newer_or(since, known)


def newer_or(version: str, remedy: Optional[str]) -> str:
    """A newer TensorRT, or something else."""
    newer = f"use TensorRT {version} or newer"
    return f"{newer}, or {remedy}" if remedy else newer
