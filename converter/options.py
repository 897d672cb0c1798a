"""What a user can say about a conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converter.errors import SavedModelError
from converter.graph.heads import CLASSIFICATION, DETECTION, SEGMENTATION
from converter.graph.heads.evidence import HeadOptions
from converter.graph.input_stage import Pixels
from converter.image_input import ImageInput
from trt_inference.bundle import Thresholds

OPSET = 17


@dataclass(frozen=True)
class PixelOptions:
    """What the network expects of its pixels, as in ``Pixels``; None leaves it to the type of
    the input: whole numbers take 0 to 255 as they are, int8 -128 to 127, floats 0 to 1."""

    channels: str | None = None
    scale: float | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def resolve(self, image: ImageInput, takes_bytes: bool) -> Pixels:
        """The pixels of an input.

        Args:
            takes_bytes: it takes whole numbers.

        Raises:
            SavedModelError: the options are for another number of channels.
        """
        channels = self.channels or ("grey" if image.channels == 1 else "rgb")
        pixels = Pixels(channels)
        if pixels.count != image.channels:
            raise SavedModelError(
                f"--channels {channels} does not fit input {image}: "
                f"choose {'grey' if image.channels == 1 else 'rgb or bgr'}"
            )
        means, deviations = (
            self._for_each_channel(name, values, default, pixels.count)
            for name, values, default in (("mean", self.mean, 0.0), ("std", self.std, 1.0))
        )
        scale = self.scale if self.scale is not None else (1.0 if takes_bytes else 1 / 255)
        if image.dtype == "int8" and self.scale is None and self.mean is None:
            means = (128.0,) * pixels.count  # 0 to 255 does not fit
        return Pixels(channels, scale, means, deviations)

    @staticmethod
    def _for_each_channel(
        name: str, values: tuple[float, ...] | None, default: float, count: int
    ) -> tuple[float, ...]:
        given = values or (default,)
        if len(given) not in (1, count):
            raise SavedModelError(
                f"--{name} has {len(given)} numbers for {count} channels: give 1 or {count}"
            )
        return given if len(given) == count else given * count


# Ways of preparing pixels that have a name.
PRESETS: dict[str, PixelOptions] = {
    "zero-to-one": PixelOptions(scale=1 / 255),
    "minus-one-to-one": PixelOptions(scale=1 / 127.5, mean=(1.0,)),
    "zero-to-255": PixelOptions(scale=1.0),
    "imagenet": PixelOptions("rgb", 1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "caffe": PixelOptions("bgr", 1.0, (103.939, 116.779, 123.68)),
}


@dataclass(frozen=True)
class SourceOptions:
    """The model and how it is understood. ``input_size`` is height, width in pixels, ``values``
    are those of inputs that are not the image, ``outputs`` those that count, all without any."""

    saved_model: Path
    labels: Path | None = None
    tag: str | None = None
    signature: str | None = None
    input: str | None = None
    input_size: tuple[int, int] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    pixels: PixelOptions = field(default_factory=PixelOptions)
    head: HeadOptions = field(default_factory=HeadOptions)
    opset: int = OPSET


@dataclass(frozen=True)
class ThresholdOptions:
    """Defaults of the robot's parameters; None leaves them to the task."""

    score_threshold: float | None = None
    iou_threshold: float | None = None
    max_detections: int | None = None

    def resolve(self, task: str, source_iou: float | None = None) -> Thresholds:
        """The thresholds of a task.

        Args:
            source_iou: the IoU threshold of a suppression in the source model.
        """
        usual = USUAL_THRESHOLDS[task]
        iou = usual.iou_threshold if source_iou is None else source_iou

        def choose(given: float | None, default: float) -> float:
            return default if given is None else given

        return Thresholds(
            choose(self.score_threshold, usual.score_threshold),
            choose(self.iou_threshold, iou),
            self.max_detections or usual.max_detections,
        )


USUAL_THRESHOLDS = {
    DETECTION: Thresholds(0.4, 0.5, 100),
    CLASSIFICATION: Thresholds(0.0, 0.5, 5),
    SEGMENTATION: Thresholds(0.0, 0.5, 1),
}


# The largest loss of a precision that goes into a bundle.
LIMITS = {"fp16": 0.002, "int8": 0.01}


@dataclass(frozen=True)
class PrecisionOptions:
    """Which precisions to make beside fp32, how, and what they may lose.

    Attributes:
        precisions: of ``LIMITS``, in the order of their making.
        calibration_images: a folder to calibrate on; None takes a part of the images.
        most_calibration, most_images: images to calibrate and to measure on, at most.
        method: of calibration, one of ``converter.precision.calibration.METHODS``.
        limit: the largest loss; None takes that of ``LIMITS``.
        keep_float: patterns of layers that stay in float32.
        keep_most_sensitive: keep the fewest layers in float32 with which the limit is met.
    """

    precisions: tuple[str, ...] = ()
    calibration_images: Path | None = None
    most_calibration: int = 300
    most_images: int = 500
    method: str = "minmax"
    limit: float | None = None
    keep_float: tuple[str, ...] = ()
    keep_most_sensitive: bool = False

    def limit_of(self, precision: str) -> float:
        """The largest loss of a precision."""
        return LIMITS[precision] if self.limit is None else self.limit


@dataclass(frozen=True)
class QuantizeOptions:
    """A bundle and the images that its new precisions are measured on."""

    bundle: Path
    images: Path | None
    annotations: Path | None
    precision: PrecisionOptions


@dataclass(frozen=True)
class ConvertOptions:
    """The defaults are those of the command line."""

    source: SourceOptions
    output: Path
    images: Path | None = None
    annotations: Path | None = None
    most_images: int = 500
    fit: str = "letterbox"
    pad_value: int = 114
    candidates: int = 300
    thresholds: ThresholdOptions = field(default_factory=ThresholdOptions)
    target: str | None = None
    overwrite: bool = False
    precision: PrecisionOptions = field(default_factory=PrecisionOptions)
