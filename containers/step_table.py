"""The table in README.md: what was done with each step of the Dockerfiles, and how."""

import re
from pathlib import Path
from typing import Iterable, List, NamedTuple

README = Path(__file__).resolve().parent / "README.md"
# In part: without something that cannot be had outside of the image.
RUN, IN_PART, NOT_RUN = "run", "run in part", "not run"
VERDICTS = (RUN, IN_PART, NOT_RUN)

_BEGIN, _END = "<!-- steps: make check-containers writes them -->", "<!-- end of steps -->"
_HEAD = ["| image | step | | | how |", "| --- | --- | --- | --- | --- |"]
_ROW = re.compile(r"\| (\w+) \| `(\w+)` \| `(.*)` \| \*\*(.*)\*\* \| (.*) \|")


class Row(NamedTuple):
    """One step of a Dockerfile, and what was done with it."""

    image: str
    digest: str
    words: str  # the beginning of the step
    verdict: str
    how: str


def beginning(text: str) -> str:
    """The first words of a step, as a cell of a table shows them."""
    words = " ".join(text.split()).replace("|", "/").replace("`", "'")
    return words if len(words) <= 60 else f"{words[:60].rsplit(' ', 1)[0]} …"


def read_rows(page: Path = README) -> List[Row]:
    return [Row(*found) for found in _ROW.findall(_parts(page)[1])]


def write_rows(rows: Iterable[Row], page: Path = README) -> None:
    before, _, after = _parts(page)
    lines = [
        f"| {r.image} | `{r.digest}` | `{r.words}` | **{r.verdict}** | {r.how} |" for r in rows
    ]
    table = "\n".join([*_HEAD, *lines])
    page.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}", "utf-8")


def _parts(page: Path) -> List[str]:
    before, begin, rest = page.read_text("utf-8").partition(_BEGIN)
    table, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the table: {_BEGIN} … {_END}")
    return [before, table, after]
