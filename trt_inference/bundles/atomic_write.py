"""Write files and folders so that a reader sees the old one or the new one, and never a part.

What is written has a hidden name with the number of the process until it is whole and on the disk;
then it is renamed. What a killed process left is removed by the next one that writes there.
"""

import contextlib
import ctypes
import errno
import glob
import hashlib
import os
import shutil
from pathlib import Path
from typing import Callable, Iterator, Mapping, Optional, TextIO, Union

Content = Union[bytes, memoryview]
_PARTIAL = "partial"
_LONGEST_NAME = 230  # bytes; the rest is for what is put around it
# From Linux' fcntl.h and fs.h.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_file(file: Path, content: Content, durable: bool = True) -> None:
    """Write ``file`` whole, with its folder if that is missing; see ``write_files``."""
    write_files({file: content}, durable)


def write_files(contents: Mapping[Path, Content], durable: bool = True) -> None:
    """Write several files, of which none is renamed before all of them are written.

    A link stays, and the file that it stands for is written. What is no file, as /dev/stdout, is
    written to and not replaced.

    Args:
        durable: wait until they are on the disk, and remove what killed processes left of them.
            That takes milliseconds a file, too long for the thousands of pictures of a video.

    Raises:
        OSError: the disk is full or not writable; all older files stay.
    """
    special = [file for file in contents if file.exists() and not file.is_file()]
    whole = {file: _real_path(file) for file in contents if file not in special}
    partial = {target: _partial_name(target) for target in whole.values()}
    try:
        for file, target in whole.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            if durable:
                remove_leftovers(target.parent, glob.escape(_partial_prefix(target)))
            _write(partial[target], contents[file], durable)
        for file in special:
            file.write_bytes(contents[file])
        for target, unfinished in partial.items():
            unfinished.replace(target)
    finally:
        for unfinished in partial.values():
            with contextlib.suppress(OSError):
                unfinished.unlink()


@contextlib.contextmanager
def new_text_file(file: Path) -> Iterator[TextIO]:
    """Give a stream of UTF-8 to write into, which becomes ``file`` when the block ends. Its memory
    is bounded, however long the text. When the block raises, the old file stays.

    A link stays, and what is no file, as /dev/stdout, is written to, as by ``write_files``.

    Raises:
        OSError: the folder is not there, or the disk is full or not writable.
    """
    if file.exists() and not file.is_file():
        with _open_text(file) as stream:
            yield stream
        return
    target = _real_path(file)
    partial = _partial_name(target)
    try:
        remove_leftovers(target.parent, glob.escape(_partial_prefix(target)))
        with _open_text(partial) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _open_text(file: Path) -> TextIO:
    # Lines end as they are written, and no character makes it fail.
    return file.open("w", encoding="utf-8", errors="backslashreplace", newline="")


def _real_path(file: Path) -> Path:
    return Path(os.path.realpath(str(file)))


def _write(file: Path, content: Content, durable: bool) -> None:
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        if durable:
            os.fsync(stream.fileno())


@contextlib.contextmanager
def new_folder(
    output: Path, replace: bool, check: Optional[Callable[[], None]] = None
) -> Iterator[Path]:
    """Give a folder beside ``output`` to write into, which becomes ``output`` when the block ends.

    When the block raises, the folder is removed and ``output`` stays as it was.

    Args:
        replace: take the place of a folder that is there.
        check: called when all is on the disk, just before ``output`` is replaced; raises where it
            must not be.

    Raises:
        OSError: the disk is full or not writable, or ``output`` is there and may not be replaced.
    """
    output = output.resolve()  # the place that a link stands for
    partial = _partial_name(output)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        _restore(output)
        remove_leftovers(output.parent, glob.escape(_partial_prefix(output)))
        partial.mkdir()
        yield partial
        _flush(partial)
        if check is not None:
            check()
        _publish(partial, output, replace)
    finally:
        shutil.rmtree(str(partial), ignore_errors=True)


def remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove what processes that are gone left in ``folder``.

    Args:
        prefix: what the names begin with, before the number of the process; may have wildcards.
    """
    for found in folder.glob(f"{prefix}*"):
        process = found.name.rpartition("-")[2]
        if not process.isdigit() or Path("/proc", process).exists():
            continue
        if found.is_dir():
            shutil.rmtree(str(found), ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                found.unlink()


def _partial_name(target: Path) -> Path:
    return target.with_name(f"{_partial_prefix(target)}{os.getpid()}")


def _partial_prefix(target: Path) -> str:
    """What the hidden name begins with, before the number of the process. Of a name that leaves no
    room for that in the 255 bytes of Linux, a part with a hash of all of it."""
    name, whole = target.name, os.fsencode(target.name)
    if len(whole) > _LONGEST_NAME:
        digest = hashlib.sha256(whole).hexdigest()[:16]
        name = whole[: _LONGEST_NAME - len(digest)].decode("utf-8", "ignore") + digest
    return f".{name}.{_PARTIAL}-"


def _publish(partial: Path, output: Path, replace: bool) -> None:
    """Put the new folder in the place of the old one, which then is at ``partial``."""
    if not output.exists():
        partial.rename(output)
    elif not replace:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(output))
    elif not _exchange(partial, output):
        old = _set_aside(output)
        output.rename(old)
        partial.rename(output)
        shutil.rmtree(str(old))


def _set_aside(output: Path) -> Path:
    """Where the old folder waits, on a file system that cannot exchange two folders."""
    return output.with_name(f".{output.name}.old")


def _restore(output: Path) -> None:
    """Undo what a process that was killed between the two renamings did."""
    old = _set_aside(output)
    if output.exists():
        shutil.rmtree(str(old), ignore_errors=True)
    elif old.exists():
        old.rename(output)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the file system cannot."""
    rename: Optional[object] = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if not callable(rename):
        return False
    paths = _AT_FDCWD, os.fsencode(str(one)), _AT_FDCWD, os.fsencode(str(other))
    if rename(*paths, _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _flush(folder: Path) -> None:
    """Write all files to the disk, so that a power cut after the renaming finds them whole."""
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
