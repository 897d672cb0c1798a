"""Load and check a bundle: the folder that tells a robot all there is to know about a model.

A bundle holds ``model.json`` (the manifest), ``labels.txt`` and one ONNX file a precision.
Everything that is read is compared with the hash that the converter wrote, so that a
bundle that was changed or cut short on its way to the robot is refused, not run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Tuple, Union

import jsonschema

from trt_inference.errors import BundleError

MANIFEST = "model.json"
SCHEMA_VERSION = 1
PRECISIONS = ("fp32", "fp16", "int8")

_SCHEMA = json.loads(Path(__file__).with_name("manifest.schema.json").read_text("utf-8"))


@dataclass(frozen=True)
class InputSpec:
    """The engine's one input: uint8 ``[N, height, width, 3]``, BGR.

    ``fit`` is ``letterbox`` (aspect ratio kept, borders filled with ``pad_value``) or ``stretch``.
    """

    name: str
    height: int
    width: int
    dtype: str
    fit: str
    pad_value: int


@dataclass(frozen=True)
class OutputSpec:
    """One output of the engine; -1 in ``shape`` stands for the batch."""

    name: str
    dtype: str
    shape: Tuple[int, ...]


@dataclass(frozen=True)
class Thresholds:
    """What is kept of the candidates: scores and IoU in [0, 1], at most ``max_detections``."""

    score_threshold: float
    iou_threshold: float
    max_detections: int


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. ``precisions`` maps a precision to what the manifest says of it."""

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

    def model_file(self, precision: str) -> Path:
        """The ONNX file of ``precision``, with its hash checked.

        Raises:
            BundleError: the bundle has no such precision, or the file is missing or changed.
        """
        if precision not in self.precisions:
            raise BundleError(
                f"{self.path} has no precision '{precision}': it has {', '.join(self.precisions)}"
            )
        entry = self.precisions[precision]
        return _checked_file(self.path, entry["file"], entry["sha256"])

    def choose_precision(self, requested: str) -> str:
        """The precision to run on a CPU: the one that is asked for, or for ``auto`` the first of
        fp32, fp16, int8 that the bundle has, since a CPU gains nothing from the narrower ones.

        Raises:
            BundleError: the bundle does not have the requested precision.
        """
        if requested != "auto":
            if requested not in self.precisions:
                raise BundleError(
                    f"{self.path} has no precision '{requested}': "
                    f"choose {', '.join(self.precisions)} or auto"
                )
            return requested
        return next(name for name in PRECISIONS if name in self.precisions)


def load_bundle(path: Union[str, Path]) -> Bundle:
    """Read ``path`` and check its manifest and labels.

    Raises:
        BundleError: not a bundle, written by another schema version, or changed since.
    """
    folder = Path(path).expanduser()
    manifest = _read_manifest(folder)
    labels = manifest["labels"]
    file = _checked_file(folder, labels["file"], labels["sha256"])
    names = tuple(file.read_text("utf-8").splitlines())
    if len(names) != labels["count"]:
        raise BundleError(f"{file} has {len(names)} labels, the manifest says {labels['count']}")
    return Bundle(
        path=folder,
        name=manifest["name"],
        task=manifest["task"],
        input=InputSpec(**manifest["input"]),
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
    )


def sha256_of_file(path: Path) -> str:
    """The SHA-256 of a file as 64 hexadecimal digits, read in pieces of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


def sha256_of_manifest(manifest: Mapping[str, Any]) -> str:
    """The SHA-256 of a manifest's content, whatever its layout, without its own hash."""
    content = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()


def _read_manifest(folder: Path) -> Dict[str, Any]:
    file = folder / MANIFEST
    try:
        manifest = json.loads(file.read_text("utf-8"))
    except NotADirectoryError:
        raise BundleError(f"'{folder}' is a file: give the folder that it is in") from None
    except FileNotFoundError:
        found = "no such folder" if not folder.exists() else f"there is no {MANIFEST} in it"
        raise BundleError(
            f"'{folder}' is not a bundle: {found}. "
            "Make one with: python3 -m converter convert SAVED_MODEL --output BUNDLE --labels FILE"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{file} cannot be read: {error}. Copy or convert it again") from error
    _check_manifest(file, manifest)
    return dict(manifest)


def _check_manifest(file: Path, manifest: Any) -> None:
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if version != SCHEMA_VERSION:
        raise BundleError(
            f"{file} has schema_version {version!r}, this software reads {SCHEMA_VERSION}: "
            "convert the model again, or update trt_inference"
        )
    try:
        jsonschema.validate(manifest, _SCHEMA)
    except jsonschema.ValidationError as error:
        place = "/".join(str(part) for part in error.absolute_path) or "the top level"
        raise BundleError(f"{file} is not valid at {place}: {error.message}") from None
    if sha256_of_manifest(manifest) != manifest["sha256"]:
        raise BundleError(f"{file} was changed after it was written: convert the model again")


def _checked_file(folder: Path, name: str, expected: str) -> Path:
    file = folder / name
    try:
        actual = sha256_of_file(file)
    except OSError as error:
        raise BundleError(f"{file} cannot be read: {error}. Copy the bundle again") from error
    if actual != expected:
        raise BundleError(
            f"{file} was changed: its sha256 is {actual[:12]}…, the manifest says "
            f"{expected[:12]}…. Copy or convert the bundle again"
        )
    return file
