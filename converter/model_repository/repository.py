"""Put versions of models into a repository so that a server sees all of one or nothing of it.

A server looks into the repository at any time. It takes each folder there for a model, hidden ones
too, and does not start where one is none; in the folder of a model it takes those with a number for
versions, and ignores others. So models and versions are made beside the repository, and get their
names when they are whole. A lock keeps two exports from taking the same number; who has it removes
what a killed one left.
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
from pathlib import Path
from typing import Callable, Iterator

from converter.errors import ModelRepositoryError
from converter.model_repository.model_folder import CONFIG, ModelFolder
from trt_inference.bundles.manifest import MANIFEST
from trt_inference.printable import printable_name

Fill = Callable[[Path], object]
_PARTIAL = ".partial-"
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
_FIRST = "1"
_OTHER_FOLDER = (
    "give a folder inside of it as the repository, and the server the same one, or make the "
    "repository where you may write beside it"
)


@contextlib.contextmanager
def locked_repository(given: Path, on_wait: Callable[[], object]) -> Iterator[Path]:
    """The repository, without links and made if it is not there, that no other export writes into
    until the block ends. If it was made and the block raises, it is removed.

    Args:
        on_wait: called before it is waited for another export.

    Raises:
        ModelRepositoryError: it cannot be one, or cannot be locked.
        OSError: it cannot be made.
    """
    repository = Path(os.path.realpath(str(given)))
    _check_is_none_yet_or_one(repository)
    is_new = not repository.exists()
    try:
        if is_new:
            repository.mkdir(exist_ok=True)
        with _lock(repository, on_wait):
            with contextlib.suppress(PermissionError):  # then nothing was made there either
                _remove_leftovers(repository.parent, re.escape(_beside(repository)) + r"\d+")
            yield repository
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):  # another export may have written into it
                repository.rmdir()
        raise


def _check_is_none_yet_or_one(repository: Path) -> None:
    shown = printable_name(repository)
    if not repository.parent.is_dir():
        raise ModelRepositoryError(
            f"'{shown}' cannot be made: there is no folder '{printable_name(repository.parent)}'"
        )
    if repository.exists() and not repository.is_dir():
        raise ModelRepositoryError(f"'{shown}' is a file, a model repository is a folder")
    for file, kind in ((CONFIG, "a model of Triton"), (MANIFEST, "a bundle")):
        if (repository / file).exists():
            raise ModelRepositoryError(
                f"'{shown}' is {kind}, not a repository, of which each folder is a model: give "
                "another folder, as the one that it is in"
            )


@contextlib.contextmanager
def _lock(repository: Path, on_wait: Callable[[], object]) -> Iterator[None]:
    """Lock the folder itself: a file in it would be left, and be another thing to explain."""
    descriptor = os.open(str(repository), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise ModelRepositoryError(
                f"'{printable_name(repository)}' cannot be locked against another export: {error}. "
                "Export to a local disk, and copy the model from there"
            ) from error
        yield
    finally:
        os.close(descriptor)


def add_model(repository: Path, name: str, config: str, fill: Fill) -> None:
    """Make a model with one version.

    Args:
        repository: that is locked.
        config: text of its configuration.
        fill: writes the files of the version into a folder.

    Raises:
        ModelRepositoryError: it cannot be moved into the repository.
        OSError: the disk is full or not writable; nothing is left.
    """
    staging = _staging(repository)
    try:
        try:
            _make_folder(staging, repository)
        except OSError as error:
            if error.errno not in (*_NOT_WRITABLE, errno.EXDEV):
                raise
            raise _not_beside(repository, error) from error
        version = staging / name / _FIRST
        version.mkdir(parents=True)
        fill(version)
        _write(staging / name / CONFIG, config)
        _move(staging / name, repository)
    finally:
        shutil.rmtree(str(staging), ignore_errors=True)


def add_version(folder: ModelFolder, config: str, fill: Fill) -> None:
    """Put a version beside those of a model.

    It is made beside the repository too, as a server that polls loads a model again while anything
    in its folder changes; where that is not possible, in a hidden folder in that of the model.

    Args:
        folder: in a repository that is locked.
        config: text of its new configuration, for all versions.
        fill: writes the files of the version into a folder. It may be called a second time.

    Raises:
        OSError: the disk is full or not writable; all is as it was.
    """
    model, repository = folder.path, folder.path.parent
    _remove_leftovers(model, re.escape(_PARTIAL) + r"\d+")
    try:
        _add_version(folder, config, fill, _staging(repository))
    except OSError as error:
        if error.errno not in (*_NOT_WRITABLE, errno.EXDEV):
            raise
        _add_version(folder, config, fill, model / f"{_PARTIAL}{os.getpid()}")


def _add_version(folder: ModelFolder, config: str, fill: Fill, staging: Path) -> None:
    """The configuration goes first. It then tells of a version that is not there, which nobody is
    served, and holds the new batch before the new version is loaded."""
    name, model = str(folder.next_version), folder.path
    version, text = staging / name, staging / CONFIG
    try:
        _make_folder(staging, model)
        version.mkdir()
        fill(version)
        _write(text, config)
        try:
            text.replace(model / CONFIG)
            version.rename(model / name)
        except BaseException:
            if version.exists():
                _write(text, folder.text)
                text.replace(model / CONFIG)
            raise
    finally:
        shutil.rmtree(str(staging), ignore_errors=True)


def _staging(repository: Path) -> Path:
    """Where this process makes what it puts into the repository."""
    return repository.parent / f"{_beside(repository)}{os.getpid()}"


def _beside(repository: Path) -> str:
    """What the name of a folder beside the repository begins with, before the number of the
    process that makes a model in it."""
    return f".{repository.name}{_PARTIAL}"


def _remove_leftovers(folder: Path, pattern: str) -> None:
    """Remove what exports left that were killed: none of them has the lock any more."""
    for found in folder.iterdir():
        if not re.fullmatch(pattern, found.name):
            continue
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(str(found), ignore_errors=True)
        else:
            found.unlink()


def _write(file: Path, text: str) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _make_folder(staging: Path, target: Path) -> None:
    """Make a folder of which the content can be moved into ``target``.

    Raises:
        OSError: it cannot be made, or is on another disk.
    """
    staging.mkdir()
    if staging.stat().st_dev != target.stat().st_dev:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(staging))


def _move(model: Path, repository: Path) -> None:
    try:
        model.rename(repository / model.name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        raise _not_beside(repository, error) from error


def _not_beside(repository: Path, error: OSError) -> ModelRepositoryError:
    return ModelRepositoryError(
        f"A new model is made beside the repository and then moved into it whole, because Triton "
        f"takes each folder in it for a model. Beside '{printable_name(repository)}' that is not "
        f"possible ({error.strerror}): {_OTHER_FOLDER}"
    )
