"""Reads a file that a model brought along: small, of the model's folders, and of text."""

import os
import stat
from pathlib import Path
from typing import Sequence

from converter.errors import ModelFileError

# All of these files are a few kilobytes; the names of 21,000 classes are half a megabyte.
MOST_BYTES = 1 << 20


def read_text(file: Path, folders: Sequence[Path]) -> str:
    """The text in ``file``, in UTF-8.

    Args:
        folders: resolved; a link out of them is not followed, so that converting a model from
            elsewhere does not put a user's own files into the bundle.

    Raises:
        ModelFileError: it is no such file, cannot be read, is too large or no text.
    """
    target = _resolved(file)
    if not any(folder in target.parents for folder in folders):
        raise ModelFileError(f"it is a link out of the model's folders, to {str(target)!r}")
    try:
        # A pipe would otherwise wait for somebody to write into it.
        handle = os.open(str(target), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ModelFileError("it is not a regular file")
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise ModelFileError(f"it cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise ModelFileError(f"it has more than {MOST_BYTES >> 20} MiB")
    try:
        # Editors on Windows begin a file with a mark that is not part of the text.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelFileError("it is not text in UTF-8") from error


def _resolved(file: Path) -> Path:
    try:
        return file.resolve()
    except (OSError, RuntimeError) as error:  # a link to itself
        raise ModelFileError("it is a link that leads nowhere") from error
