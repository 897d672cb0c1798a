"""Messages with lines of Python that save a model as a SavedModel."""

import shlex
from pathlib import Path
from typing import Sequence

HOW_TO_SAVE = "save it with model.export(DIR) or tf.saved_model.save(model, DIR, signatures=...)"


def with_lines(what: str, lines: Sequence[str], target: Path) -> str:
    """A message whose lines of Python can be copied: they begin where lines begin, because Python
    does not take lines that are indented without a reason, and empty lines are around them.

    Args:
        what: was given, a sentence without its end.
        target: the folder that the lines write.
    """
    before = f"{what}. These lines of Python save it as a SavedModel:"
    return "\n".join((before, "", *lines, "", f"Then give {path_literal(target)}"))


def beside(path: Path) -> Path:
    """The folder for the SavedModel that is made of ``path``."""
    return path.absolute().parent / f"{path.name.split('.')[0]}_saved_model"


def path_literal(path: Path) -> str:
    """The whole path as Python writes it."""
    return repr(str(path.absolute()))


def shell_word(path: Path) -> str:
    """The whole path as one word for a shell, whatever is in its name."""
    return shlex.quote(str(path.absolute()))
