"""Foreign names in commands that a user may copy into a shell."""

import re
import shlex

from trt_inference.printable import printable


def topic_word(name: str, instead: str = "NAME") -> str:
    """The name of a topic or a node where it has only what ROS allows in names, else another
    word: anybody may announce any name."""
    return name if re.fullmatch(r"[A-Za-z0-9_/]{1,255}", name) else instead


def path_word(path: str) -> str:
    """A path of this machine as one word."""
    return shlex.quote(printable(path))
