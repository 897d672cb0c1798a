"""What one small model tells about the parsers of TensorRT."""

import re
from dataclasses import dataclass
from typing import Callable, Dict, Optional, Tuple

import onnx

# The rows of the table, and the release that each stands for.
ROWS: Dict[str, str] = {
    "8.0": "8.0.1",
    "8.2": "8.2.1",
    "8.4": "8.4.1",
    "8.5": "8.5.3",
    "8.6": "8.6.1",
    "10.0": "10.0.0",
    "10.3": "10.3.0",
    "10.13": "10.13.3",
    "11.1": "11.1.0",
}
PARSER, BUILDER, EITHER = "parser", "builder", "parser or builder"


@dataclass(frozen=True)
class Fact:
    """Which versions take a model.

    Ranges of versions are written ``8.5-``, ``8.0-8.4, 10.0-``, ``all`` or ``none``; both ends are
    meant with all their patch releases.
    """

    name: str
    make: Callable[[], onnx.ModelProto]
    taken: str
    # Where the sources say so, as the ``__init__`` of this folder explains.
    source: str
    # Who refuses: the parser, the builder afterwards, or one of them (the sources do not tell).
    by: str = PARSER
    # Where the sources do not tell whether it is taken.
    unknown: str = "none"
    # Where it is taken, but read as if it said something else.
    misread: str = "none"
    # Where nothing but init_libnvinfer_plugins registers the plugin that it needs.
    plugins: str = "none"

    def is_taken(self, version: str) -> Optional[bool]:
        """Whether ``version``, as ``8.6.1``, takes it; None where the sources do not tell."""
        return None if within(version, self.unknown) else within(version, self.taken)

    def is_parsed(self, version: str) -> Optional[bool]:
        """Whether the parser of ``version`` takes it, whatever the builder does then."""
        taken = self.is_taken(version)
        if taken is not False:
            return taken
        return {PARSER: False, BUILDER: True}.get(self.by)

    def needs_plugins(self, version: str) -> bool:
        """Whether ``version`` takes it after init_libnvinfer_plugins only."""
        return within(version, self.plugins)


def within(version: str, ranges: str) -> bool:
    """Whether ``8.6.1`` is in ranges such as ``8.0-8.4, 8.6-``."""
    if ranges in ("all", "none"):
        return ranges == "all"
    number = _number(version)
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        end = _number(last) if "-" in part else _number(first)
        if number >= _number(first) and (not end or number[: len(end)] <= end):
            return True
    return False


def _number(version: str) -> Tuple[int, ...]:
    return tuple(map(int, re.findall("[0-9]+", version)))
