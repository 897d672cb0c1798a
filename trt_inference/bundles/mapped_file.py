"""A file as memory: its pages are read when they are looked at, and the system may drop them again.

So the weights of a model or of an engine are nowhere in this process but where a library puts them.
"""

import contextlib
import mmap
from pathlib import Path
from typing import Iterator


@contextlib.contextmanager
def mapped(file: Path, changeable: bool = False) -> Iterator[mmap.mmap]:
    """Map ``file`` for the length of a block.

    Args:
        changeable: bytes may be changed; that copies their page of memory, and the file stays.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty.
    """
    access = mmap.ACCESS_COPY if changeable else mmap.ACCESS_READ
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=access) as content:
        yield content
