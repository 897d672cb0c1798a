"""What a bundle's manifest keeps of a measured precision."""

from __future__ import annotations

import dataclasses
from typing import Any

from converter.precision.precision_results import PrecisionResult


def measured_entry(result: PrecisionResult) -> dict[str, Any]:
    """To be added to the description of its files."""
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
    if result.calibration is not None:
        entry["calibration"] = dataclasses.asdict(result.calibration)
    return entry
