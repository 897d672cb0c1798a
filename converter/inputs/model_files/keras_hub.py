"""The preset that KerasHub's ``task.save_to_preset(DIR)`` writes, beside an exported SavedModel.

``task.json`` names the task and has its preprocessor with the image converter;
``image_converter.json`` has that alone, where only a backbone was saved. ``task.export(DIR)``
leaves all of it out of the graph; preset and SavedModel are then often two folders beside each
other. Read in ``utils/preset_utils.py`` of keras-hub 0.32. A preset has no names of classes.
"""

from typing import Any, Mapping, Optional

from converter.errors import ModelFileError
from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.model_files.image_converter import read_image_converter
from converter.inputs.model_files.place import Place, is_there, list_folder
from converter.inputs.model_files.typed_values import as_word, read_json, value_at
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION

TASK_FILE, CONVERTER_FILE, VERSION_FILE = "task.json", "image_converter.json", "metadata.json"
_TASKS = {
    "ImageClassifier": CLASSIFICATION,
    "ObjectDetector": DETECTION,
    "ImageSegmenter": SEGMENTATION,
}


def read_keras_hub(place: Place) -> Optional[ModelFiles]:
    """What a preset tells that is in the model's folders or in a folder beside the SavedModel;
    None where there is none.

    Raises:
        ModelFileError: it cannot be read, or there are several beside it.
    """
    found = _read_preset(place)
    if found is not None or place.is_shared:
        return found
    presets = [
        folder
        for folder in list_folder(place.above)
        if any(is_there(folder / name) for name in (TASK_FILE, CONVERTER_FILE))
    ]
    if len(presets) > 1:
        names = ", ".join(folder.name for folder in presets)
        raise ModelFileError(f"the folders {names} have one each: move the others away")
    return _read_preset(Place((presets[0].resolve(),), place.above, True)) if presets else None


def _read_preset(place: Place) -> Optional[ModelFiles]:
    task = _read_object(place, TASK_FILE)
    file, converter = (
        TASK_FILE,
        value_at(task, "config", "preprocessor", "config", "image_converter"),
    )
    if not isinstance(converter, dict):
        file, converter = CONVERTER_FILE, _read_object(place, CONVERTER_FILE)
    if task is None and converter is None:
        return None
    tool = _version(place)
    facts = _of_task(task, f"{TASK_FILE} ({tool})")
    config = value_at(converter, "config")
    if not isinstance(config, dict):
        return facts
    shape = value_at(task, "config", "backbone", "config", "image_shape")
    channels = shape[-1] if isinstance(shape, list) and shape else None
    return facts.completed_by(read_image_converter(config, channels, f"{file} ({tool})"))


def _of_task(task: Optional[Mapping[str, Any]], source: str) -> ModelFiles:
    name = as_word(value_at(task, "class_name"))
    known = [_TASKS[kind] for kind in _TASKS if name.endswith(kind)]
    if not known:
        return ModelFiles()
    return ModelFiles(task=known[0], findings=(Finding("task", f"{known[0]}, from {source}"),))


def _read_object(place: Place, name: str) -> Optional[Mapping[str, Any]]:
    """The object that KerasHub wrote into a file; None where there is none."""
    file = place.find(name)
    if file is None:
        return None
    try:
        content = read_json(place.read(file))
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from error
    origins = [content.get("module"), content.get("registered_name")]
    is_of_keras_hub = any(isinstance(one, str) and one.startswith("keras_hub") for one in origins)
    return content if is_of_keras_hub else None


def _version(place: Place) -> str:
    """KerasHub with its version, where the preset tells it."""
    file = place.find(VERSION_FILE)
    try:
        content = read_json(place.read(file)) if file else {}
    except ModelFileError:
        content = {}  # the version is for people alone
    return f"KerasHub {as_word(content.get('keras_hub_version'))}".strip()
