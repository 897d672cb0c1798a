"""The one file with class names among those of a model."""

from pathlib import Path
from typing import Dict, List, Optional, Tuple

from converter.errors import ModelFileError
from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles, fault
from converter.inputs.model_files.label_lists import is_label_list, read_label_list
from converter.inputs.model_files.label_maps import is_label_map, read_label_map
from converter.inputs.model_files.place import Place, is_there, list_folder


def read_labels_beside(place: Place) -> Optional[ModelFiles]:
    """The labels in the nearest folder that has some. Where several files there have others, none
    is taken: a wrong name is worse than none."""
    faults: List[Finding] = []
    for folder in place.folders:
        found = _read_all(label_files(folder), place, faults)
        if len(set(found.values())) == 1:
            file, labels = next(iter(found.items()))
            where = "beside the SavedModel" if file.parent == place.above else "in the SavedModel"
            return ModelFiles(labels, f"{file.name} {where}", findings=tuple(faults))
        if found:
            names = ", ".join(file.name for file in found)
            several = f"none, because {names} have different ones: choose with --labels"
            return ModelFiles(findings=(*faults, Finding("labels", several)))
    return ModelFiles(findings=tuple(faults)) if faults else None


def label_files(folder: Path) -> List[Path]:
    """The files in a folder that have class names, as their own names tell."""
    return [file for file in list_folder(folder) if _is_named_so(file) and is_there(file)]


def _is_named_so(file: Path) -> bool:
    return file.name.isprintable() and (is_label_map(file) or is_label_list(file))


def _read_all(
    files: List[Path], place: Place, faults: List[Finding]
) -> Dict[Path, Tuple[str, ...]]:
    """The labels in each file; what is wrong with the others goes to ``faults``."""
    found: Dict[Path, Tuple[str, ...]] = {}
    for file in files:
        try:
            text = place.read(file)
            found[file] = (
                read_label_map(text) if is_label_map(file) else read_label_list(file.name, text)
            )
        except ModelFileError as error:
            faults.append(fault(f"{file.name} is not used: {error}"))
    return found
