"""Find out what was given instead of a SavedModel, and tell how to make one of it."""

from pathlib import Path
from typing import Optional

from converter.inputs.given_instead.archives import describe_archive
from converter.inputs.given_instead.checkpoints import describe_checkpoint
from converter.inputs.given_instead.foreign_files import describe_foreign
from converter.inputs.given_instead.frozen_graphs import describe_graph
from converter.inputs.given_instead.how_to_save import HOW_TO_SAVE
from converter.inputs.given_instead.keras_files import describe_keras
from converter.inputs.given_instead.saved_model_places import describe_bundle, describe_place

# In the order in which they are looked for in a folder.
_OF_FILES = (describe_keras, describe_graph, describe_archive, describe_foreign)
LARGE_FILE_STORAGE = b"version https://git-lfs"
_MOST_FILES = 100  # a folder of pictures has more


def describe_given(path: Path) -> str:
    """A message: what ``path`` is, and how to come to a SavedModel from there. Files are
    recognised by their content, and by their names only where the content tells nothing."""
    if not path.exists():
        return describe_checkpoint(path) or (
            f"there is no folder '{path}': give the folder of a SavedModel"
        )
    if not (path.is_file() or path.is_dir()):  # to read it may never end
        return f"'{path}' is a pipe or a device: give the folder of a SavedModel"
    found = describe_graph(path) if path.is_file() else None
    found = found or describe_place(path) or describe_bundle(path)
    if found is None and path.is_dir():
        found = describe_keras(path) or describe_checkpoint(path)
        found = found or describe_foreign(path) or _describe_files(path)
        return found or f"'{path}' is not a SavedModel, it has no saved_model.pb: {HOW_TO_SAVE}"
    found = found or describe_checkpoint(path) or describe_file(path)
    return found or f"'{path}' is a file that is not known: give the folder of a SavedModel"


def describe_file(path: Path) -> Optional[str]:
    """What the file ``path`` is, and how to make a SavedModel of it; None where it is not known."""
    with path.open("rb") as stream:
        if stream.read(len(LARGE_FILE_STORAGE)) == LARGE_FILE_STORAGE:
            return f"'{path}' is a pointer of Git LFS, not the file: git lfs pull"
    found = (describe(path) for describe in _OF_FILES)
    return next((text for text in found if text is not None), None)


def _describe_files(path: Path) -> Optional[str]:
    """The first file in a folder that a SavedModel can be made of."""
    files = sorted(one for one in path.iterdir() if one.is_file())[:_MOST_FILES]
    for describe in _OF_FILES:
        for file in files:
            text = describe(file)
            if text is not None:
                return f"'{path}' has no SavedModel. {text}"
    return None
