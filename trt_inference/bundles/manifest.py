"""Read a bundle's manifest and check that it is whole, unchanged and of a known form."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

from trt_inference.bundles.bundle_files import read_in_bundle
from trt_inference.bundles.names import CLASS_MAP
from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.bundles.strict_json import find_fault, make_validator, parse_json
from trt_inference.errors import BundleError
from trt_inference.printable import shortened

MANIFEST = "model.json"
MANIFEST_VERSION = 1

_SCHEMA = json.loads(Path(__file__).with_name("manifest.schema.json").read_text("utf-8"))
_SCHEMA["properties"]["precisions"]["propertyNames"] = {"enum": list(PRECISIONS)}
_VALIDATOR = make_validator(_SCHEMA)
_LARGEST = 4 << 20  # bytes
# Pixels of an input, and cells of a class map: 8192x4096. A side alone may be longer.
_MOST_PIXELS = 1 << 25


def read_manifest(folder: Path) -> Dict[str, Any]:
    """The content of ``model.json`` in ``folder``, as the schema describes it.

    Raises:
        BundleError: not a bundle, written by another schema version, or changed since.
    """
    return load_manifest(folder)[0]


def load_manifest(folder: Path) -> Tuple[Dict[str, Any], str]:
    """The same with the SHA-256 of the file's bytes, as sha256sum prints it."""
    file = folder / MANIFEST
    content = _read(folder)
    try:
        manifest = parse_json(content)
    except ValueError as error:
        raise _unreadable(file, error) from error
    _check_manifest(file, manifest)
    return dict(manifest), hashlib.sha256(content).hexdigest()


def _read(folder: Path) -> bytes:
    try:
        return read_in_bundle(folder, MANIFEST, _LARGEST)
    except NotADirectoryError:
        raise BundleError(f"'{folder}' is a file: give the folder that it is in") from None
    except FileNotFoundError:
        is_there = os.path.exists(str(folder))
        found = f"there is no {MANIFEST} in it" if is_there else "no such folder"
        raise BundleError(
            f"'{folder}' is not a bundle: {found}. "
            "Make one with: trt-inference convert SAVED_MODEL --output BUNDLE --labels FILE"
        ) from None
    except (OSError, ValueError) as error:
        raise _unreadable(folder / MANIFEST, error) from error


def _unreadable(file: Path, error: Exception) -> BundleError:
    reason = shortened(str(error))
    return BundleError(f"{file} cannot be read: {reason}. Copy or convert it again")


def files_of(manifest: Mapping[str, Any]) -> List[str]:
    """The names of all files that a bundle with this manifest consists of."""
    entries = [manifest["labels"]]
    for precision in manifest["precisions"].values():
        entries += [precision, *([precision["data"]] if "data" in precision else [])]
    return [MANIFEST, *dict.fromkeys(entry["file"] for entry in entries)]


def sha256_of_manifest(manifest: Mapping[str, Any]) -> str:
    """The SHA-256 of a manifest's content, whatever its layout, without its own hash."""
    content = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()


def _check_manifest(file: Path, manifest: Any) -> None:
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if type(version) is not int or version != MANIFEST_VERSION:
        raise BundleError(
            f"{file} has schema_version {shortened(repr(version))}, this software reads "
            f"{MANIFEST_VERSION}: convert the model again, or update trt_inference"
        )
    fault = find_fault(manifest, _VALIDATOR) or _find_contradiction(manifest)
    if fault:
        raise BundleError(
            f"{file} is not valid at {fault}. "
            "If a newer converter wrote it, update trt_inference here; else convert the model again"
        )
    if sha256_of_manifest(manifest) != manifest["sha256"]:
        raise BundleError(f"{file} was changed after it was written: convert the model again")


def _find_contradiction(manifest: Mapping[str, Any]) -> str:
    """What a schema cannot express: products, and numbers that have to be the same."""
    height, width = manifest["input"]["height"], manifest["input"]["width"]
    if height * width > _MOST_PIXELS:
        return f"input: {width}x{height} are more than {_MOST_PIXELS} pixels"
    for place, output in enumerate(manifest["outputs"]):
        _, count, *others = output["shape"]
        if output["name"] == CLASS_MAP and count * others[0] > _MOST_PIXELS:
            return f"outputs/{place}/shape: {others[0]}x{count} are more than {_MOST_PIXELS} cells"
        if output["name"] != CLASS_MAP and count != manifest["candidates"]:
            return f"outputs/{place}/shape: {count} is not {manifest['candidates']}, the candidates"
    return ""
