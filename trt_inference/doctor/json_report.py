"""What was found, as JSON for other programs; ``docs/doctor.md`` has its form."""

import json
from typing import Dict, List

from trt_inference.doctor.diagnosis import DIAGNOSIS_LEVELS, Diagnosis
from trt_inference.printable import printable

# Raised when a reader of an earlier version would go wrong; new keys do not raise it.
REPORT_VERSION = 1


class JsonReport:
    """Collects diagnoses."""

    def __init__(self) -> None:
        self._found: List[Dict[str, str]] = []

    def add(self, section: str, diagnosis: Diagnosis) -> None:
        """Add one, which was found under the heading ``section``."""
        values = {name: printable(value) for name, value in diagnosis._asdict().items()}
        self._found.append({"section": section, **values})

    def count(self, level: str) -> int:
        """How many of a level there are."""
        return sum(one["level"] == level for one in self._found)

    def text(self) -> str:
        """All of them, in ASCII."""
        counts = {level: self.count(level) for level in DIAGNOSIS_LEVELS}
        report = {"version": REPORT_VERSION, "counts": counts, "diagnoses": self._found}
        return json.dumps(report, indent=2)
