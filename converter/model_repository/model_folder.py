"""What a model repository has under a name: the versions, and the configuration of all of them."""

import re
import stat
from pathlib import Path
from typing import Any, List, Mapping, NamedTuple, Optional

from converter.errors import ModelRepositoryError
from converter.model_repository.model_config import (
    parameters,
    parse_config,
    remove_parameters,
    set_parameters,
    signature,
)
from trt_inference.engines.triton.model_parameters import (
    LARGEST_VERSION,
    ServedBundle,
    parameters_of,
    served_bundles,
)
from trt_inference.printable import printable_name, shortened

CONFIG = "config.pbtxt"

_VERSION = re.compile(r"[1-9][0-9]*")  # Triton ignores those with zeros before the number
_LARGEST_CONFIG = 4 << 20  # bytes
_LARGEST_BATCH = "largest_batch"
_NEWEST = ("bundle_sha256", "precision")  # of the newest version, for people


class Version(NamedTuple):
    """A version that an export wrote. ``largest_batch`` is None where it takes any number of
    images at once."""

    bundle: ServedBundle
    largest_batch: Optional[int]


class ModelFolder(NamedTuple):
    """A model that an export wrote.

    Attributes:
        config: for all versions, as it is.
        text: the same as it is written.
        versions: those that are there, the newest first.
        next_version: a number that no version has had, as far as is known.
    """

    path: Path
    config: Any
    text: str
    versions: List[Version]
    next_version: int


def read_model_folder(path: Path) -> Optional[ModelFolder]:
    """What is at ``path``; None where nothing is.

    Raises:
        ModelRepositoryError: it is something else than a model that an export wrote.
    """
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        if path.is_symlink():
            raise _foreign(path, "it is a link that leads nowhere") from None
        return None
    if not is_folder:
        raise _foreign(path, "it is no folder")
    text = _read_config(path)
    try:
        config = parse_config(text)
    except ModelRepositoryError as error:
        raise _foreign(path, f"its {CONFIG} is {shortened(str(error))}") from error
    known = parameters(config)
    told = served_bundles(known)
    if not told:
        raise _foreign(path, f"its {CONFIG} tells of no bundle")
    numbers = {int(one.name) for one in path.iterdir() if _VERSION.fullmatch(one.name)}
    newest = max([*numbers, *(one.version for one in told)])
    if newest >= LARGEST_VERSION:
        raise _foreign(path, f"its version {newest} is the last one, or beyond it")
    versions = [
        Version(one, _largest_batch(known, one.version)) for one in told if one.version in numbers
    ]
    return ModelFolder(path, config, text, versions, newest + 1)


def set_versions(config: Any, versions: List[Version]) -> None:
    """Let a configuration tell these versions, the newest first, and no other."""
    told = parameters_of(served_bundles(parameters(config)))
    batches = [name for name in parameters(config) if name.startswith(f"{_LARGEST_BATCH}.")]
    remove_parameters(config, [*told, *batches])
    set_parameters(config, parameters_of([one.bundle for one in versions]))
    for one in versions:
        if one.largest_batch is not None:
            name = f"{_LARGEST_BATCH}.{one.bundle.version}"
            set_parameters(config, {name: str(one.largest_batch)})
    newest = versions[0].bundle
    set_parameters(config, dict(zip(_NEWEST, (newest.sha256, newest.precision))))


def check_same_model(folder: ModelFolder, config: Any) -> None:
    """See that new versions of a model are what its clients and its configuration expect.

    Args:
        config: that the new version would have, were it the first.

    Raises:
        ModelRepositoryError: it has other inputs or outputs, or another platform.
    """
    there, new = folder.config, config
    if (there.backend, there.platform) != (new.backend, new.platform):
        found = shortened(there.platform or there.backend)
        raise _foreign(folder.path, f"its platform is {found}, not {new.platform or new.backend}")
    if signature(there) != signature(new):
        raise _foreign(
            folder.path,
            f"it has {_shown(there)}, not {_shown(new)}, and all versions of a model have the same",
        )


def _read_config(path: Path) -> str:
    file = path / CONFIG
    try:
        status = file.lstat()
    except FileNotFoundError:
        raise _foreign(path, f"it has no {CONFIG}") from None
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_CONFIG:
        raise _foreign(path, f"its {CONFIG} is no regular file of at most {_LARGEST_CONFIG} bytes")
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise _foreign(path, f"its {CONFIG} is no UTF-8 ({error.reason})") from error


def _largest_batch(known: Mapping[str, str], version: int) -> Optional[int]:
    text = known.get(f"{_LARGEST_BATCH}.{version}", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _shown(config: Any) -> str:
    parts = [f"{name} {list(dims)}" for name, _, dims in signature(config)]
    return shortened(", ".join(parts) or "no tensors")


def _foreign(path: Path, reason: str) -> ModelRepositoryError:
    return ModelRepositoryError(
        f"'{printable_name(path)}' is no model that a version of this bundle can be added to: "
        f"{reason}. Choose another name by --model"
    )
