"""The verdict of a replay: whether the candidate may take the baseline's place."""

from dataclasses import dataclass
from math import isclose

from converter.replay.results.replay_headline import headline
from converter.replay.results.replay_results import ReplayResults, SideFacts
from converter.replay.results.replay_wording import (
    length_of,
    name_text,
    seconds_text,
    skipped_images,
    text_in_line,
)
from converter.tables.wording import counted

GOOD, WITHIN, CARE, FAILED = "good", "within", "care", "failed"
_SIGNS = {GOOD: "✓", WITHIN: "≈", CARE: "!", FAILED: "✕"}


@dataclass(frozen=True)
class ReplayVerdict:
    """What a reader has to know if they read nothing else.

    Attributes:
        tone: ``GOOD`` where nothing differs and nothing is doubtful; ``WITHIN`` where it differs
            within the limits that the user gave; ``FAILED`` where it exceeds one; else ``CARE``.
        headline: what differs.
        basis: what was compared.
        failures, kept: limits.
        cautions: what makes the comparison doubtful or incomplete.
    """

    tone: str
    headline: str
    basis: str
    failures: tuple[str, ...]
    kept: tuple[str, ...]
    cautions: tuple[str, ...]

    @property
    def sign(self) -> str:
        """A character that stands for the tone where there is no colour."""
        return _SIGNS[self.tone]


def replay_verdict(results: ReplayResults) -> ReplayVerdict:
    """Judge the results."""
    cautions = replay_cautions(results)
    return ReplayVerdict(
        tone=_tone(results, bool(cautions)),
        headline=headline(results),
        basis=_basis(results),
        failures=tuple(map(text_in_line, results.judgement.failures)),
        kept=tuple(map(text_in_line, results.judgement.kept)),
        cautions=tuple(map(text_in_line, cautions)),
    )


def replay_cautions(results: ReplayResults) -> tuple[str, ...]:
    """What makes the comparison doubtful or incomplete, in sentences."""
    skipped = skipped_images(results)
    silent = [one.name for one in results.topics if one.chosen and not one.compared]
    cautions = [
        *_about_side("baseline", results.before, results.compared),
        *_about_side("candidate", results.after, results.compared),
        *_about_thresholds(results.before.score_threshold, results.after.score_threshold),
        *(f"Of {name_text(name)} no image was compared" for name in silent if results.compared),
        *results.problems,
    ]
    if skipped:
        cautions.insert(0, f"{counted(skipped, 'image')} could not be compared: see why below")
    if results.compared and not results.total.before and not results.total.after:
        cautions.insert(0, "Neither side finds anything in these images, which proves nothing")
    return tuple(cautions)


def _about_side(name: str, side: SideFacts, compared: int) -> list[str]:
    found = []
    if side.not_finite:
        found.append(
            f"The network of the {name} gives NaN or infinity in "
            f"{counted(side.not_finite, 'image')}, of which a robot publishes nothing"
        )
    if side.missing > compared:
        found.append(
            f"The {name} has no result of {counted(side.missing, 'image')}, of more than were "
            "compared"
        )
    return found


def _about_thresholds(before: float | None, after: float | None) -> list[str]:
    # What a robot announces is a float32.
    if before is None or after is None or isclose(before, after, rel_tol=1e-6):
        return []
    return [
        f"The baseline publishes from a score of {before:g} on and the candidate from {after:g}: "
        "what lies between is lost or new for that alone. --score-threshold sets what bundles "
        "publish"
    ]


def _tone(results: ReplayResults, is_doubtful: bool) -> str:
    if results.judgement.failures:
        return FAILED
    if is_doubtful or not results.compared:
        return CARE
    if not results.differing:
        return GOOD
    return WITHIN if results.judgement.kept else CARE


def _basis(results: ReplayResults) -> str:
    if not results.compared:
        chosen = sum(one.chosen for one in results.topics)
        return f"There were {counted(chosen, 'image')} to compare."
    cameras = [one for one in results.topics if one.compared]
    parts = [f"{counted(results.compared, 'image')} of {counted(len(cameras), 'camera')} compared"]
    if results.timeline:
        parts.append(f"{seconds_text(length_of(results.timeline))} of recording")
    parts += [
        f"the {name} has no result of {counted(side.missing, 'other image')}"
        for name, side in (("baseline", results.before), ("candidate", results.after))
        if side.missing
    ]
    return f"{', '.join(parts)}."
