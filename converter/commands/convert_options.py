"""What a user can specify for a conversion."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional, Tuple

from converter.errors import SavedModelError
from converter.export.opsets import Opsets
from converter.heads.evidence import HeadOptions
from converter.inputs.dataset import Images
from converter.inputs.pixels import PixelOptions
from converter.precision.precision_options import PrecisionOptions
from trt_inference.bundles.bundle import Fitting, Thresholds
from trt_inference.bundles.names import CENTER_CROP, CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.bundles.unused_thresholds import unused_thresholds


@dataclass(frozen=True)
class SourceOptions:
    """The model and how it is understood. ``input_size`` is height, width in pixels, ``values``
    are those of inputs that are not the image, ``outputs`` those that count, all without any.
    ``opsets`` are those that the export may have, ``keep_suppression`` leaves a suppression in the
    network, ``suppress`` has the robot suppress what a model gives that would not need it."""

    saved_model: Path
    labels: Optional[Path] = None
    tag: Optional[str] = None
    signature: Optional[str] = None
    input: Optional[str] = None
    input_size: Optional[Tuple[int, int]] = None
    values: Mapping[str, Any] = field(default_factory=dict)
    outputs: Tuple[str, ...] = ()
    pixels: PixelOptions = field(default_factory=PixelOptions)
    head: HeadOptions = field(default_factory=HeadOptions)
    opsets: Opsets = field(default_factory=Opsets)
    keep_suppression: bool = False
    suppress: bool = False


@dataclass(frozen=True)
class FittingOptions:
    """How a picture is brought to the size of the input, as in ``Fitting``; None leaves it to what
    the converter finds out, or to what is usual.

    Raises:
        SavedModelError: a part to crop without the fit that crops.
    """

    fit: Optional[str] = None
    pad_value: Optional[int] = None
    resize: Optional[str] = None
    crop_fraction: Optional[float] = None

    def __post_init__(self) -> None:
        if self.crop_fraction is not None and self.fit != CENTER_CROP:
            other = f"--fit {self.fit}" if self.fit else "no --fit"
            raise SavedModelError(
                f"--crop-fraction {self.crop_fraction} with {other}: only --fit {CENTER_CROP} "
                f"crops. Add --fit {CENTER_CROP}, or leave --crop-fraction out"
            )

    def resolve(self, found: Optional[Fitting] = None) -> Fitting:
        """What is given, and for the rest ``found``, by default what is usual. The part to crop is
        only found together with its fit."""
        found = found or Fitting()
        fit = self.fit or found.fit
        fraction = found.crop_fraction if fit == found.fit else 1.0
        return Fitting(
            fit,
            found.pad_value if self.pad_value is None else self.pad_value,
            self.resize or found.resize,
            fraction if self.crop_fraction is None else self.crop_fraction,
        )


@dataclass(frozen=True)
class ThresholdOptions:
    """Defaults of the robot's parameters; None leaves them to the task."""

    score_threshold: Optional[float] = None
    iou_threshold: Optional[float] = None
    max_detections: Optional[int] = None

    def resolve(self, task: str, source_iou: Optional[float] = None) -> Thresholds:
        """The thresholds of a task.

        Args:
            source_iou: the IoU threshold of a suppression in the source model.
        """
        usual = USUAL_THRESHOLDS[task]
        iou = usual.iou_threshold if source_iou is None else source_iou

        def choose(given: Optional[float], default: float) -> float:
            return default if given is None else given

        return Thresholds(
            choose(self.score_threshold, usual.score_threshold),
            choose(self.iou_threshold, iou),
            self.max_detections or usual.max_detections,
        )

    def without_effect(self, task: str, needs_nms: bool) -> Tuple[str, ...]:
        """Return a sentence for each threshold that the user gives and no robot uses.

        Args:
            needs_nms: whether the robot suppresses overlapping boxes.
        """
        return tuple(
            f"--{name.replace('_', '-')} has no effect: {reason}"
            for name, reason in unused_thresholds(task, needs_nms).items()
            if getattr(self, name) is not None
        )


USUAL_THRESHOLDS = {
    DETECTION: Thresholds(0.4, 0.5, 100),
    CLASSIFICATION: Thresholds(0.0, 0.5, 5),
    SEGMENTATION: Thresholds(0.0, 0.5, 1),
}


@dataclass(frozen=True)
class ImagesFrom:
    """Recordings whose images are taken in the place of a folder of images; of all cameras where
    no topics are named."""

    bags: Tuple[Path, ...]
    topics: Tuple[str, ...] = ()


@dataclass(frozen=True)
class QuantizeOptions:
    """A bundle and the images that its new precisions are measured on."""

    bundle: Path
    images: Optional[Images]
    annotations: Optional[Path]
    precision: PrecisionOptions
    images_from: Optional[ImagesFrom] = None


@dataclass(frozen=True)
class ConvertOptions:
    """The defaults are those of the command line. ``candidates`` None leaves K to what is lost on
    the images."""

    source: SourceOptions
    output: Path
    images: Optional[Images] = None
    annotations: Optional[Path] = None
    most_images: int = 500
    fitting: FittingOptions = field(default_factory=FittingOptions)
    candidates: Optional[int] = None
    thresholds: ThresholdOptions = field(default_factory=ThresholdOptions)
    target: Optional[str] = None
    overwrite: bool = False
    precision: PrecisionOptions = field(default_factory=PrecisionOptions)
    images_from: Optional[ImagesFrom] = None
