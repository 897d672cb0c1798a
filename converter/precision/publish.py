"""Put the files of a precision that is good enough into the bundle, and into its manifest."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from converter.bundle.write_bundle import write_manifest
from converter.precision.precision_results import PrecisionResult
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.manifest import read_manifest
from trt_inference.bundles.precisions import PRECISIONS, model_file_name


def as_candidate(bundle: Bundle, precision: str, scratch: Path, entry: dict[str, Any]) -> Bundle:
    """Return the bundle as it would be with a precision whose files are still in ``scratch``, a
    folder in it.

    Args:
        entry: the manifest's description of the files.
    """
    inside = _inside(scratch.name, entry)
    return dataclasses.replace(bundle, precisions={**bundle.precisions, precision: inside})


def _inside(folder: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The same description for files in ``folder``."""
    moved = {**entry, "file": f"{folder}/{entry['file']}"}
    return {**moved, "data": _inside(folder, entry["data"])} if "data" in entry else moved


def publish(scratch: Path, folder: Path, result: PrecisionResult, entry: dict[str, Any]) -> None:
    """Move the files from ``scratch`` into the bundle in ``folder``, and describe them in its
    manifest."""
    name = model_file_name(result.precision)
    (folder / f"{name}.data").unlink(missing_ok=True)  # of an earlier, larger one
    for part in (entry, entry.get("data")):
        if part is not None:
            (scratch / part["file"]).replace(folder / part["file"])
    content = read_manifest(folder)
    content["precisions"][result.precision] = {**entry, **measured_entry(result)}
    order = [name for name in PRECISIONS if name in content["precisions"]]
    content["precisions"] = {name: content["precisions"][name] for name in order}
    write_manifest(folder, content)


def measured_entry(result: PrecisionResult) -> dict[str, Any]:
    """Return what the manifest keeps of a measured precision, beside the description of its
    files."""
    measured = result.measured
    entry: dict[str, Any] = {
        "images": measured.images,
        "agreement": dataclasses.asdict(measured.agreement),
        "loss": measured.loss,
        "limit": result.limit,
        "milliseconds": measured.milliseconds,
        "float32_layers": [dataclasses.asdict(layer) for layer in result.kept],
    }
    if measured.of_fp32 is not None:
        entry["of_fp32"] = dataclasses.asdict(measured.of_fp32)
    if measured.fp32 is not None and measured.accuracy is not None:
        entry["accuracy"] = {
            "fp32": dataclasses.asdict(measured.fp32),
            "bundle": dataclasses.asdict(measured.accuracy),
        }
    if result.trained is not None:
        entry["parity"] = {"training": dataclasses.asdict(result.trained)}
    if result.calibration is not None:
        entry["calibration"] = dataclasses.asdict(result.calibration)
    return entry
