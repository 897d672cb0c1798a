"""The two files of a report: its content as JSON, and the page that is drawn from it.

The content is what the page shows, in words: what is measured is read from the manifest and the
sidecars. The page needs jinja2, which robots may lack: there only the content is written, with a
mark that the page is older, so that it is drawn where the report is asked for.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any, Dict, Optional

from converter.errors import OutputError
from trt_inference.bundles.atomic_write import write_files
from trt_inference.bundles.bundle_files import read_in_bundle, resolve_in_bundle
from trt_inference.bundles.names import LARGEST_REPORT, REPORT_CONTENT, REPORT_PAGE
from trt_inference.errors import BundleError

CONTENT, PAGE = Path(REPORT_CONTENT).name, Path(REPORT_PAGE).name
# Of the content: a page is drawn only from what its template knows.
VERSION = 1
_PAGE_IS_OLDER = "page_is_older"


def save_report(folder: Path, content: Dict[str, Any]) -> Path:
    """Write both files into ``folder``, which is made if it is not there.

    A failure while they are written leaves the old ones as they were.

    Args:
        folder: in that of a bundle.
        content: dataclasses and plain values; the page shows nothing else.

    Returns:
        The page, which is older than the content where jinja2 is missing.

    Raises:
        BundleError: one of them is a link out of the bundle.
        OSError: they cannot be written.
    """
    for name in (CONTENT, PAGE):
        resolve_in_bundle(folder.parent, f"{folder.name}/{name}")
    shown = plain({**content, "version": VERSION})
    shown.pop(_PAGE_IS_OLDER, None)
    page = _draw(shown)
    if page is None:
        shown[_PAGE_IS_OLDER] = True
    texts = {CONTENT: json.dumps(shown, indent=1) + "\n", **({PAGE: page} if page else {})}
    # A file's name may have bytes that are no UTF-8, and the page shows names.
    encoded = {name: text.encode("utf-8", "backslashreplace") for name, text in texts.items()}
    write_files({folder / name: content for name, content in encoded.items()})
    return folder / PAGE


def has_report(folder: Path) -> bool:
    """Whether there is content that engines and precisions can be added to."""
    return (folder / CONTENT).is_file()


def load_report(folder: Path) -> Dict[str, Any]:
    """Read the content that was written into ``folder``.

    Raises:
        OutputError: it is missing, damaged, or of another version.
    """
    file = folder / CONTENT
    try:
        content = json.loads(
            read_in_bundle(folder.parent, f"{folder.name}/{CONTENT}", LARGEST_REPORT)
        )
    except (OSError, ValueError, BundleError) as error:
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


def _draw(shown: Dict[str, Any]) -> Optional[str]:
    """Draw the page; None without jinja2."""
    try:
        from converter.report.template import draw
    except ModuleNotFoundError as error:
        if error.name != "jinja2":
            raise
        return None
    return draw(shown)


def plain(value: Any) -> Any:
    """``value`` as it will be read again: dataclasses are objects, and tuples are lists."""
    return json.loads(json.dumps(value, default=dataclasses.asdict))
