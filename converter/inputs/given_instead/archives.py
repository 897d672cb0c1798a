"""Archives that a SavedModel is packed in, as TensorFlow Hub and the model zoos give them."""

import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import List, Optional

from converter.inputs.given_instead.how_to_save import shell_word
from converter.inputs.given_instead.untrusted import parts_of_zip

_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")  # gzip, bzip2, xz
_OF_TAR = slice(257, 262)  # where it has its name (POSIX.1-1988, ustar)


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
    file, target = shell_word(path), shell_word(folder)
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
    if zipfile.is_zipfile(str(path)):
        return parts_of_zip(path)
    with path.open("rb") as stream:
        start = stream.read(_OF_TAR.stop)
    # The library would try whether all of a large file can be unpacked.
    if not (start.startswith(_PACKED) or start[_OF_TAR] == b"ustar"):
        return None
    try:
        with tarfile.open(str(path)) as archive_of_tar:
            return archive_of_tar.getnames()
    except (tarfile.TarError, zlib.error, EOFError, OSError):
        return None
