"""What the conversion took: seconds of the export, memory, and milliseconds of one image."""

from typing import Tuple

from converter.export.export import Export
from converter.tables.wording import Bar, Fact, bars
from converter.verification.verification_results import Verification


def speed_bars(verification: Verification) -> Tuple[Bar, ...]:
    """Milliseconds of one image on this workstation."""
    times = verification.milliseconds.items()
    return bars([(name, f"{value:,.1f} ms", value, "") for name, value in times])


def stage_bars(export: Export) -> Tuple[Bar, ...]:
    """Seconds of each stage of the export."""
    seconds = export.answer.seconds.items()
    return bars([(stage, f"{value:,.1f} s", value, "") for stage, value in seconds])


def export_facts(export: Export) -> Tuple[Fact, ...]:
    """Seconds of the whole export with the start of its process, and its memory."""
    return (
        Fact("whole export", f"{export.seconds:,.1f} s"),
        Fact("peak memory", f"{export.answer.peak_bytes / 1e9:,.2f} GB"),
    )
