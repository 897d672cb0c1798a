"""Remedies for an operator that TensorRT does not take.

The converter has looked at this very model and written what each version lacks into the manifest,
so that a robot needs no onnx to report it.
"""

from typing import Any, Mapping

_NOTHING_KNOWN = (
    "convert the model again with --target for this robot, or end the network before it; "
    "`trt-inference inspect` on the SavedModel lists what each TensorRT lacks"
)


def remedy(source: Mapping[str, Any], operator: str) -> str:
    """What to do about an operator such as ``TopK``, in a few words.

    Args:
        source: of the bundle, with the ``operators`` that some TensorRT lacks or limits.
    """
    known = source.get("operators", {})
    missing, limited = known.get("missing", {}), known.get("limited", {})
    if operator in missing:
        return str(missing[operator])
    if operator in limited:
        return (
            f"it is limited to: {limited[operator]}. Change the model, or end it before this node"
        )
    return _NOTHING_KNOWN
