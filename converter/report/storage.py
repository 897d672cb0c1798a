"""The two files of a report: its content as JSON, and the page that is drawn from it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from converter.errors import OutputError
from converter.report.template import draw

CONTENT = "report.json"
PAGE = "index.html"
# Of the content: a page is drawn only from what its template knows.
VERSION = 1


def write(folder: Path, content: dict[str, Any]) -> Path:
    """Write both files into ``folder``, which is made if it is not there.

    A failure while they are written leaves the old ones as they were.

    Args:
        content: dataclasses and plain values; the page shows nothing else.

    Returns:
        The page.
    """
    shown = plain({**content, "version": VERSION})
    texts = {CONTENT: json.dumps(shown, indent=1) + "\n", PAGE: draw(shown)}
    folder.mkdir(parents=True, exist_ok=True)
    partial = {name: folder / f".{name}.partial" for name in texts}
    try:
        for name, text in texts.items():
            partial[name].write_text(text, "utf-8")
        for name, file in partial.items():
            file.replace(folder / name)
    finally:
        for file in partial.values():
            file.unlink(missing_ok=True)
    return folder / PAGE


def read(folder: Path) -> dict[str, Any]:
    """The content that was written into ``folder``.

    Raises:
        OutputError: it is missing, damaged, or of another version.
    """
    file = folder / CONTENT
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot read '{file}': {error}. Convert the model again") from error
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        raise OutputError(
            f"'{file}' has version {version}, and {VERSION} is needed: convert the model again"
        )
    return dict(content)


def plain(value: Any) -> Any:
    """As it will be read again: dataclasses are objects, and tuples are lists."""
    return json.loads(json.dumps(value, default=dataclasses.asdict))
