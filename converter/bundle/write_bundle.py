"""Write a bundle so that a reader sees the old one or the new one, and never a part."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import glob
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from converter.errors import OutputError
from trt_inference.bundles.manifest import MANIFEST, sha256_of_manifest

# From Linux' fcntl.h and fs.h.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def check_output(output: Path, overwrite: bool) -> None:
    """See early whether ``output`` can be written.

    Raises:
        OutputError: it exists and may not be replaced, or is something else than a bundle.
    """
    _check_writable(output)
    if not output.exists():
        return
    if not overwrite:
        raise OutputError(f"'{output}' exists: choose another folder, or replace it by --overwrite")
    if not (output / MANIFEST).is_file():
        raise OutputError(f"'{output}' is not a bundle, so it is not replaced: remove it yourself")


def _check_writable(output: Path) -> None:
    parents = output.absolute().parents
    parent = next((folder for folder in parents if folder.exists()), output)
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise OutputError(f"cannot write '{output}': '{parent}' is not a folder to write into")


@contextlib.contextmanager
def new_bundle(output: Path, overwrite: bool) -> Iterator[Path]:
    """A folder beside ``output`` to write into, which becomes ``output`` at the end of the block.

    When the block raises, the folder is removed and ``output`` stays as it was.

    Raises:
        OutputError: the disk is full or not writable, or ``output`` may not be replaced.
    """
    check_output(output, overwrite)
    output = output.resolve()  # the place that a link stands for
    partial = output.with_name(f".{output.name}.partial-{os.getpid()}")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(output)
        partial.mkdir()
        yield partial
        _flush(partial)
        _publish(partial, output, overwrite)
    except OSError as error:
        raise OutputError(f"cannot write '{output}': {error}. Nothing was changed") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write ``model.json`` with the hash of its content."""
    signed = {**manifest, "sha256": sha256_of_manifest(manifest)}
    (folder / MANIFEST).write_text(json.dumps(signed, indent=2) + "\n", "utf-8")


def _publish(partial: Path, output: Path, overwrite: bool) -> None:
    """Put the new folder in the place of the old one, which then is at ``partial``."""
    check_output(output, overwrite)
    if not output.exists():
        partial.rename(output)
    elif not _exchange(partial, output):
        old = _set_aside(output)
        output.rename(old)
        partial.rename(output)
        shutil.rmtree(old)


def _set_aside(output: Path) -> Path:
    """Where the old bundle waits, on a file system that cannot exchange two folders."""
    return output.with_name(f".{output.name}.old")


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the file system cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    paths = _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other)
    if rename(*paths, _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _flush(folder: Path) -> None:
    """To the disk, so that a power cut after the renaming finds whole files."""
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())


def _remove_leftovers(output: Path) -> None:
    """Folders of runs that were killed."""
    old = _set_aside(output)
    if output.exists():
        shutil.rmtree(old, ignore_errors=True)
    elif old.exists():  # killed between the two renamings: the old bundle comes back
        old.rename(output)
    for folder in output.parent.glob(f".{glob.escape(output.name)}.partial-*"):
        process = folder.name.rpartition("-")[2]
        if process.isdigit() and not Path("/proc", process).exists():
            shutil.rmtree(folder, ignore_errors=True)
