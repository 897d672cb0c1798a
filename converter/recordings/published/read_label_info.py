"""What the class numbers and names of recorded results stand for, read before the results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan

from converter.errors import RecordingError
from converter.recordings.published.recorded_labels import (
    LabelInfoAtTime,
    RecordedLabels,
    class_number,
    label_info_at_time,
    names_in_order,
    without_repetition,
)
from converter.recordings.published.recorded_result_topics import (
    LABEL_INFO,
    VISION_INFO,
    topics_of_labels,
)
from converter.recordings.published.recorded_results import texts_of
from converter.recordings.recordings import Recordings
from trt_inference.bundles.names import SEGMENTATION
from trt_inference.printable import printable, shortened

_MOST_CLASSES = 30_000


@dataclass(frozen=True)
class RecordedClasses:
    """
    Attributes:
        labels: of all topics of results together.
        by_topic: how classes of each of them are understood.
        thresholds: all lowest scores of results that the robot has announced.
        undescribed: topics without a ``LabelInfo``, of which numbers are taken for those of the
            bundle.
        methods: what has published, as far as it says so.
    """

    labels: tuple[str, ...]
    by_topic: dict[str, RecordedLabels]
    thresholds: tuple[float, ...]
    undescribed: tuple[str, ...]
    methods: tuple[str, ...]


def read_classes(
    recordings: Recordings, results: Sequence[str], bundle_labels: Sequence[str], task: str
) -> RecordedClasses:
    """Read the ``LabelInfo`` beside each topic of results; where there is none, all classes that
    the results themselves name.

    Args:
        bundle_labels: what numbers stand for where no ``LabelInfo`` was recorded.

    Raises:
        RecordingError: there are more different classes than a detector has.
    """
    infos = {one: _label_infos(recordings, one) for one in results}
    undescribed = tuple(one for one in results if not infos[one])
    ours = LabelInfoAtTime(0.0, dict(enumerate(bundle_labels)), nan)
    used = {one: infos[one] or [ours] for one in results}
    labels = names_in_order([info for one in results for info in used[one]])
    if undescribed and task != SEGMENTATION:
        labels += _other_names(_texts(recordings, undescribed), labels)
    thresholds = [info.threshold for one in results for info in infos[one]]
    return RecordedClasses(
        tuple(labels),
        {one: RecordedLabels(used[one], labels) for one in results},
        tuple(sorted(set(filter(isfinite, thresholds)))),
        undescribed,
        tuple(dict.fromkeys(_methods(recordings, results))),
    )


def _label_infos(recordings: Recordings, results: str) -> list[LabelInfoAtTime]:
    """What the node that publishes the results says about its classes, by time."""

    def read() -> Iterator[LabelInfoAtTime]:
        name, _ = topics_of_labels(results)
        for message in recordings.messages([name]):
            if message.type == LABEL_INFO:
                try:
                    yield label_info_at_time(message.seconds, recordings.deserialize(message))
                except RecordingError:
                    continue  # as if it had not been recorded

    # Without names it says nothing about the classes.
    return without_repetition(info for info in read() if info.names)


def _methods(recordings: Recordings, results: Sequence[str]) -> Iterator[str]:
    for topic in results:
        for message in recordings.messages([topics_of_labels(topic)[1]]):
            if message.type == VISION_INFO:
                try:
                    yield shortened(printable(recordings.deserialize(message).method))
                except (RecordingError, AttributeError):
                    continue


def _texts(recordings: Recordings, topics: Sequence[str]) -> list[str]:
    """All that the results on these topics call classes, each once."""
    texts: dict[str, None] = {}
    for message in recordings.messages(topics):
        try:
            texts.update(dict.fromkeys(sorted(texts_of(recordings.deserialize(message)))))
        except RecordingError:
            continue  # counted when the results are looked up
        if len(texts) > _MOST_CLASSES:
            raise RecordingError(
                f"the results on {', '.join(map(printable, topics))} have more than "
                f"{_MOST_CLASSES} different classes: these are no classes, as "
                f"'{shortened(printable([*texts][-1]))}'. Give another topic with --recorded"
            )
    return list(texts)


def _other_names(texts: Sequence[str], labels: Sequence[str]) -> list[str]:
    """What is neither a label nor a number. Beside such names, numbers without a label are names
    too: their own number would be that of one of the names."""
    known = set(labels)
    unknown = {one: class_number(one) for one in texts if one not in known}
    if all(number is not None for number in unknown.values()):
        return []
    return [
        text for text, number in unknown.items() if number is None or not 0 <= number < len(labels)
    ]
