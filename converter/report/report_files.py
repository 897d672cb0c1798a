"""The two files of a report: its content as JSON, and the page that is drawn from it.

The page needs jinja2, which robots may lack: there only the content is written, with a mark that
the page is older, so that it is drawn where the report is asked for.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from converter.errors import OutputError
from trt_inference.bundles.names import REPORT_CONTENT, REPORT_PAGE

CONTENT, PAGE = Path(REPORT_CONTENT).name, Path(REPORT_PAGE).name
# Of the content: a page is drawn only from what its template knows.
VERSION = 1
_PAGE_IS_OLDER = "page_is_older"


def save_report(folder: Path, content: dict[str, Any]) -> Path:
    """Write both files into ``folder``, which is made if it is not there.

    A failure while they are written leaves the old ones as they were.

    Args:
        content: dataclasses and plain values; the page shows nothing else.

    Returns:
        The page, which is older than the content where jinja2 is missing.
    """
    shown = plain({**content, "version": VERSION})
    shown.pop(_PAGE_IS_OLDER, None)
    page = _draw(shown)
    if page is None:
        shown[_PAGE_IS_OLDER] = True
    texts = {CONTENT: json.dumps(shown, indent=1) + "\n", **({PAGE: page} if page else {})}
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


def load_report(folder: Path) -> dict[str, Any]:
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


def draw_if_older(folder: Path) -> None:
    """Draw the page anew where its content was written without jinja2."""
    try:
        content = load_report(folder)
    except OutputError:  # an old report has only its page
        return
    if content.get(_PAGE_IS_OLDER):
        save_report(folder, content)


def _draw(shown: dict[str, Any]) -> str | None:
    """The page; None without jinja2."""
    try:
        from converter.report.template import draw
    except ModuleNotFoundError as error:
        if error.name != "jinja2":
            raise
        return None
    return draw(shown)


def plain(value: Any) -> Any:
    """As it will be read again: dataclasses are objects, and tuples are lists."""
    return json.loads(json.dumps(value, default=dataclasses.asdict))
