"""Finds the entry of a COCO file that stands for an image of a recording."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from converter.errors import DatasetError
from converter.inputs.coco_annotations import check_annotated_size
from converter.recordings.recorded_image import RecordedImage, image_name
from converter.replay.labelled.stamped_names import StampedName, named_topics, read_stamped_name
from trt_inference.printable import printable, shortened


def image_file(name: str) -> str:
    """The ``file_name`` of an image in COCO files: a jpeg, as tools that extract images write.

    Args:
        name: its topic and stamp.
    """
    return f"{name}.jpg"


class ImageEntries:
    """The ``images`` of a COCO file, by the topics and stamps in their names.

    Attributes:
        stamped: how many have a name that ends in a stamp.
        shared: ids of those that several images of one topic have the stamp of, so that nobody
            knows which of them is annotated.
    """

    def __init__(
        self, file: Path, entries: Sequence[dict[str, Any]], topics: Sequence[str]
    ) -> None:
        """
        Args:
            file: for errors.
            entries: with ``id`` and ``file_name``.
            topics: of the images that will be looked for.

        Raises:
            DatasetError: two entries have one id, or an id is not a whole number.
        """
        self.stamped = 0
        self.shared: set[int] = set()
        self._file, self._entries, self._topics = file, entries, tuple(topics)
        self._topic_of: dict[int, str] = {}  # by id, of those that an image was found of
        self._exact: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._rounded: dict[tuple[str, int, int], list[int]] = defaultdict(list)
        self._units: set[int] = set()
        self._named: dict[str, tuple[str, ...]] = {}  # topics by prefix
        _check_ids(file, entries)
        for number, entry in enumerate(entries):
            name = read_stamped_name(entry["file_name"])
            if name is not None:
                self.stamped += 1
                self._put(number, name)

    def find(self, image: RecordedImage) -> dict[str, Any] | None:
        """The entry that stands for an image.

        Raises:
            DatasetError: several do, or it stands for an image of another topic as well, or is of
                another size.
        """
        entry = self.find_stamped(image.topic, image.stamp)
        if entry is not None:
            height, width = image.frame.pixels.shape[:2]
            check_annotated_size(self._file, entry, (width, height))
        return entry

    def find_stamped(self, topic: str, stamp: int) -> dict[str, Any] | None:
        """The entry that stands for the image of a topic with a stamp, before it is decoded.

        Args:
            stamp: nanoseconds.

        Raises:
            DatasetError: several do, or it stands for an image of another topic as well.
        """
        numbers = self._numbers(topic, stamp)
        if not numbers:
            return None
        entry, file = self._entries[numbers[0]], image_file(image_name(topic, stamp))
        if len(numbers) > 1:
            raise DatasetError(
                f"'{self._file}' has {_quoted(entry)} and {_quoted(self._entries[numbers[1]])} for "
                f"one image: remove one, or name them by topic and stamp, as '{printable(file)}'"
            )
        self._check_topic(entry, topic, file)
        return entry

    def example(self) -> str:
        """The first name, for people."""
        return _quoted(self._entries[0]) if self._entries else "no image"

    def _put(self, number: int, name: StampedName) -> None:
        topics = self._named.get(name.prefix)
        if topics is None:
            topics = self._named[name.prefix] = named_topics(name.prefix, self._topics)
        for topic in topics:
            for stamp in name.exact:
                self._exact[topic, stamp].append(number)
            if name.unit:
                self._units.add(name.unit)
                self._rounded[topic, name.unit, name.rounded].append(number)

    def _numbers(self, topic: str, stamp: int) -> list[int]:
        """Indices of the entries that stand for an image."""
        numbers = list(self._exact.get((topic, stamp), ()))
        for unit in self._units if not numbers else ():
            below = stamp // unit  # cut off, or rounded up to the next one
            for rounded in (below, below + 1):
                numbers += self._rounded.get((topic, unit, rounded), ())
        return sorted(set(numbers))

    def _check_topic(self, entry: dict[str, Any], topic: str, file: str) -> None:
        known = self._topic_of.get(entry["id"])
        if known is None:
            self._topic_of[entry["id"]] = topic
        elif known == topic:
            self.shared.add(entry["id"])
        else:
            raise DatasetError(
                f"'{self._file}' has {_quoted(entry)}, and {printable(known)} and "
                f"{printable(topic)} both have an image of that stamp: put the topic into the "
                f"name, as '{printable(file)}', or choose one topic"
            )


def _check_ids(file: Path, entries: Sequence[dict[str, Any]]) -> None:
    seen: set[int] = set()
    for entry in entries:
        if not isinstance(entry["id"], int) or entry["id"] in seen:
            raise DatasetError(
                f"'{file}' has {_quoted(entry)} with the id {shortened(printable(entry['id']))}, "
                "which must be a whole number that no other image has"
            )
        seen.add(entry["id"])


def _quoted(entry: dict[str, Any]) -> str:
    return f"'{shortened(printable(entry['file_name']))}'"
