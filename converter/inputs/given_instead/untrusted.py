"""Read what is in files that nobody has checked: they may be damaged, or made to do harm."""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any, Dict, List, Union

# No more of a part of an archive: a few kB can be unpacked to many GB.
_LARGEST_PART = 64 << 20
_LARGEST_MESSAGE = (2 << 30) - 1  # of protobuf
_DAMAGED = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError)


def parts_of_zip(path: Path) -> List[str]:
    """The names in a zip archive; none where ``path`` is no such, or damaged."""
    try:
        if zipfile.is_zipfile(str(path)):
            with zipfile.ZipFile(str(path)) as archive:
                return archive.namelist()
    except _DAMAGED:
        pass
    return []


def read_part(path: Path, name: str) -> bytes:
    """The bytes of a file in a zip archive, at most 64 MiB; none where they are damaged, or need
    a password (a ``RuntimeError``)."""
    try:
        with zipfile.ZipFile(str(path)) as archive, archive.open(name) as part:
            return part.read(_LARGEST_PART)
    except _DAMAGED:
        return b""


def is_too_large(path: Path) -> bool:
    """Whether a file has more bytes than a message of protobuf may have, so that it is none."""
    return path.stat().st_size > _LARGEST_MESSAGE


def json_object(text: Union[str, bytes]) -> Dict[str, Any]:
    """What a JSON text has; empty where it is damaged, or no object."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
