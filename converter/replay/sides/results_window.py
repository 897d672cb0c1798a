"""The result of each image of a recording, found while the images are read."""

import zlib
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from converter.recordings.image_messages import header_of
from converter.recordings.published.paired_topics import LONGEST_DELAY, TopicPair
from converter.recordings.recorded_image import RecordedImage
from converter.recordings.recorded_message import RecordedMessage
from converter.recordings.recordings import Recordings
from trt_inference.errors import ImageError

_LARGE = 1 << 16  # bytes; of class maps, which get much smaller


class _Key(NamedTuple):
    topic: str
    stamp: int
    frame_id: str


@dataclass
class _Waiting:
    """A result that was read, until no image can belong to it any more."""

    message: RecordedMessage
    is_packed: bool
    used_by: set[str] = field(default_factory=set)  # topics of images

    def unpacked(self) -> RecordedMessage:
        if not self.is_packed:
            return self.message
        return self.message._replace(data=zlib.decompress(self.message.data))


class ResultsWindow:
    """Reads results no further ahead of the images than it must, and ``LONGEST_DELAY`` seconds of
    recording at most, so that it holds a few seconds of them however long the recording is.

    Attributes:
        unused, repeated, unreadable: results by topic: of no image that was looked for, with the
            stamp of one before, and without a header.
        ambiguous: images by topic: without a stamp, or with that of one before that has a result.
    """

    def __init__(
        self,
        recordings: Recordings,
        pairs: Collection[TopicPair],
        needs_frame_id: Collection[TopicPair],
    ) -> None:
        self.unused: Counter[str] = Counter()
        self.repeated: Counter[str] = Counter()
        self.unreadable: Counter[str] = Counter()
        self.ambiguous: Counter[str] = Counter()
        self._recordings = recordings
        self._results = {pair.images: pair.results for pair in pairs}
        self._with_frame_id = {pair.results for pair in needs_frame_id}
        self._waiting: OrderedDict[_Key, _Waiting] = OrderedDict()
        self._messages: Iterator[RecordedMessage] | None = None
        self._read_until = 0.0

    def find(self, image: RecordedImage) -> RecordedMessage | None:
        """The result of an image; None where there is none, or the stamp does not tell that it is
        of this image. Images come in the order of the recording.

        Raises:
            RecordingError: the recording cannot be read.
        """
        topic = self._results.get(image.topic)
        if topic is None:
            return None
        self._forget(image.seconds - LONGEST_DELAY)
        key = self._key(topic, image.stamp, image.frame_id)
        while key not in self._waiting and self._read_until <= image.seconds + LONGEST_DELAY:
            if not self._read_one(image.seconds - LONGEST_DELAY):
                break
        found = self._waiting.get(key)
        if not image.stamp or (found is not None and image.topic in found.used_by):
            self.ambiguous[image.topic] += 1
            return None
        if found is None:
            return None
        found.used_by.add(image.topic)
        return found.unpacked()

    def read_rest(self) -> None:
        """Count what is left once all images of the recording were looked at."""
        while self._read_one(0.0):
            self._forget(self._read_until - LONGEST_DELAY)
        self._forget(float("inf"))

    def close(self) -> None:
        """Stop reading."""
        end = getattr(self._messages, "close", None)  # of a generator
        self._messages = iter(())
        if end is not None:
            end()

    def _read_one(self, start: float) -> bool:
        """Take the next result in; False at the end.

        Args:
            start: seconds at which to begin, if nothing was read yet.
        """
        if self._messages is None:
            topics = set(self._results.values())
            self._messages = self._recordings.messages(topics, start=max(start, 0.0))
        message = next(self._messages, None)
        if message is None:
            self._read_until = float("inf")
            return False
        self._read_until = message.seconds
        try:
            key = self._key(message.topic, *header_of(message))
        except ImageError:
            self.unreadable[message.topic] += 1
            return True
        if key in self._waiting:
            self.repeated[message.topic] += 1
        else:
            self._waiting[key] = _packed(message)
        return True

    def _key(self, topic: str, stamp: int, frame_id: str) -> _Key:
        return _Key(topic, stamp, frame_id if topic in self._with_frame_id else "")

    def _forget(self, until: float) -> None:
        while self._waiting:
            key, oldest = next(iter(self._waiting.items()))
            if oldest.message.seconds >= until:
                return
            self.unused[key.topic] += not oldest.used_by
            del self._waiting[key]


def _packed(message: RecordedMessage) -> _Waiting:
    if len(message.data) >= _LARGE:
        return _Waiting(message._replace(data=zlib.compress(message.data, 1)), is_packed=True)
    # A view would keep all of the file that was read together with it.
    return _Waiting(message._replace(data=bytes(message.data)), is_packed=False)
