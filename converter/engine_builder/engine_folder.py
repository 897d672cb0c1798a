"""Files of the folder ``engines``, written so that a reader sees all of one or none."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Iterator

from converter.errors import OutputError
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.sidecar import Sidecar

_STAGING = ".build-"


def write_whole(file: Path, content: bytes) -> None:
    """Write under another name, and rename when it is on the disk.

    Raises:
        OutputError: the disk is full or not writable; an older file stays.
    """
    partial = file.with_name(f".{file.name}.partial-{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    except OSError as error:
        raise OutputError(f"cannot write '{file}': {error}. The old one is unchanged") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def sha256_of(content: bytes) -> str:
    """As 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_engine(bundle: Path, plan: bytes, sidecar: Sidecar) -> None:
    """Write a plan, and its sidecar last: until that is there, the plan is not used.

    Raises:
        OutputError: the disk is full or not writable.
    """
    write_whole(bundle / ENGINES_FOLDER / sidecar.file, plan)
    write_sidecar(bundle, sidecar)


def write_sidecar(bundle: Path, sidecar: Sidecar) -> None:
    """
    Raises:
        OutputError: the disk is full or not writable.
    """
    file = (bundle / ENGINES_FOLDER / sidecar.file).with_suffix(".json")
    text = json.dumps(sidecar.content(), indent=2) + "\n"
    write_whole(file, text.encode("utf-8"))


def check_writable(bundle: Path) -> None:
    """See that engines can be written, before one is built for minutes.

    Raises:
        OutputError: they cannot.
    """
    engines = bundle / ENGINES_FOLDER
    try:
        engines.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write into '{engines}': {error}") from error
    if not os.access(str(engines), os.W_OK):
        raise OutputError(f"cannot write into '{engines}': copy the bundle to where you may write")


@contextlib.contextmanager
def staged(bundle: Path) -> Iterator[Path]:
    """A bundle of the same files but without engines, in which a new one is tried.

    It is gone at the end of the block; what is good has to be written into the real one.

    Raises:
        OutputError: the bundle cannot be written into.
    """
    engines = bundle.resolve() / ENGINES_FOLDER
    folder = engines / f"{_STAGING}{os.getpid()}"
    try:
        engines.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(engines)
        folder.mkdir()
        for file in engines.parent.iterdir():
            if file.is_file():
                _put(file, folder / file.name)
    except OSError as error:
        raise OutputError(f"cannot write into '{engines}': {error}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(str(folder), ignore_errors=True)


def _put(file: Path, target: Path) -> None:
    """A second name of the file, or a copy on file systems without such, as a USB stick's."""
    try:
        os.link(str(file.resolve()), str(target))
    except OSError:
        shutil.copyfile(str(file), str(target))


def _remove_leftovers(engines: Path) -> None:
    """Of runs that were killed."""
    for file in (*engines.glob(f"{_STAGING}*"), *engines.glob(".*.partial-*")):
        process = file.name.rpartition("-")[2]
        if not process.isdigit() or Path("/proc", process).exists():
            continue
        if file.is_dir():
            shutil.rmtree(str(file), ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                file.unlink()
