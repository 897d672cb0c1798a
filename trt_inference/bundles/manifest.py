"""Read a bundle's manifest and check that it is whole, unchanged and of a known form."""

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, Mapping

import jsonschema

from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.errors import BundleError

MANIFEST = "model.json"
MANIFEST_VERSION = 1

_SCHEMA = json.loads(Path(__file__).with_name("manifest.schema.json").read_text("utf-8"))
_SCHEMA["properties"]["precisions"]["propertyNames"] = {"enum": list(PRECISIONS)}


def read_manifest(folder: Path) -> Dict[str, Any]:
    """The content of ``model.json`` in ``folder``, as the schema describes it.

    Raises:
        BundleError: not a bundle, written by another schema version, or changed since.
    """
    file = folder / MANIFEST
    try:
        manifest = json.loads(file.read_text("utf-8"))
    except NotADirectoryError:
        raise BundleError(f"'{folder}' is a file: give the folder that it is in") from None
    except FileNotFoundError:
        found = "no such folder" if not folder.exists() else f"there is no {MANIFEST} in it"
        raise BundleError(
            f"'{folder}' is not a bundle: {found}. "
            "Make one with: trt-inference convert SAVED_MODEL --output BUNDLE --labels FILE"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{file} cannot be read: {error}. Copy or convert it again") from error
    _check_manifest(file, manifest)
    return dict(manifest)


def sha256_of_manifest(manifest: Mapping[str, Any]) -> str:
    """The SHA-256 of a manifest's content, whatever its layout, without its own hash."""
    content = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()


def _check_manifest(file: Path, manifest: Any) -> None:
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if version != MANIFEST_VERSION:
        raise BundleError(
            f"{file} has schema_version {version!r}, this software reads {MANIFEST_VERSION}: "
            "convert the model again, or update trt_inference"
        )
    try:
        jsonschema.validate(manifest, _SCHEMA)
    except jsonschema.ValidationError as error:
        place = "/".join(str(part) for part in error.absolute_path) or "the top level"
        # Where the schema has a description, the validator's own words are of no help.
        reason = error.schema.get("description", error.message)
        raise BundleError(
            f"{file} is not valid at {place}: {reason}. "
            "If a newer converter wrote it, update trt_inference here; else convert the model again"
        ) from None
    if sha256_of_manifest(manifest) != manifest["sha256"]:
        raise BundleError(f"{file} was changed after it was written: convert the model again")
