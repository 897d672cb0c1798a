"""Archives that a SavedModel is packed in, as TensorFlow Hub and the model zoos give them."""

import shlex
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import List, Optional

_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")


def describe_archive(path: Path) -> Optional[str]:
    """The command that unpacks ``path``, where it is an archive with a SavedModel; None where it
    is none, or one of something else."""
    if not path.is_file():
        return None
    names = _members(path)
    graphs = [PurePosixPath(name) for name in names or () if name.endswith(_GRAPHS)]
    if not graphs:
        return None
    folder = path.absolute().parent / path.name.split(".")[0]
    unpack = "python3 -m zipfile -e" if zipfile.is_zipfile(str(path)) else "tar -xf"
    into = "" if unpack.startswith("python3") else "-C "
    file, target = shlex.quote(str(path.absolute())), shlex.quote(str(folder))
    inner = sorted(graphs, key=lambda one: len(one.parts))[0].parent
    return "\n".join(
        (
            f"'{path}' is an archive with a SavedModel in it. This unpacks it:",
            "",
            f"mkdir -p {target} && {unpack} {file} {into}{target}",
            "",
            f"Then give '{folder / inner}'",
        )
    )


def _members(path: Path) -> Optional[List[str]]:
    """The names in an archive; None where it is none."""
    try:
        if zipfile.is_zipfile(str(path)):
            with zipfile.ZipFile(str(path)) as archive:
                return archive.namelist()
        with tarfile.open(str(path)) as archive_of_tar:
            return archive_of_tar.getnames()
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError):
        return None
