"""What a user can say about a conversion."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from converter.graph.input_stage import Pixels
from trt_inference.bundle import Thresholds


@dataclass(frozen=True)
class ConvertOptions:
    """The defaults are those of the command line. ``input_size`` is height, width in pixels."""

    saved_model: Path
    output: Path
    labels: Path
    signature: str = "serving_default"
    images: Path | None = None
    annotations: Path | None = None
    most_images: int = 500
    input_size: tuple[int, int] | None = None
    pixels: Pixels = field(default_factory=Pixels)
    fit: str = "letterbox"
    pad_value: int = 114
    normalised_boxes: bool = False
    candidates: int = 300
    defaults: Thresholds = field(default_factory=lambda: Thresholds(0.4, 0.5, 100))
    opset: int = 17
    overwrite: bool = False
