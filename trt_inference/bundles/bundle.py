"""Load and check a bundle: the folder with all that a robot has to know about a model.

A bundle holds ``model.json`` (the manifest), ``labels.txt`` and one ONNX file a precision, with
a second file for the weights of a network that is too large for one (protobuf's limit is 2 GB).
Everything that is read is compared with the hash that the converter wrote, so that a
bundle that was changed or cut short on its way to the robot is refused, not run.
"""

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Mapping, Tuple, Union

from trt_inference.bundles.labels import read_labels_of_bundle
from trt_inference.bundles.manifest import load_manifest
from trt_inference.bundles.names import (
    CENTER_CROP,
    DETECTION,
    FITS,
    LETTERBOX,
    LINEAR,
    RESIZES,
)
from trt_inference.bundles.open_model import OpenModel
from trt_inference.errors import BundleError


@dataclass(frozen=True)
class Fitting:
    """How a picture is brought to the size of the input.

    Attributes:
        fit: ``letterbox`` keeps the aspect ratio between two borders, ``letterbox-top-left`` has
            them right and below only; ``stretch`` changes the aspect ratio; ``center-crop`` keeps
            it and looks at the middle of the picture only.
        pad_value: 0 to 255, that of the borders.
        resize: ``linear`` is between the nearest four pixels, however much is shrunk; ``area``
            takes all pixels into account where it shrinks (antialiasing).
        crop_fraction: in (0, 1], how much of the largest middle part with the aspect ratio of the
            input ``center-crop`` looks at, along each side: 0.875 is torchvision's resize of the
            shorter side to 256 and crop of 224.

    Raises:
        ValueError: no such fit or resize, or a fraction out of its range or for another fit.
    """

    fit: str = LETTERBOX
    pad_value: int = 114
    resize: str = LINEAR
    crop_fraction: float = 1.0

    def __post_init__(self) -> None:
        if self.fit not in FITS:
            raise ValueError(f"fit is '{self.fit}', it must be one of {', '.join(FITS)}")
        if self.resize not in RESIZES:
            raise ValueError(f"resize is '{self.resize}', it must be one of {', '.join(RESIZES)}")
        lowest = 0.0 if self.fit == CENTER_CROP else 1.0
        if not (lowest < self.crop_fraction < 1 or self.crop_fraction == 1):
            raise ValueError(
                f"crop_fraction is {self.crop_fraction} for {self.fit}: it must be above 0 and at "
                f"most 1 for {CENTER_CROP}, and 1 for the other fits"
            )


@dataclass(frozen=True)
class InputSpec:
    """The engine's one input: uint8 ``[N, height, width, 3]``, BGR, and how pictures are fitted
    into it."""

    name: str
    height: int
    width: int
    dtype: str
    fitting: Fitting


@dataclass(frozen=True)
class OutputSpec:
    """One output of the engine; -1 in ``shape`` stands for the batch."""

    name: str
    dtype: str
    shape: Tuple[int, ...]


@dataclass(frozen=True)
class Thresholds:
    """What is kept of the candidates: scores and IoU in [0, 1], at most ``max_detections``.

    Of a classification, the classes with at least this score, at most so many; the IoU is not
    used. A segmentation uses none of them.
    """

    score_threshold: float
    iou_threshold: float
    max_detections: int


