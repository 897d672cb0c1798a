"""The precisions of a bundle, with what its manifest keeps of their measurements."""

from typing import Any, Mapping, Sequence, Tuple

from converter.tables.wording import Table, file_size
from trt_inference.bundles.bundle import Bundle, model_bytes
from trt_inference.bundles.names import DETECTION

_REFERENCE = "fp32"
_MAPS = ("map_50", "map_50_95")


def bundle_table(bundle: Bundle) -> Table:
    """Size, agreement, accuracy and time of each precision."""
    maps = ("mAP@0.5", "mAP@[.5:.95]") if bundle.task == DETECTION else ()
    columns = ("size", "agrees with", *maps, "images", "ms")
    rows = tuple(
        (name, file_size(model_bytes(entry)), *_measured(name, entry, _MAPS[: len(maps)]))
        for name, entry in bundle.precisions.items()
    )
    return Table("Precisions", columns, rows)


def _measured(name: str, entry: Mapping[str, Any], maps: Sequence[str]) -> Tuple[str, ...]:
    """Agreement, accuracy and time; empty where nothing was measured.

    Args:
        maps: the accuracies that the task has, by their names in the manifest.
    """
    accuracy = entry.get("accuracy", {}).get("bundle", {})
    parity, times = entry.get("parity", {}), entry.get("milliseconds", {})
    images = accuracy.get("images", entry.get("images", ""))
    return (
        _agreement(name, entry),
        *(f"{accuracy[key]:.4f}" if accuracy else "" for key in maps),
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
