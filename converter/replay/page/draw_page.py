"""Draws the page of a replay: one HTML file that needs nothing beside it."""

from pathlib import Path
from typing import Any

from converter.replay.differences.difference import KINDS
from converter.replay.page.replay_facts import (
    accuracy_of_both,
    camera_table,
    most_changed,
    sides_table,
    skipped_table,
    speed_facts,
    stage_times,
    tile_facts,
)
from converter.replay.page.timeline_drawing import draw_timeline
from converter.replay.pictures.draw_marks import MARK_COLORS
from converter.replay.results.class_tables import class_table
from converter.replay.results.replay_results import ReplayResults, WorstImage
from converter.replay.results.replay_verdict import replay_verdict
from converter.replay.results.replay_wording import name_text, seconds_text, text_in_line
from converter.report.drawn_pictures import PicturePair, Side, jpeg_address
from converter.report.template import draw

_DIFFERENCES_SHOWN = 8
_MEANINGS = {
    "lost": "the baseline has it, the candidate has not; faded: it has, but with a score too low "
    "to be published",
    "new": "the candidate has it, the baseline has not",
    "other class": "at the same place, with another class",
    "moved": "the same class, and the box is elsewhere or of another size",
    "score shifted": "the same class and place, and another score",
}


def draw_replay_page(results: ReplayResults) -> str:
    """The page, in UTF-8 where it is written. Foreign text in it is escaped, printable and
    short."""
    return draw(page_values(results), "replay.html", Path(__file__).parent)


def page_values(results: ReplayResults) -> dict[str, Any]:
    """What the template fills in, section by section."""
    return {
        "task": results.task,
        "titles": (name_text(results.before.title), name_text(results.after.title)),
        "bags": [name_text(Path(bag).name or bag) for bag in results.bags],
        "verdict": replay_verdict(results),
        "tiles": tile_facts(results),
        "accuracy": accuracy_of_both(results),
        "timeline": draw_timeline(results),
        "legend": _legend(results.task),
        "worst": [_worst(number, one) for number, one in enumerate(results.worst, 1)],
        "compared": results.compared,
        "differing": results.differing,
        "most_shown": _DIFFERENCES_SHOWN,
        "classes": class_table(results),
        "most_changed": most_changed(results),
        "speed": speed_facts(results),
        "has_bare": results.speed.bare is not None,
        "stages": stage_times(results),
        "cameras": camera_table(results.topics),
        "skipped": skipped_table(results.skipped),
        "notes": [text_in_line(note) for note in results.notes],
        "sides": sides_table(results.before, results.after),
    }


def _legend(task: str) -> list[dict[str, str]]:
    """The colours of the marks, and what each kind of difference is."""
    if task != "detection":
        return []
    return [{"kind": kind, "meaning": _MEANINGS[kind], "color": _css_color(kind)} for kind in KINDS]


def _css_color(kind: str) -> str:
    blue, green, red = MARK_COLORS[kind]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _worst(number: int, one: WorstImage) -> dict[str, Any]:
    name, captions = name_text(one.name), tuple(map(text_in_line, one.captions))
    sides = tuple(
        Side(title, caption, jpeg_address(file))
        for title, caption, file in zip(
            ("Baseline", "Candidate"), captions, one.pictures, strict=True
        )
    )
    return {
        "number": number,
        "name": name,
        "topic": name_text(one.topic),
        "time": seconds_text(one.seconds),
        "stamp": name_text(one.name.rpartition("/")[2]),
        "differences": [text_in_line(text) for text in one.differences],
        "pair": PicturePair(name, (sides[0], sides[1]), same=captions[0] == captions[1]),
    }
