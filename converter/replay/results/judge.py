"""Whether a candidate may replace a baseline, by the limits that the user gave."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

from converter.comparison.annotated_accuracy import AnyAccuracy, accuracy_drop
from converter.replay.results.replay_results import ClassTally, Judgement
from converter.tables.wording import counted
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION

# What is counted, by task.
_COUNTED = {DETECTION: "detection", CLASSIFICATION: "classified image", SEGMENTATION: "pixel"}
# mAP is a mean of floats: 0.8 - 0.7 is a little more than 0.1.
_ROUNDING = 1e-9
_MOST_DECIMALS = 6


@dataclass(frozen=True)
class JudgeLimits:
    """What the candidate may do worse; None where nothing is asked.

    Attributes:
        lost: largest part of what the baseline has that the candidate may not have in the same
            class.
        new: what the candidate may have beside it, as a part of what the baseline has.
        map_drop: by how much mAP@0.5 and mAP@[.5:.95] may be lower, in [0, 1].
    """

    lost: float | None = None
    new: float | None = None
    map_drop: float | None = None


def judge(
    limits: JudgeLimits,
    total: ClassTally,
    compared: int,
    accuracy: tuple[AnyAccuracy, AnyAccuracy] | None,
    task: str = DETECTION,
    unusable: int = 0,
) -> Judgement:
    """Compare what was found with the limits. What is exactly at a limit is allowed; a limit that
    cannot be judged fails, since nothing shows that it is kept.

    Args:
        total: of all classes.
        compared: images with a usable result of both sides.
        accuracy: of the baseline and of the candidate; None without annotations.
        unusable: images that tell nothing: those that cannot be decoded, or of which the network
            of the baseline gave NaN.
    """
    if limits != JudgeLimits() and (reason := _too_few(compared, unusable)):
        return Judgement(failures=(f"the limits cannot be judged: {reason}",))
    verdicts = list(_verdicts(limits, total, compared, accuracy, _COUNTED[task]))
    return Judgement(
        failures=tuple(sentence for is_kept, sentence in verdicts if not is_kept),
        kept=tuple(sentence for is_kept, sentence in verdicts if is_kept),
    )


def _too_few(compared: int, unusable: int) -> str:
    """Why what was compared does not stand for the recording; empty where it does."""
    if not compared and not unusable:
        return "no image was compared"
    if compared < unusable:
        return f"only {compared:,} of {counted(compared + unusable, 'image')} could be used"
    return ""


def _verdicts(
    limits: JudgeLimits,
    total: ClassTally,
    compared: int,
    accuracy: tuple[AnyAccuracy, AnyAccuracy] | None,
    thing: str,
) -> Iterator[tuple[bool, str]]:
    """For each limit whether it is kept, and why."""
    if limits.lost is not None:
        yield _lost(limits.lost, total, compared, thing)
    if limits.new is not None:
        yield _new(limits.new, total, compared, thing)
    if limits.map_drop is not None:
        yield _drop(limits.map_drop, accuracy)


def _lost(limit: float, total: ClassTally, compared: int, thing: str) -> tuple[bool, str]:
    if reason := _not_judged(total, compared, thing):
        return False, f"what is lost cannot be judged: {reason}"
    lost = total.gone
    parts = f"{_number(total.lost)} lost, {_number(total.other_class)} of another class"
    parts += _far(lost - total.lost - total.other_class)
    return total.lost_share <= limit, (
        f"{_of(lost, total.before, thing)} lost ({parts}): {_share(lost, total, limit)}"
    )


def _new(limit: float, total: ClassTally, compared: int, thing: str) -> tuple[bool, str]:
    if reason := _not_judged(total, compared, thing):
        return False, f"what is new cannot be judged: {reason}"
    new = total.come
    parts = f"{_number(total.new)} new, {_number(total.became)} of another class before"
    parts += _far(new - total.new - total.became)
    things = counted(round(new), thing)
    return total.new_share <= limit, (
        f"{things} new ({parts}), the baseline has {_number(total.before)}: "
        f"{_share(new, total, limit)}"
    )


def _drop(limit: float, accuracy: tuple[AnyAccuracy, AnyAccuracy] | None) -> tuple[bool, str]:
    if accuracy is None:
        return False, (
            "the accuracy cannot be judged: no annotated image was looked at. Give annotations of "
            "images of the recording (--labels-coco)"
        )
    before, after = accuracy
    figures = "; ".join(
        f"{name} {value:.4f} → {after.figures[name]:.4f}" for name, value in before.figures.items()
    )
    drop = accuracy_drop(before, after)
    if isnan(drop):
        return False, f"the accuracy cannot be judged: {figures}"
    change = f"a drop of {drop:.4f}" if drop > 0 else "no drop"
    return drop <= limit + _ROUNDING, f"{figures}: {change}, allowed are {limit:.4f}"


def _not_judged(total: ClassTally, compared: int, thing: str) -> str:
    """Why nothing can be told; empty where it can."""
    if not total.before:
        return f"the baseline has not a single {thing} in {counted(compared, 'image')}"
    return ""


def _far(moved: float) -> str:
    """What has moved so far that nobody would take it for the same thing."""
    return f", {_number(moved)} moved too far to be matched" if moved > 0 else ""


def _of(part: float, whole: float, thing: str) -> str:
    return f"{_number(part)} of {counted(round(whole), thing)}"


def _number(value: float) -> str:
    return f"{round(value):,}"


def _share(part: float, total: ClassTally, limit: float) -> str:
    """Both in percent, with so many decimals that they differ if they do."""
    share = part / total.before
    for decimals in range(2, _MOST_DECIMALS):
        texts = [f"{100 * value:.{decimals}f} %" for value in (share, limit)]
        if share == limit or texts[0] != texts[1]:
            break
    return f"{texts[0]}, allowed are {texts[1]}"
