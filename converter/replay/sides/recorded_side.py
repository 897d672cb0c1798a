"""What the robot published when the recording was made, as one side of a replay."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from converter.errors import RecordingError
from converter.recordings.published.read_label_info import RecordedClasses, read_classes
from converter.recordings.published.recorded_result_topics import (
    RecordedResultTopics,
    choose_result_topics,
)
from converter.recordings.published.recorded_results import ResultReader
from converter.recordings.recorded_image import RecordedImage
from converter.recordings.recorded_message import Excerpt
from converter.recordings.recordings import Recordings
from converter.replay.sides.recorded_notes import (
    describe_classes,
    describe_flaws,
    describe_window,
    some_topics,
)
from converter.replay.sides.results_window import ResultsWindow
from converter.replay.sides.side import ReplaySide, SideResult
from trt_inference.bundles.names import SEGMENTATION
from trt_inference.inference.frame import Frame
from trt_inference.inference.results import OUTSIDE, Segmentation


def open_recorded_side(
    recordings: Recordings,
    image_topics: Sequence[str],
    asked: Sequence[str],
    labels: Sequence[str],
    task: str,
    excerpt: Excerpt = Excerpt(),  # noqa: B008 - it cannot be changed
) -> "RecordedSide | None":
    """Find the results that belong to the images, and their classes.

    Args:
        image_topics: whose images will be looked at.
        asked: the topics of results; by default those whose stamps are those of the images.
        labels: of the bundle that it is compared with.
        excerpt: which images will be looked at: results without an image can be counted only where
            it is all of them.

    Returns:
        None where there are no results in the recording and none were asked for.

    Raises:
        RecordingError: a topic that is asked for is missing or has other messages, or it is not
            clear which results belong to the images.
    """
    topics = choose_result_topics(recordings, image_topics, asked, task)
    if topics is None:
        return None
    results = list(dict.fromkeys(pair.results for pair in topics.pairs))
    classes = read_classes(recordings, results, labels, task)
    return RecordedSide(recordings, topics, classes, task, excerpt)


class RecordedSide(ReplaySide):
    """Gives what was published of each image. ``look`` is called in the order of the recording,
    by one thread at a time."""

    def __init__(
        self,
        recordings: Recordings,
        topics: RecordedResultTopics,
        classes: RecordedClasses,
        task: str,
        excerpt: Excerpt,
    ) -> None:
        self.title = "recorded"
        methods = f" by {some_topics(classes.methods)}" if classes.methods else ""
        self.details = some_topics([*classes.by_topic]) + methods
        self.task = task
        self.labels = classes.labels
        # Where it was changed meanwhile, or differs among cameras, there is not one.
        is_one = len(classes.thresholds) == 1 and task != SEGMENTATION
        self.score_threshold = classes.thresholds[0] if is_one else None
        self._recordings = recordings
        self._topics = topics
        self._classes = classes
        self._is_whole = excerpt == Excerpt()
        self._window = ResultsWindow(recordings, topics.pairs, topics.needs_frame_id)
        self._reader = ResultReader(task)
        self._errors: Counter[str] = Counter()  # results that cannot be read, by topic
        self._first_error = ""
        self._other_sizes: Counter[str] = Counter()  # class maps, by topic

    def look(self, image: RecordedImage) -> SideResult | None:
        """What the robot published of an image.

        Returns:
            None where it published nothing, or what cannot be read; ``after_reading`` tells how
            often that was so.
        """
        message = self._window.find(image)
        if message is None:
            return None
        labels = self._classes.by_topic[message.topic]
        try:
            content = self._recordings.deserialize(message)
            result = self._reader.read(content, partial(labels.class_id, seconds=message.seconds))
            if isinstance(result, Segmentation):
                result = _with_labels(result, partial(labels.of_number, seconds=message.seconds))
        except RecordingError as error:
            self._first_error = self._first_error or str(error)
            self._errors[message.topic] += 1
            return None
        if isinstance(result, Segmentation) and not _is_of_size(result.class_map, image.frame):
            self._other_sizes[message.topic] += 1
            return None
        return SideResult(published=result, pool=result)

    def after_reading(self) -> tuple[str, ...]:
        """What the user should know of the results, in sentences; once all images were looked
        at."""
        if self._is_whole:
            self._window.read_rest()
        return tuple(self._notes())

    def close(self) -> None:
        """Stop reading results."""
        self._window.close()

    def _notes(self) -> Iterator[str]:
        yield from self._topics.notes
        yield from describe_classes(self._classes, self.task)
        yield from describe_window(self._window, self._is_whole)
        for topic, count in self._errors.items():
            yield (
                f"{count} of the results on {some_topics([topic])} cannot be read, and their "
                f"images are not compared; the first one: {self._first_error}"
            )
        for topic, count in self._other_sizes.items():
            yield (
                f"{count} class maps on {some_topics([topic])} have another size than their "
                "images, which are not compared: the robot's node had other images"
            )
        yield from describe_flaws(self._reader.counts)


def _is_of_size(class_map: np.ndarray, frame: Frame) -> bool:
    """Whether it has a class for each pixel. Pixels of some encodings, as nv12, have more rows than
    the image, which takes a conversion to know."""
    return class_map.shape == frame.pixels.shape[:2] or class_map.shape == frame.bgr().shape[:2]


def _with_labels(result: Segmentation, class_id: Callable[[int], int]) -> Segmentation:
    """The same class map with the numbers of the labels of all topics.

    Raises:
        RecordingError: there are more of them than class maps count.
    """
    table = np.arange(OUTSIDE + 1)
    present = np.flatnonzero(np.bincount(result.class_map.ravel(), minlength=OUTSIDE + 1))
    for number in present[present != OUTSIDE].tolist():
        table[number] = class_id(number)
        if table[number] >= OUTSIDE:
            raise RecordingError(f"class {number} of a class map is one of more than {OUTSIDE}")
    if (table == np.arange(OUTSIDE + 1)).all():
        return result
    return Segmentation(table.astype(np.uint8)[result.class_map])
