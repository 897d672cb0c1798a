"""The precisions of a bundle, with what its manifest keeps of their measurements."""

from typing import Any, Dict, Mapping, Sequence, Tuple

from converter.tables.wording import Table, file_size
from trt_inference.bundles.bundle import Bundle, model_bytes
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION

_REFERENCE = "fp32"
# The figures of an accuracy in the manifest, and their columns.
_FIGURES: Dict[str, Dict[str, str]] = {
    DETECTION: {"map_50": "mAP@0.5", "map_50_95": "mAP@[.5:.95]"},
    CLASSIFICATION: {"top_1": "top-1", "top_5": "top-5"},
    SEGMENTATION: {},
}


def bundle_table(bundle: Bundle) -> Table:
    """Size, agreement, accuracy and time of each precision."""
    figures = _FIGURES[bundle.task]
    columns = ("size", "agrees with", *figures.values(), "images", "ms")
    rows = tuple(
        (name, file_size(model_bytes(entry)), *_measured(name, entry, tuple(figures)))
        for name, entry in bundle.precisions.items()
    )
    return Table("Precisions", columns, rows)


def _measured(name: str, entry: Mapping[str, Any], figures: Sequence[str]) -> Tuple[str, ...]:
    """Agreement, accuracy and time; empty where nothing was measured."""
    accuracy = entry.get("accuracy", {}).get("bundle", {})
    parity, times = entry.get("parity", {}), entry.get("milliseconds", {})
    images = accuracy.get("images", entry.get("images", ""))
    return (
        _agreement(name, entry),
        *("" if accuracy.get(key) is None else f"{accuracy[key]:.4f}" for key in figures),
        "synthetic" if parity.get("synthetic_images") else str(images),
        f"{times[name]:.2f}" if name in times else "",
    )


def _agreement(name: str, entry: Mapping[str, Any]) -> str:
    """How much is the same; fp32 was compared with TensorFlow, the others with fp32."""
    found = entry.get("agreement", {})
    for key in ("detections", "images", "pixels"):
        found = found or entry.get("parity", {}).get(key, {})
    if not found:
        return ""
    of = found["detections"] if "detections" in found else found["compared"]
    same = found["matched"] if "matched" in found else found["same"]
    return f"{'TensorFlow' if name == _REFERENCE else _REFERENCE}: {same} of {of}"
