"""What was found out about how pictures are prepared, for terminal and report."""

from typing import Sequence, Tuple

from converter.inputs.finding import Finding
from converter.tables.wording import Fact, Table
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import AREA


def fitting_text(fitting: Fitting) -> str:
    """How a picture is brought to the size of the input, in a few words."""
    words = [fitting.fit]
    if fitting.crop_fraction != 1:
        words[0] += f" of {fitting.crop_fraction:g}"
    if fitting.fit.startswith("letterbox"):
        words.append(f"borders of {fitting.pad_value}")
    words.append("antialiased (area)" if fitting.resize == AREA else "linear")
    return ", ".join(words)


def finding_facts(findings: Sequence[Finding]) -> Tuple[Fact, ...]:
    """What is known, and what shows it; what was assumed stands elsewhere."""
    return tuple(
        Fact(f"{one.subject.capitalize()} known by", one.text)
        for one in findings
        if not (one.assumed or one.caution)
    )


def evidence_tables(findings: Sequence[Finding]) -> Tuple[Table, ...]:
    """The figures behind the findings that have some."""
    return tuple(
        Table(f"What your pictures show of the {one.subject}", one.columns[1:], one.rows)
        for one in findings
        if one.rows
    )