@dataclass(frozen=True)
class Bundle:
    """A checked bundle.

    Attributes:
        task: ``detection``, ``classification`` or ``segmentation``.
        outputs: float32 ``boxes`` ``[-1, K, 4]``, float32 ``scores`` ``[-1, K]`` and int32
            ``classes`` ``[-1, K]``; without boxes for a classification; for a segmentation uint8
            ``class_map`` ``[-1, h, w]`` over the whole input, often with fewer cells than pixels.
        candidates: K; 0 for a segmentation.
        needs_nms: whether the boxes have not yet been through non-maximum suppression.
        precisions: maps each precision to its entry in the manifest.
        class_agnostic: whether a box also suppresses overlapping boxes of other classes.
        manifest_sha256: of the file model.json as it was read.
    """

    path: Path
    name: str
    task: str
    input: InputSpec
    outputs: Tuple[OutputSpec, ...]
    candidates: int
    needs_nms: bool
    defaults: Thresholds
    labels: Tuple[str, ...]
    precisions: Mapping[str, Mapping[str, Any]]
    source: Mapping[str, Any]
    class_agnostic: bool = False
    manifest_sha256: str = ""

    @property
    def cuts_off(self) -> bool:
        """Whether the network has more boxes than the K that leave the engine, so that some may be
        cut off. Bundles of earlier converters do not tell how many it has: there, those that are
        still to be suppressed are taken to be more."""
        if self.task != DETECTION:
            return False
        most = self.source.get("most_candidates")
        return self.needs_nms if most is None else bool(self.candidates < most)

    def open_model(self, precision: str) -> OpenModel:
        """The ONNX model of ``precision``, checked, to be loaded and closed.

        Raises:
            BundleError: the bundle has no such precision, or a file of it is missing, was changed,
                is no regular file of the bundle, or names others for its weights.
        """
        if precision not in self.precisions:
            raise BundleError(
                f"{self.path} has no precision '{precision}': it has {', '.join(self.precisions)}"
            )
        return OpenModel(self.path, self.precisions[precision])

    def model_file(self, precision: str) -> Path:
        """The ONNX file of ``precision``, for tools that read it themselves; checked as by
        ``open_model``, but another may be renamed over it before it is read.

        Raises:
            BundleError: as of ``open_model``.
        """
        with self.open_model(precision) as model:
            return model.path


def load_bundle(path: Union[str, Path]) -> Bundle:
    """Read ``path`` and check its manifest and labels.

    Raises:
        BundleError: not a bundle, written by another schema version, or changed since.
    """
    folder = _expanded(path)
    manifest, digest = load_manifest(folder)
    return Bundle(
        path=folder,
        # The converter's folder may have a name that is no UTF-8, and messages have no other.
        name=manifest["name"].encode("utf-8", "backslashreplace").decode("utf-8"),
        task=manifest["task"],
        input=_input_spec(manifest["input"]),
        outputs=tuple(
            OutputSpec(output["name"], output["dtype"], tuple(output["shape"]))
            for output in manifest["outputs"]
        ),
        candidates=manifest["candidates"],
        needs_nms=manifest["needs_nms"],
        defaults=Thresholds(
            float(manifest["defaults"]["score_threshold"]),
            float(manifest["defaults"]["iou_threshold"]),
            manifest["defaults"]["max_detections"],
        ),
        labels=read_labels_of_bundle(folder, manifest["labels"]),
        precisions=manifest["precisions"],
        source=manifest["source"],
        class_agnostic=manifest.get("class_agnostic", False),
        manifest_sha256=digest,
    )


def _expanded(path: Union[str, Path]) -> Path:
    try:
        return Path(path).expanduser()
    except (RuntimeError, KeyError) as error:  # KeyError: Python 3.6, of a user without an entry
        raise BundleError(
            f"'{path}' is not a bundle: there is no such home directory ({error}). Give the whole "
            "path"
        ) from None


def _input_spec(entry: Mapping[str, Any]) -> InputSpec:
    own = {field.name for field in fields(Fitting)}
    fitting = Fitting(**{name: value for name, value in entry.items() if name in own})
    others = {name: value for name, value in entry.items() if name not in own}
    return InputSpec(**others, fitting=fitting)


def model_bytes(entry: Mapping[str, Any]) -> int:
    """Bytes of a precision's files, by its entry in the manifest."""
    return int(entry["bytes"]) + int(entry.get("data", {}).get("bytes", 0))


def sha256_of_file(path: Path) -> str:
    """The SHA-256 of a file as 64 hexadecimal digits, read in pieces of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()
