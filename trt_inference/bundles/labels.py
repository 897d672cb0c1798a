"""Read the labels of a bundle: the names of the classes, one a line."""

import hashlib
import re
from pathlib import Path
from typing import Any, Mapping, Tuple

from trt_inference.bundles.bundle_files import Expected, check_hash, read_in_bundle
from trt_inference.errors import BundleError

_LARGEST = 8 << 20  # bytes: 65536 labels of more than a hundred
_LONGEST = 1000  # characters
# Controls but the tab, and the separators of lines and paragraphs.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_REMEDY = "Write one name on each line, in UTF-8, and convert the model again"


def read_labels_of_bundle(folder: Path, entry: Mapping[str, Any]) -> Tuple[str, ...]:
    """Return the names in the order of their numbers. Two classes may have one name.

    Lines end as on Linux or Windows, and a byte order mark before the first one is left out, as
    editors write them. A name must not be empty or have a character that would end a line.

    Args:
        entry: ``file``, ``sha256`` and ``count``, of the manifest.

    Raises:
        BundleError: the file is missing, changed, no UTF-8, or has other names than so many.
    """
    file = folder / entry["file"]
    try:
        content = read_in_bundle(folder, entry["file"], _LARGEST)
    except (OSError, ValueError) as error:
        raise BundleError(f"{file} cannot be read: {error}. Copy the bundle again") from error
    expected = Expected(entry["file"], entry["sha256"], len(content))
    check_hash(file, hashlib.sha256(content).hexdigest(), expected)
    try:
        names = _lines(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BundleError(f"{file} is not UTF-8 at byte {error.start}. {_REMEDY}") from None
    if len(names) != entry["count"]:
        raise BundleError(f"{file} has {len(names)} labels, the manifest has {entry['count']}")
    for number, name in enumerate(names, 1):
        reason = _reason_against(name)
        if reason:
            raise BundleError(f"{file} has a label in line {number} that {reason}. {_REMEDY}")
    return names


def _lines(text: str) -> Tuple[str, ...]:
    """Not by ``splitlines``, which ends lines at characters that editors show within one: each
    label behind it would have the number of another class."""
    lines = (text[1:] if text.startswith("\ufeff") else text).split("\n")
    if not lines[-1]:
        lines.pop()
    return tuple(line[:-1] if line.endswith("\r") else line for line in lines)


def _reason_against(name: str) -> str:
    control = _CONTROL.search(name)
    if control is not None:
        return f"has the control character U+{ord(control.group()):04X}"
    if len(name) > _LONGEST:
        return f"has {len(name)} characters, {_LONGEST} at most"
    return "" if name.strip() else "is empty"
