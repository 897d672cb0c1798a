"""Load and check a bundle: the folder with all that a robot has to know about a model.

A bundle holds ``model.json`` (the manifest), ``labels.txt`` and one ONNX file a precision, with
a second file for the weights of a network that is too large for one (protobuf's limit is 2 GB).
Everything that is read is compared with the hash that the converter wrote, so that a
bundle that was changed or cut short on its way to the robot is refused, not run.
"""

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Mapping, Tuple, Union

from trt_inference.bundles.manifest import read_manifest
from trt_inference.bundles.names import (
    CENTER_CROP,
    DETECTION,
    FITS,
    LETTERBOX,
    LINEAR,
    RESIZES,
)
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

    @property
    def cuts_off(self) -> bool:
        """Whether the network has more boxes than the K that leave the engine, so that some may be
        cut off. Bundles of earlier converters do not tell how many it has: there, those that are
        still to be suppressed are taken to be more."""
        if self.task != DETECTION:
            return False
        most = self.source.get("most_candidates")
        return self.needs_nms if most is None else bool(self.candidates < most)

    def model_file(self, precision: str) -> Path:
        """The ONNX file of ``precision``, with its hash checked, and that of the file with its
        weights where it has one (ONNX external data, which ONNX Runtime finds beside the model).

        Raises:
            BundleError: the bundle has no such precision, or a file is missing or changed.
        """
        if precision not in self.precisions:
            raise BundleError(
                f"{self.path} has no precision '{precision}': it has {', '.join(self.precisions)}"
            )
        entry = self.precisions[precision]
        if "data" in entry:
            _checked_file(self.path, entry["data"]["file"], entry["data"]["sha256"])
        return _checked_file(self.path, entry["file"], entry["sha256"])


def load_bundle(path: Union[str, Path]) -> Bundle:
    """Read ``path`` and check its manifest and labels.

    Raises:
        BundleError: not a bundle, written by another schema version, or changed since.
    """
    folder = Path(path).expanduser()
    manifest = read_manifest(folder)
    labels = manifest["labels"]
    file = _checked_file(folder, labels["file"], labels["sha256"])
    names = tuple(file.read_text("utf-8").splitlines())
    if len(names) != labels["count"]:
        raise BundleError(f"{file} has {len(names)} labels, the manifest has {labels['count']}")
    return Bundle(
        path=folder,
        name=manifest["name"],
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
        labels=names,
        precisions=manifest["precisions"],
        source=manifest["source"],
        class_agnostic=manifest.get("class_agnostic", False),
    )


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
    with path.open("rb") as stream:
        return sha256_of_stream(stream)


def sha256_of_stream(stream: IO[bytes]) -> str:
    """The same of an open file, from where it stands."""
    digest = hashlib.sha256()
    for piece in iter(lambda: stream.read(1 << 20), b""):
        digest.update(piece)
    return digest.hexdigest()


def _checked_file(folder: Path, name: str, expected: str) -> Path:
    file = folder / name
    try:
        actual = sha256_of_file(file)
    except OSError as error:
        raise BundleError(f"{file} cannot be read: {error}. Copy the bundle again") from error
    if actual != expected:
        raise BundleError(
            f"{file} was changed: its sha256 is {actual[:12]}…, the manifest has "
            f"{expected[:12]}…. Copy or convert the bundle again"
        )
    return file
