"""All that files beside or in a SavedModel tell about it."""

from pathlib import Path
from typing import Tuple

from converter.errors import ModelFileError
from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles, fault
from converter.inputs.model_files.find_labels import label_files, read_labels_beside
from converter.inputs.model_files.hub_format import MODULE_FILE, read_hub_format
from converter.inputs.model_files.keras_hub import CONVERTER_FILE, TASK_FILE, read_keras_hub
from converter.inputs.model_files.object_detection_api import PIPELINE, read_object_detection_api
from converter.inputs.model_files.place import Place, find_place, is_there
from converter.inputs.model_files.ultralytics import METADATA, read_ultralytics

# By the file, for people; of several, what the first one tells counts.
_READERS = (
    (METADATA, read_ultralytics),
    ("KerasHub's preset", read_keras_hub),
    (PIPELINE, read_object_detection_api),
    (MODULE_FILE, read_hub_format),
)


def read_model_files(saved_model: Path) -> ModelFiles:
    """What is found in the folder ``saved_model``, in its ``assets`` and in the folder above. A
    file that cannot be used is reported in the findings; it never stops a conversion."""
    try:
        place = find_place(saved_model)
    except ModelFileError as error:
        return ModelFiles(findings=(fault(f"{saved_model.name}: {error}"),))
    facts = ModelFiles()
    for name, read in _READERS:
        try:
            found = read(place)
        except ModelFileError as error:
            found = ModelFiles(findings=(fault(f"{name} is not used: {error}"),))
        facts = facts.completed_by(found or ModelFiles())
    if not facts.labels:
        facts = facts.completed_by(read_labels_beside(place) or ModelFiles())
    return facts.completed_by(ModelFiles(findings=_not_read(place)))


def _not_read(place: Place) -> Tuple[Finding, ...]:
    """The files in the folder above, where that is shared with other models."""
    if not place.is_shared:
        return ()
    known = (TASK_FILE, CONVERTER_FILE, PIPELINE)
    files = [name for name in known if is_there(place.above / name)]
    files += [file.name for file in label_files(place.above)]
    if not files:
        return ()
    return (
        fault(
            f"{', '.join(files)} beside the SavedModel is not read, because other models stand "
            "there too: move it into the SavedModel's folder if it belongs to this one"
        ),
    )
