"""Open the files of a bundle: regular files of bounded size in its own folder, and nothing else.

A bundle may come from anywhere. Who opens a FIFO waits for a writer, /dev/zero never ends, and a
link may lead to a file that is not the bundle's. What was checked stays open, and is loaded through
its descriptor: the name may stand for another file by then.
"""

import hashlib
import mmap
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import IO, Any, Mapping, NamedTuple, Tuple

from trt_inference.bundles.mapped_file import map_stream
from trt_inference.errors import BundleError

_PIECE = 1 << 20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a link that leads nowhere"),
)


class Expected(NamedTuple):
    """What is known of a file before it is read.

    Attributes:
        name: in the folder that it is opened in.
        size: in bytes.
        told_by: who knows it, for messages.
        remedy: what to do where it is another, one sentence without its point.
    """

    name: str
    sha256: str
    size: int
    told_by: str = "the manifest"
    remedy: str = "Copy or convert the bundle again"

    @classmethod
    def of_manifest(cls, entry: Mapping[str, Any]) -> "Expected":
        """Of an entry with ``file``, ``sha256`` and ``bytes``."""
        return cls(entry["file"], entry["sha256"], entry["bytes"])


def resolve_in_bundle(folder: Path, name: str) -> str:
    """The path of what is ``name`` in the folder of a bundle, without links.

    Raises:
        BundleError: it leads out of the folder.
    """
    root = os.path.realpath(str(folder))
    found = os.path.realpath(os.path.join(root, name))
    if not found.startswith(os.path.join(root, "")):
        raise BundleError(
            f"{folder / name} leads out of the bundle, to {found}: put it into the bundle itself"
        )
    return found


def open_in_bundle(folder: Path, name: str, most: int) -> IO[bytes]:
    """Open a file of a bundle, without waiting for anything.

    Args:
        folder: of the bundle, which may be reached through links.
        name: of the file in it. It may be a link to another file in the folder.
        most: bytes that it may have.

    Raises:
        OSError: it is missing or cannot be opened.
        ValueError: its path has a character that no path can have.
        BundleError: it leads out of the folder, is no regular file, or is larger.
    """
    file, shown = resolve_in_bundle(folder, name), folder / name
    # Before it is opened too: some devices do something when they are.
    _check_status(shown, os.lstat(file), most)
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
    stream = os.fdopen(os.open(file, flags), "rb")
    try:
        _check_status(shown, os.fstat(stream.fileno()), most)
    except BundleError:
        stream.close()
        raise
    return stream


def read_in_bundle(folder: Path, name: str, most: int) -> bytes:
    """Read a file of a bundle as a whole; with the arguments and errors of ``open_in_bundle``."""
    with open_in_bundle(folder, name, most) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise _too_large(folder / name, most)
    return content


def check_hash(file: Path, actual: str, expected: Expected) -> None:
    """
    Raises:
        BundleError: ``actual`` is another sha256 than the one that is expected.
    """
    if actual != expected.sha256:
        raise BundleError(
            f"{file} was changed: its sha256 is {actual[:12]}…, {expected.told_by} has "
            f"{expected.sha256[:12]}…. {expected.remedy}"
        )


class CheckedFile:
    """A file of a bundle that is open, and had the right size and hash when it was opened.

    Who may write to the file itself can still change it while it is loaded; ``check_unchanged``
    tells, once it is. It must not be made shorter while it is mapped: to exchange it, rename
    another one over it.
    """

    def __init__(self, folder: Path, expected: Expected) -> None:
        """
        Raises:
            BundleError: it is missing, was changed, leads out of ``folder`` or is no regular file.
        """
        self.path = folder / expected.name
        self._expected = expected
        try:
            self._stream = open_in_bundle(folder, expected.name, sys.maxsize)
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error
        try:
            self._before = self._status()
            self._check()
        except BaseException:
            self.close()
            raise

    @property
    def descriptor_path(self) -> str:
        """A path of the open file, for libraries that take nothing else. It leads to this very
        file, whatever its name stands for by now."""
        return f"/proc/self/fd/{self._stream.fileno()}"

    def map(self, changeable: bool = False) -> mmap.mmap:
        """The file as memory, to be closed, as by ``map_stream``."""
        return map_stream(self._stream, changeable)

    def copy_to(self, target: Path) -> None:
        """Write what was checked into a new file, and wait until it is on the disk.

        Raises:
            OSError: ``target`` is there, or cannot be written.
            BundleError: the file was written to meanwhile.
        """
        with target.open("xb") as copy:
            self._stream.seek(0)
            shutil.copyfileobj(self._stream, copy, _PIECE)
            copy.flush()
            os.fsync(copy.fileno())
        self.check_unchanged()

    def check_unchanged(self, by_name: bool = False) -> None:
        """See, after it was loaded, that what was loaded is what was checked.

        Args:
            by_name: it was loaded by its name, which must still stand for it.

        Raises:
            BundleError: it was written to or, ``by_name``, replaced meanwhile.
        """
        if by_name and not self._is_at_its_name():
            raise BundleError(f"{self.path} was replaced while it was loaded: load it again")
        # A second name, or none any more, changes the times too: then the hash decides.
        if self._status() != self._before:
            self._check()

    def close(self) -> None:
        """Close it. A second call does nothing."""
        self._stream.close()

    def __enter__(self) -> "CheckedFile":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _is_at_its_name(self) -> bool:
        try:
            named = os.stat(str(self.path))
        except OSError:
            return False
        return os.path.samestat(named, os.fstat(self._stream.fileno()))

    def _check(self) -> None:
        try:
            size = os.fstat(self._stream.fileno()).st_size
            if size != self._expected.size:
                raise BundleError(
                    f"{self.path} was changed: it has {size} bytes, {self._expected.told_by} has "
                    f"{self._expected.size}. {self._expected.remedy}"
                )
            check_hash(self.path, self._hash(), self._expected)
        except OSError as error:
            raise self._unreadable(error) from error

    def _hash(self) -> str:
        """Of as many bytes as it should have, however much it grows meanwhile."""
        self._stream.seek(0)
        digest, left = hashlib.sha256(), self._expected.size
        while left:
            piece = self._stream.read(min(left, _PIECE))
            if not piece:
                break
            digest.update(piece)
            left -= len(piece)
        return digest.hexdigest()

    def _status(self) -> Tuple[int, int, int]:
        status = os.fstat(self._stream.fileno())
        return status.st_size, status.st_mtime_ns, status.st_ctime_ns

    def _unreadable(self, error: Exception) -> BundleError:
        return BundleError(f"{self.path} cannot be read: {error}. {self._expected.remedy}")


def _check_status(file: Path, status: os.stat_result, most: int) -> None:
    for is_kind, kind in _KINDS:
        if is_kind(status.st_mode):
            raise BundleError(f"{file} is {kind}, it must be a regular file: copy the bundle again")
    if status.st_size > most:
        raise _too_large(file, most)


def _too_large(file: Path, most: int) -> BundleError:
    return BundleError(f"{file} has more than the {most} bytes that it may have: copy it again")
