"""Write a bundle so that a reader sees the old one or the new one, and never a part."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator

from converter.errors import OutputError
from trt_inference.bundles.atomic_write import new_folder, write_file
from trt_inference.bundles.manifest import MANIFEST, sha256_of_manifest


def check_output(output: Path, overwrite: bool) -> None:
    """See early whether ``output`` can be written.

    Raises:
        OutputError: it exists and may not be replaced, or is something else than a bundle.
    """
    _check_writable(output)
    if not output.exists():
        return
    if not (output / MANIFEST).is_file():
        raise OutputError(
            f"'{output}' is not a bundle, so it is not replaced: choose another folder, or remove "
            "it yourself"
        )
    if not overwrite:
        raise OutputError(f"'{output}' exists: choose another folder, or replace it by --overwrite")


def _check_writable(output: Path) -> None:
    parents = output.absolute().parents
    parent = next((folder for folder in parents if folder.exists()), output)
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise OutputError(f"cannot write '{output}': '{parent}' is not a folder to write into")


@contextlib.contextmanager
def new_bundle(output: Path, overwrite: bool) -> Iterator[Path]:
    """Give a folder beside ``output`` to write into, which becomes ``output`` at the end.

    When the block raises, the folder is removed and ``output`` stays as it was.

    Raises:
        OutputError: the disk is full or not writable, or ``output`` may not be replaced.
    """
    check_output(output, overwrite)

    def check_again() -> None:  # another command may have written it meanwhile
        check_output(output, overwrite)

    try:
        with new_folder(output, replace=overwrite, check=check_again) as folder:
            yield folder
    except OSError as error:
        raise OutputError(f"cannot write '{output}': {error}. Nothing was changed") from error


def write_manifest(folder: Path, manifest: Dict[str, Any]) -> None:
    """Write ``model.json`` with the hash of its content.

    Raises:
        OSError: it cannot be written.
    """
    signed = {**manifest, "sha256": sha256_of_manifest(manifest)}
    write_file(folder / MANIFEST, (json.dumps(signed, indent=2) + "\n").encode("utf-8"))
