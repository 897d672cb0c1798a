"""Figures of a replay as people read them; page and terminal show the same ones."""

from converter.replay.results.replay_results import ClassTally, ReplayResults, TimeBin
from trt_inference.printable import printable, shortened

_MOST_LETTERS = 80  # of a name
_FIRST, _LAST = 50, 25  # of a longer one
_MOST_OF_A_TEXT = 400


def name_text(name: str) -> str:
    """A foreign name in one line that has an end."""
    text = printable(name)
    return text if len(text) <= _MOST_LETTERS else f"{text[:_FIRST]} … {text[-_LAST:]}"


def text_in_line(text: str) -> str:
    """A foreign text that is not a name, in one line that has an end."""
    return shortened(printable(text), _MOST_OF_A_TEXT)


def count_text(value: float) -> str:
    """``1,274``: what is counted is whole."""
    return f"{value:,.0f}"


def share_text(part: float, whole: float) -> str:
    """A share in percent, of which only none is 0 % and only all is 100 %."""
    share = 100 * part / whole if whole else 0.0
    if share <= 0:
        return "0 %"
    if share < 0.01:
        return "under 0.01 %"
    if share < 100 <= round(share, 1):
        return "over 99.9 %"
    if share == 100:
        return "100 %"
    return f"{share:.2f} %" if share < 10 else f"{share:.1f} %"


def iou_text(tally: ClassTally) -> str:
    """How much of the pixels of a class on either side both sides have in it."""
    either = tally.before + tally.after - tally.matched
    if not either:
        return "–"
    iou = tally.matched / either
    return "1" if iou == 1 else f"{min(iou, 0.9999):.4f}"


def seconds_text(seconds: float) -> str:
    """A length of time, or a time since the recording's start: ``14.98 s``, ``12:05 min``."""
    if seconds < 120:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d} h"


def length_of(timeline: tuple[TimeBin, ...]) -> float:
    """Seconds from the start of the first bin to the end of the last one."""
    return timeline[-1].end - timeline[0].start if timeline else 0.0


def skipped_images(results: ReplayResults) -> int:
    """How many images could not be compared, for all reasons."""
    return sum(one.images for one in results.skipped)
