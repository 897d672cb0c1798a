"""SQLite files that were cut within a page, read as if they ended with the last whole one.

SQLite takes zeros for what a cut has left out of a page, and gives messages with a wrong end.
"""

import functools
import os
from typing import BinaryIO

import apsw

_NAME = "trt-inference-whole-pages"
_HEADER_SIZE = 100  # bytes


def ends_within_page(stream: BinaryIO) -> bool:
    """Whether the file was cut so."""
    stream.seek(0)
    page = _page_size(stream.read(_HEADER_SIZE))
    return page > 0 and os.fstat(stream.fileno()).st_size % page > 0


def whole_pages() -> str:
    """The name by which SQLite opens files in this way; for the whole process."""
    _registered()
    return _NAME


def _page_size(header: bytes) -> int:
    """In bytes, by the header of the file, https://sqlite.org/fileformat.html; 0 where it does not
    tell."""
    size = int.from_bytes(header[16:18], "big")
    return 2**16 if size == 1 else size


class _WholePagesFile(apsw.VFSFile):
    """Ends with its last whole page."""

    def xFileSize(self) -> int:
        size = super().xFileSize()
        page = _page_size(super().xRead(_HEADER_SIZE, 0)) if size >= _HEADER_SIZE else 0
        return size - size % page if page else size


class _WholePages(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(_NAME, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _WholePagesFile("", name, flags)


@functools.lru_cache(1)
def _registered() -> _WholePages:
    return _WholePages()  # which is there as long as it is kept
