"""``metadata.yaml``, which Ultralytics' ``yolo export format=saved_model`` writes into the folder.

It has ``author: Ultralytics``, ``version``, ``task``, ``imgsz`` (height, width), ``names`` (of the
classes by number), from 8.3 on ``channels`` and from 8.4 on ``head``; 8.0.36 to 8.0.50 have no
task. Read in ``engine/exporter.py`` of the packages 8.0.0 to 8.4.190; what the predictors do with
a picture in ``engine/predictor.py``, ``models/*/predict.py`` and ``data/augment.py``.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from converter.errors import ModelFileError
from converter.inputs.finding import Finding
from converter.inputs.model_files.class_names import listed_names, numbered_names
from converter.inputs.model_files.facts import ModelFiles, fault
from converter.inputs.model_files.place import Place
from converter.inputs.model_files.typed_values import as_size, as_word, read_yaml
from converter.inputs.pixels import PRESETS, PixelOptions
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION

METADATA = "metadata.yaml"
_TASKS = {"detect": DETECTION, "classify": CLASSIFICATION, "semantic": SEGMENTATION}
_UNSUPPORTED = {
    "segment": "masks of single objects",
    "pose": "key points of objects",
    "obb": "rotated boxes",
    "depth": "distances",
}
# Since then pixels are 0 to 1 for a classifier too; before, its mean and deviation were ImageNet's.
_CLASSIFIES_0_TO_1 = (8, 0, 53)
# Since then torchvision resizes Pillow's images for a classifier, which is antialiased; before,
# OpenCV resized the square in the middle.
_RESIZES_ANTIALIASED = (8, 0, 233)
# Trained on pictures that are stretched.
_RT_DETR = re.compile(r"rt-?detr", re.IGNORECASE)


def read_ultralytics(place: Place) -> Optional[ModelFiles]:
    """What ``metadata.yaml`` tells; None where there is none.

    Raises:
        ModelFileError: it cannot be read, or is no map.
    """
    file = place.find(METADATA)
    if file is None:
        return None
    content = read_yaml(place.read(file))
    if content.get("author") != "Ultralytics" and "names" not in content:
        return None  # of another tool
    return _Metadata(content, file).facts()


class _Metadata:
    """The content of one file, and what was found wrong in it."""

    def __init__(self, content: Mapping[str, Any], file: Path) -> None:
        self._content = content
        self._faults: List[Finding] = []
        # YOLOv5 and others write names alone.
        self._is_known = content.get("author") == "Ultralytics"
        version = as_word(content.get("version"))
        self._version = _numbers(version)
        tool = f"Ultralytics {version}" if self._version else "Ultralytics"
        self._source = f"{file.name} ({tool})" if self._is_known else file.name
        self._tool = tool

    def facts(self) -> ModelFiles:
        names = self._try("names", _labels) or ()
        named = ModelFiles(names, self._source if names else "")
        if not self._is_known:
            return replace(named, findings=tuple(self._faults))
        size = self._try("imgsz", as_size)
        task = self._content.get("task")
        facts: Dict[str, Any] = {
            "task": _TASKS.get(task) if isinstance(task, str) else None,
            "unsupported_task": self._unsupported(task),
            "input_size": size,
            "pixels": self._pixels(task),
            **self._fit(task, size),
        }
        findings = (*self._describe(facts), *self._faults)
        return replace(named, findings=findings, **facts)

    def _try(self, key: str, read: Callable[[Any], Any]) -> Any:
        if key not in self._content:
            return None
        try:
            return read(self._content[key])
        except ModelFileError as error:
            self._faults.append(fault(f"{self._source}: '{key}' is not used: {error}"))
            return None

    def _unsupported(self, task: Any) -> str:
        known = _UNSUPPORTED.get(task) if isinstance(task, str) else None
        return f"{known} (task {task} in {self._source})" if known else ""

    def _pixels(self, task: Any) -> Optional[PixelOptions]:
        channels = {1: "grey", 3: "rgb"}.get(self._content.get("channels", 3))
        if not isinstance(task, str) or channels is None:
            return None
        if task == "classify" and self._version is None:
            return None
        if task == "classify" and self._version < _CLASSIFIES_0_TO_1:  # type: ignore[operator]
            return PRESETS["imagenet"]
        return PixelOptions(channels, PRESETS["zero-to-one"].scale)

    def _fit(self, task: Any, size: Optional[Tuple[int, int]]) -> Dict[str, Any]:
        if task == "classify":
            return self._fit_of_classifier(size)
        if task not in ("detect", "semantic", *_UNSUPPORTED):
            return {}
        if task == "depth" or self._is_stretched():
            return {"fit": "stretch", "resize": "linear"}
        return {"fit": "letterbox", "resize": "linear", "pad_value": 114}

    def _fit_of_classifier(self, size: Optional[Tuple[int, int]]) -> Dict[str, Any]:
        if self._version is None or size is None:
            return {}
        antialiased = self._version >= _RESIZES_ANTIALIASED
        if size[0] == size[1]:
            resize = "area" if antialiased else "linear"
            return {"fit": "center-crop", "resize": resize, "crop_fraction": 1.0}
        # torchvision's Resize of two numbers does not keep the aspect ratio. Before, the square in
        # the middle was stretched, which no fit does.
        return {"fit": "stretch", "resize": "area"} if antialiased else {}

    def _is_stretched(self) -> bool:
        description = self._content.get("description")
        return self._content.get("head") == "RTDETRDecoder" or (
            isinstance(description, str) and _RT_DETR.search(description) is not None
        )

    def _describe(self, facts: Mapping[str, Any]) -> List[Finding]:
        source, found = self._source, []
        if facts["task"]:
            found.append(Finding("task", f"{facts['task']}, from {source}"))
        if facts["unsupported_task"]:
            found.append(Finding("task", facts["unsupported_task"]))
        if facts["input_size"]:
            height, width = facts["input_size"]
            found.append(Finding("size", f"{width}x{height}, from {source}"))
        prepares = f"as {self._tool} prepares pictures ({METADATA})"
        if facts["pixels"]:
            found.append(Finding("pixels", f"{_in_words(facts['pixels'])}, {prepares}"))
        if facts.get("fit"):
            how = "antialiased" if facts["resize"] == "area" else "linear"
            found.append(Finding("fit", f"{facts['fit']}, resized {how}, {prepares}"))
        return found


def _labels(names: Any) -> Tuple[str, ...]:
    """Names as a list, or as a map from 0 without gaps."""
    if isinstance(names, list):
        return listed_names(names)
    if not isinstance(names, dict):
        raise ModelFileError(f"it is no list or map but {type(names).__name__}")
    try:
        numbered = {int(number): name for number, name in names.items()}
    except (TypeError, ValueError, OverflowError):
        raise ModelFileError("its classes have no numbers") from None
    if len(numbered) != len(names) or set(numbered) != set(range(len(numbered))):
        raise ModelFileError(f"its {len(names)} classes are not numbered from 0 on")
    return numbered_names(numbered, 0)


def _numbers(version: str) -> Optional[Tuple[int, ...]]:
    """``8.3.40`` → (8, 3, 40)."""
    found = re.match(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", version)
    return tuple(int(number) for number in found.groups()) if found else None


def _in_words(pixels: PixelOptions) -> str:
    values = "0 to 1, less ImageNet's mean" if pixels.mean else "0 to 1"
    return f"{values}, {'grey' if pixels.channels == 'grey' else 'RGB'}"
