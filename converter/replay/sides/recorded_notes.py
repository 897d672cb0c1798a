"""What the user should know of recorded results beside what differs, in sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence

from converter.recordings.published.paired_topics import LONGEST_DELAY
from converter.recordings.published.read_label_info import RecordedClasses
from converter.recordings.published.recorded_labels import AMBIGUOUS, BY_NUMBER
from converter.recordings.published.recorded_results import (
    EARLIER_FORM,
    HIGH_SCORE,
    LEFT_OUT,
    READ_RESULTS,
    ROTATED,
)
from converter.replay.sides.results_window import ResultsWindow
from converter.tables.wording import counted
from trt_inference.bundles.names import SEGMENTATION
from trt_inference.printable import printable, shortened

_MOST_NAMES = 10


def some_topics(names: Sequence[str]) -> str:
    """Names of topics, or of models, as they can be shown."""
    shown = [shortened(printable(one), 100) for one in names[:_MOST_NAMES]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def describe_classes(classes: RecordedClasses, task: str) -> Iterator[str]:
    """How class numbers were understood, and thresholds that were changed."""
    for topic, labels in classes.by_topic.items():
        by_number = labels.counts[BY_NUMBER] or task == SEGMENTATION
        if topic in classes.undescribed and by_number:
            yield (
                f"{some_topics([topic])} gives classes by number, and no label_info was recorded "
                "beside it: the numbers are taken for those of the bundle's labels. Record "
                "label_info too"
            )
        if labels.counts[AMBIGUOUS]:
            yield (
                f"{labels.counts[AMBIGUOUS]} times {some_topics([topic])} gives a class by a text "
                "that stands for several: it is taken for the first that has it as its name"
            )
    if len(classes.thresholds) > 1 and task != SEGMENTATION:
        values = ", ".join(f"{one:g}" for one in classes.thresholds[:_MOST_NAMES])
        yield f"The robot's score threshold was not the same all the time: {values}"


def describe_window(window: ResultsWindow, is_whole: bool) -> Iterator[str]:
    """Results that belong to no image, and stamps that several results or images have."""
    for topic, count in window.unused.items() if is_whole else ():
        if count:
            verb, them = ("belongs", "it") if count == 1 else ("belong", "them")
            yield (
                f"{counted(count, 'result')} on {some_topics([topic])} {verb} to no image: none "
                f"with that stamp was recorded within {LONGEST_DELAY:g} s of {them}"
            )
    for topic, count in window.repeated.items():
        yield (
            f"{count} times there is another result on {some_topics([topic])} with the same "
            "stamp: does more than one node publish there? The first one counts"
        )
    for topic, count in window.ambiguous.items():
        yield (
            f"{count} images of {some_topics([topic])} have a stamp of 0, or that of an image "
            "before: results are found by their stamps, so that these have none"
        )
    for topic, count in window.unreadable.items():
        yield f"{count} results on {some_topics([topic])} have no header that can be read"


def describe_flaws(counts: Counter[str]) -> Iterator[str]:
    """What is wrong with single detections."""
    left_out = [f"{counts[kind]} {kind}" for kind in LEFT_OUT if counts[kind]]
    if left_out:
        total = counts[READ_RESULTS] + sum(counts[kind] for kind in LEFT_OUT)
        yield f"Of {total} recorded results these are left out: {', '.join(left_out)}"
    if counts[ROTATED]:
        yield f"{counts[ROTATED]} recorded boxes are rotated: the upright box around each counts"
    if counts[HIGH_SCORE]:
        yield f"{counts[HIGH_SCORE]} recorded scores are above 1"
    if counts[EARLIER_FORM]:
        yield "The recorded boxes are of a vision_msgs before 4.0"
