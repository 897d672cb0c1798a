"""Choose some images of a recording, spread over its time, and decode these alone."""

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from converter.recordings.image_messages import decode_message
from converter.recordings.recorded_image import RecordedImage, SkippedImage
from converter.recordings.recorded_message import RecordedMessage
from converter.recordings.recordings import Recordings
from trt_inference.errors import ImageError
from trt_inference.images.image_reader import ImageReader


class ListedImage(NamedTuple):
    """An image message that may be chosen.

    Attributes:
        place: among all messages of the chosen topics, from 0.
        topic: on which it was recorded.
        seconds: since the first message of the recording.
        annotated_as: the name that annotations have for it; empty without annotations.
    """

    place: int
    topic: str
    seconds: float
    annotated_as: str = ""


def list_images(
    recordings: Recordings,
    topics: Collection[str],
    find_name: Callable[[RecordedMessage], str | None] | None = None,
) -> tuple[ListedImage, ...]:
    """All image messages in the order of the recording, none of them decoded.

    Args:
        find_name: returns the name that annotations have for an image, None where they have none.
            Such an image is left out, and what has a name that another image has had.
    """
    messages = enumerate(recordings.messages(topics))
    if find_name is None:
        return tuple(ListedImage(place, one.topic, one.seconds) for place, one in messages)
    named: dict[str, ListedImage] = {}
    for place, message in messages:
        name = find_name(message)
        if name is not None and name not in named:
            named[name] = ListedImage(place, message.topic, message.seconds, name)
    return tuple(named.values())


class ImageGroup(NamedTuple):
    """Images that can take each other's place: of a camera, in a part of the recording.

    Attributes:
        listed: all of them, in the order of the recording.
        chosen: places of those to decode.
    """

    listed: tuple[ListedImage, ...]
    chosen: frozenset[int]


class ChosenImages:
    """Decodes the chosen images of a recording. Where one cannot be decoded, the next one of its
    group is tried, until that which is chosen itself.

    Attributes:
        skipped: what could not be decoded, filled while the images are read.
    """

    def __init__(
        self, recordings: Recordings, topics: Collection[str], groups: Collection[ImageGroup]
    ) -> None:
        self.skipped: list[SkippedImage] = []
        self._recordings = recordings
        self._topics = topics
        self._groups = groups
        self._reader = ImageReader()

    def __iter__(self) -> Iterator[tuple[ListedImage, RecordedImage]]:
        """Each image with its pixels, good until the next one."""
        of_place = {
            listed.place: (listed, number)
            for number, group in enumerate(self._groups)
            for listed in group.listed
        }
        chosen = frozenset().union(*(group.chosen for group in self._groups))
        wanted: set[int] = set()  # groups of which an image is to come
        for place, message in enumerate(self._recordings.messages(self._topics)):
            listed, group = of_place.get(place, (None, -1))
            if place in chosen:
                wanted.add(group)
            if listed is None or group not in wanted:
                continue
            image = self._decode(message)
            if image is not None:
                wanted.remove(group)
                yield listed, image

    def _decode(self, message: RecordedMessage) -> RecordedImage | None:
        try:
            return decode_message(message, self._reader)
        except ImageError as error:
            skipped = SkippedImage(message.topic, message.seconds, error.kind, str(error))
            self.skipped.append(skipped)
            return None
