"""Files of the folder ``engines``, written so that a reader sees all of one or none."""

import contextlib
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Iterator

from converter.errors import OutputError
from trt_inference.bundles.atomic_write import Content, remove_leftovers, write_file
from trt_inference.bundles.bundle_files import open_in_bundle, resolve_in_bundle
from trt_inference.bundles.manifest import files_of, read_manifest
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.sidecar import Sidecar

_STAGING = ".build-"


def write_or_refuse(file: Path, content: Content) -> None:
    """Write a file whole.

    Raises:
        OutputError: the disk is full or not writable; an older file stays.
    """
    try:
        write_file(file, content)
    except OSError as error:
        raise OutputError(f"cannot write '{file}': {error}. The old one is unchanged") from error


def sha256_of(content: Content) -> str:
    """The SHA-256 of ``content`` as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_engine(bundle: Path, plan: Content, sidecar: Sidecar) -> None:
    """Write a plan, and its sidecar last: until that is there, the plan is not used.

    Raises:
        BundleError: a file of that name is a link out of the bundle.
        OutputError: the disk is full or not writable.
    """
    resolve_in_bundle(bundle, f"{ENGINES_FOLDER}/{sidecar.file}")
    write_or_refuse(bundle / ENGINES_FOLDER / sidecar.file, plan)
    write_sidecar(bundle, sidecar)


def publish_engine(staged_bundle: Path, bundle: Path, sidecar: Sidecar) -> None:
    """Move a plan that was written into ``staged_bundle`` into the bundle, and write its sidecar.

    Raises:
        OutputError: the disk is full or not writable.
    """
    place = Path(ENGINES_FOLDER, sidecar.file)
    try:
        (staged_bundle / place).replace(bundle / place)
    except OSError as error:
        raise OutputError(f"cannot write '{bundle / place}': {error}") from error
    write_sidecar(bundle, sidecar)


def write_sidecar(bundle: Path, sidecar: Sidecar) -> None:
    """Write the sidecar of an engine beside its plan.

    Raises:
        BundleError: a file of that name is a link out of the bundle.
        OutputError: the disk is full or not writable.
    """
    file = (bundle / ENGINES_FOLDER / sidecar.file).with_suffix(".json")
    resolve_in_bundle(bundle, f"{ENGINES_FOLDER}/{file.name}")
    text = json.dumps(sidecar.content(), indent=2) + "\n"
    write_or_refuse(file, text.encode("utf-8"))


def check_writable(bundle: Path) -> None:
    """See that engines can be written, before one is built for minutes.

    Raises:
        BundleError: their folder leads out of the bundle.
        OutputError: they cannot.
    """
    engines = bundle / ENGINES_FOLDER
    resolve_in_bundle(bundle, ENGINES_FOLDER)
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
        BundleError: a file of the bundle cannot be used.
    """
    engines = bundle.resolve() / ENGINES_FOLDER
    names = files_of(read_manifest(bundle))
    folder = engines / f"{_STAGING}{os.getpid()}"
    try:
        engines.mkdir(parents=True, exist_ok=True)
        remove_leftovers(engines, _STAGING)
        remove_leftovers(engines, ".*.partial-")
        folder.mkdir()
        for name in names:
            open_in_bundle(engines.parent, name, sys.maxsize).close()  # no link leads out of it
            _put(engines.parent / name, folder / name)
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
