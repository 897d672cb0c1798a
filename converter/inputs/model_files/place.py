"""Where the files of a model are looked for: in its folder, in its assets, and above."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Tuple

from converter.errors import ModelFileError
from converter.inputs.model_files.read_text import read_text

_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")


@dataclass(frozen=True)
class Place:
    """The folders of a model, resolved.

    Attributes:
        inside: the SavedModel and its ``assets``.
        above: the folder that it stands in.
        is_shared: other models stand there too, to which the files may belong; they are not read.
    """

    inside: Tuple[Path, ...]
    above: Path
    is_shared: bool

    @property
    def folders(self) -> Tuple[Path, ...]:
        """Those that are read, the nearest first."""
        return self.inside if self.is_shared else (*self.inside, self.above)

    def find(self, name: str) -> Optional[Path]:
        """The nearest file of that name."""
        return next((folder / name for folder in self.folders if is_there(folder / name)), None)

    def read(self, file: Path) -> str:
        """The text in one of the files.

        Raises:
            ModelFileError: it cannot be read, or is no small text.
        """
        return read_text(file, self.folders)


def find_place(saved_model: Path) -> Place:
    """The folders of the SavedModel in folder ``saved_model``.

    Raises:
        ModelFileError: the folder cannot be resolved.
    """
    try:
        folder = saved_model.resolve()
    except (OSError, RuntimeError) as error:
        raise ModelFileError("it is a link that leads nowhere") from error
    above = folder.parent
    return Place((folder, folder / "assets"), above, _has_other_models(above, folder))


def list_folder(folder: Path) -> List[Path]:
    """What is in a folder, by name; nothing where that cannot be told."""
    try:
        return [folder / name for name in sorted(os.listdir(str(folder)))]
    except OSError:
        return []


def is_there(path: Path) -> bool:
    """Whether there is such a file, or a link of that name, and not a folder."""
    return os.path.lexists(str(path)) and not os.path.isdir(str(path))


def _has_other_models(above: Path, folder: Path) -> bool:
    """Whether there are other models than ``folder``. Numbered folders are versions of one, as
    TensorFlow Serving keeps them."""
    if above == folder or any(is_there(above / graph) for graph in _GRAPHS):
        return True
    others = [
        one
        for one in list_folder(above)
        if one != folder and any(is_there(one / graph) for graph in _GRAPHS)
    ]
    versions = all(one.name.isdigit() for one in (folder, *others))
    return bool(others) and not versions
