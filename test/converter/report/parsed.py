"""A page taken apart: its tables, facts and pictures."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np

DATA = "data:image/jpeg;base64,"


class Page(HTMLParser):
    """What is in a page.

    Attributes:
        rows: of all tables, cell by cell.
        tables: rows by the table's caption.
        facts: values by name, of all lists of facts.
        texts: of the elements with an ``id`` or a class, by it, each with all that is inside.
        attributes: tag, name and value.
        tags: of all elements.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.source = file.read_text("utf-8")
        self.rows: list[list[str]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.facts: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.attributes: list[tuple[str, str, str]] = []
        self.tags: list[str] = []
        self._open: list[tuple[str, list[str]]] = []
        self._fact: dict[str, str] = {}
        self._caption = ""
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = {name: value or "" for name, value in attrs}
        self.attributes.extend((tag, name, value) for name, value in given.items())
        if tag in ("meta", "img", "wbr"):  # these have no end
            return
        names = {*given.get("id", "").split(), *given.get("class", "").split()}
        self._open.append((tag, sorted(names)))
        if tag in ("table", "caption"):
            self._caption = ""
        elif tag == "tr":
            self.rows.append([])
            self.tables.setdefault(self._caption, []).append(self.rows[-1])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag in ("dt", "dd"):
            self._fact[tag] = ""

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        for tag, names in self._open:
            if tag in ("td", "th"):
                self.rows[-1][-1] += text
            elif tag in ("dt", "dd"):
                self._fact[tag] += text
            elif tag == "caption":
                self._caption += text
            for name in names:
                self.texts[name] = f"{self.texts.get(name, '')} {text}".strip()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag, f"</{tag}> ends something else"
        if tag == "dd":
            self.facts[self._fact["dt"]] = self._fact["dd"]

    def row(self, name: str) -> list[str]:
        """The other cells of the only row that begins with ``name``."""
        (found,) = (row[1:] for row in self.rows if row and row[0] == name)
        return found

    def pictures(self) -> list[np.ndarray]:
        """uint8 ``[h, w, 3]``, BGR, in their order."""
        sources = [value for tag, name, value in self.attributes if (tag, name) == ("img", "src")]
        return [decode(source) for source in sources]


def decode(source: str) -> np.ndarray:
    """The picture in a ``data:`` address."""
    assert source.startswith(DATA)
    values = np.frombuffer(base64.b64decode(source[len(DATA) :], validate=True), np.uint8)
    picture = cv2.imdecode(values, cv2.IMREAD_COLOR)
    assert picture is not None
    return picture
