"""A file as memory: its pages are read when they are looked at, and the system may drop them again.

So the weights of a model or of an engine are nowhere in this process but where a library puts them.
"""

import mmap
from pathlib import Path
from typing import IO


def map_file(file: Path, changeable: bool = False) -> mmap.mmap:
    """Map ``file``, until what is returned is closed or nobody has it any more. Meanwhile it must
    not be made shorter: to exchange it, rename another one over it, as ``write_files`` does.

    Args:
        changeable: bytes may be changed; that copies their page of memory, and the file stays.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty.
    """
    with file.open("rb") as stream:
        return map_stream(stream, changeable)


def map_stream(stream: IO[bytes], changeable: bool = False) -> mmap.mmap:
    """Map the whole of an open file likewise; it may be closed afterwards."""
    access = mmap.ACCESS_COPY if changeable else mmap.ACCESS_READ
    return mmap.mmap(stream.fileno(), 0, access=access)
