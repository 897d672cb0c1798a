"""Remedies for an operator that TensorRT does not take.

The converter has looked at this very model and written what each version lacks into the report,
so that a robot can name the remedy without onnx.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

from trt_inference.bundles.names import REPORT_CONTENT

_NOTHING_KNOWN = (
    "convert the model again with --target for this robot, or end the network before it; "
    "`inspect` on the SavedModel lists what each TensorRT lacks"
)


def read_report(bundle: Path) -> Dict[str, Any]:
    """Return the content of the bundle's report; empty where it cannot be read."""
    try:
        content = json.loads((bundle / REPORT_CONTENT).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def remedy(report: Dict[str, Any], operator: str) -> str:
    """Return the remedy for an operator such as ``TopK``, in a few words."""
    for one in _entries(report, "missing"):
        if one.get("operator") == operator:
            return str(one.get("remedy"))
    for one in _entries(report, "operators"):
        if one.get("name") == operator and one.get("note"):
            return f"it is limited to: {one['note']}. Change the model, or end it before this node"
    return _NOTHING_KNOWN


def _entries(report: Dict[str, Any], name: str) -> List[Dict[str, Any]]:
    return [one for one in report.get(name) or [] if isinstance(one, dict)]
