"""What was found, as lines for people: each as soon as it is there."""

import os
from typing import Dict, Optional, TextIO

from trt_inference.doctor.diagnosis import DIAGNOSIS_LEVELS, IS_CAUTION, IS_ERROR, IS_OK, Diagnosis
from trt_inference.printable import printable

_COLORS = {IS_OK: "32", IS_CAUTION: "33", IS_ERROR: "31;1"}  # green, yellow, bold red
_WIDTH = max(map(len, DIAGNOSIS_LEVELS))
_INDENT = " " * (_WIDTH + 4)


class LineReport:
    """Prints diagnoses under their headings, in colors where the output is a terminal.

    rich, which the other commands print with, may be what is missing.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._heading = ""
        self._counts: Dict[str, int] = dict.fromkeys(DIAGNOSIS_LEVELS, 0)
        self._first: Dict[str, Diagnosis] = {}
        self._is_colored = (
            stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )

    def add(self, heading: str, diagnosis: Diagnosis) -> None:
        """Print a diagnosis, with its remedy below it."""
        if heading != self._heading:
            self._print(f"{'' if not self._heading else chr(10)}{self._colored(heading, '1')}")
            self._heading = heading
        self._counts[diagnosis.level] += 1
        self._first.setdefault(diagnosis.level, diagnosis)
        level = self._colored(f"{diagnosis.level:{_WIDTH}}", _COLORS[diagnosis.level])
        self._print(f"  {level}  {printable(diagnosis.subject)}: {printable(diagnosis.text)}")
        if diagnosis.remedy:
            self._print(f"{_INDENT}remedy: {printable(diagnosis.remedy)}")

    def print_summary(self) -> None:
        """Print how much was found, and what to do first."""
        errors, cautions, fine = (self._counts[one] for one in (IS_ERROR, IS_CAUTION, IS_OK))
        self._print(
            f"\n{errors or 'no'} error{'' if errors == 1 else 's'}, "
            f"{cautions or 'no'} caution{'' if cautions == 1 else 's'}, {fine} ok"
        )
        first: Optional[Diagnosis] = self._first.get(IS_ERROR) or self._first.get(IS_CAUTION)
        if first is not None:
            self._print(f"first: {printable(first.subject)}: {printable(first.remedy)}")

    def _colored(self, text: str, color: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self._is_colored else text

    def _print(self, line: str) -> None:
        """Print what the output's encoding lacks as ``\\u2192``, as Python 3.6 does not."""
        encoding = getattr(self._stream, "encoding", None) or "ascii"
        shown = line.encode(encoding, "backslashreplace").decode(encoding)
        print(shown, file=self._stream, flush=True)
