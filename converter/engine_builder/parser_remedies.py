"""Remedies for an operator that TensorRT does not take.

The converter has looked at this very model and written what each version refuses into the manifest,
so that a robot needs no onnx to report it. Bundles of earlier converters name operators only.
"""

from typing import Any, Dict, List, Mapping

from trt_inference.bundles.tensorrt_versions import known_version

_NOTHING_KNOWN = (
    "convert the model again with --target for this robot, or end the network before it; "
    "`trt-inference inspect` on the SavedModel lists what each TensorRT refuses, and "
    "`trt-inference check` on the bundle does"
)


def remedy(source: Mapping[str, Any], operator: str, node: str = "") -> str:
    """What to do about an operator such as ``TopK``, in a few words.

    Args:
        source: of the bundle, with the ``operators`` that some TensorRT lacks or limits.
        node: its name in the model, by which the reason is known.
    """
    known = source.get("operators", {})
    refused = _refused(known.get("refused", []), operator, node)
    missing, limited = known.get("missing", {}), known.get("limited", {})
    if refused:
        return "; or ".join(f"it takes {one['limit']}: {one['remedy']}" for one in refused)
    if operator in missing:
        return str(missing[operator])
    if operator in limited:
        return (
            f"it is limited to: {limited[operator]}. Change the model, or end it before this node"
        )
    return _NOTHING_KNOWN


def refusal_warnings(source: Mapping[str, Any], tensorrt: str) -> List[str]:
    """What is known against a build by this version, to be told before its parser sees the model.

    Some end the process at what they do not take, as 8.6.0 does at a crop_and_resize.
    """
    version = known_version(tensorrt)
    return [
        f"TensorRT {version} is known to refuse {one['operator']} ({', '.join(one['nodes'])})"
        f"{_taken(one['limit'])}. If the build fails or ends without a word, {one['remedy']}"
        for one in source.get("operators", {}).get("refused", [])
        if version in one["tensorrt"]
    ]


def _taken(limit: str) -> str:
    return f": it takes {limit}" if limit else ""


def _refused(entries: List[Dict[str, Any]], operator: str, node: str) -> List[Dict[str, Any]]:
    """What was found against the node, or else against others of its operator."""
    of_operator = [one for one in entries if one["operator"] == operator and one["limit"]]
    return [one for one in of_operator if node in one["nodes"]] or of_operator
