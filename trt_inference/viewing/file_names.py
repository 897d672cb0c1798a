"""File names as they can be shown and written: on Linux a name is any bytes, in no encoding."""

import os
import re
from pathlib import Path
from typing import Match, Union

# Control characters, what changes the direction of a text, what ends a line, and bytes that are no
# UTF-8, which Python keeps as surrogates.
_NOT_SHOWN = re.compile(
    "[\\\\\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable_name(name: Union[str, Path]) -> str:
    r"""A name of a file or its path with ``\xe9`` for each byte that cannot be shown, and ``\\``
    for a backslash, so that the name can be read back. Most names stay as they are."""
    # Where the locale is C, Python 3.6 takes UTF-8 for such bytes as well.
    text = os.fsencode(str(name)).decode("utf-8", "surrogateescape")
    return _NOT_SHOWN.sub(_escaped, text)


def _escaped(found: Match[str]) -> str:
    if found.group() == "\\":
        return "\\\\"
    return "".join(f"\\x{byte:02x}" for byte in found.group().encode("utf-8", "surrogateescape"))
