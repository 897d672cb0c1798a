"""Foreign text as it can be shown: names, paths, labels, and messages that contain them.

Whoever made a file, or sends a message, chooses such text. As it is, it could end a line and begin
another that looks like ours, clear a terminal, or show its letters in another order.
"""

import os
import re
from pathlib import Path
from typing import Match, Union

MOST_CHARACTERS = 4000  # of one line
MOST_QUOTED = 300  # of a text within a message
MOST_LINES = 200
# Before each line of a message but the first, so that none looks like a record of its own.
CONTINUED = "  | "

# Control characters, what changes the direction of a text, what ends a line, what has no width, and
# bytes that are no UTF-8, which Python keeps as surrogates. What joins letters and emojis stays.
_HIDDEN = (
    "\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
_NOT_SHOWN = re.compile(f"[{_HIDDEN}]")
_NOT_IN_NAMES = re.compile(f"[\\\\{_HIDDEN}]")


def printable_name(name: Union[str, Path]) -> str:
    r"""A name of a file or its path with ``\xe9`` for each byte that cannot be shown, and ``\\``
    for a backslash, so that the name can be read back. Most names stay as they are."""
    # Where the locale is C, Python 3.6 takes UTF-8 for such bytes as well.
    text = os.fsencode(str(name)).decode("utf-8", "surrogateescape")
    return _NOT_IN_NAMES.sub(_escaped, text)


def printable(text: object) -> str:
    r"""A text in one line, with ``\x0a`` for each byte that cannot be shown. Backslashes stay, so
    that a text that is printable does too. A very long one lacks its middle, with its length."""
    return shortened(_NOT_SHOWN.sub(_escaped, str(text)), MOST_CHARACTERS)


def is_utf8(text: str) -> bool:
    """Whether the bytes that a text was made of, as those of a file's name, were all UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class OwnLines(str):
    """A text whose lines are kept when it is logged, as a traceback. In any other message the end
    of a line is foreign."""


def printable_lines(text: object) -> str:
    """A text of several lines, as a traceback: each is printable, and all but the first begin with
    ``CONTINUED``. Of very many lines the middle is left out, with their number."""
    lines = str(text).expandtabs(4).rstrip("\n").split("\n")
    left_out = len(lines) - MOST_LINES
    if left_out > 0:
        half = MOST_LINES // 2
        lines[half:-half] = [f"… {left_out} lines are left out …"]
    return f"\n{CONTINUED}".join(map(printable, lines))


def shortened(text: str, most: int = MOST_QUOTED) -> str:
    """A text that is longer than ``most`` characters, 100 or more, without its middle."""
    if len(text) <= most:
        return text
    half = most // 2 - 40  # with what is put between them it is not shortened again
    left_out = len(text) - 2 * half
    return f"{text[:half]} … {left_out} characters are left out … {text[-half:]}"


def _escaped(found: Match[str]) -> str:
    character = found.group()
    if character == "\\":
        return "\\\\"
    if "\udc80" <= character <= "\udcff":  # a byte of a name
        return f"\\x{ord(character) - 0xDC00:02x}"
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
