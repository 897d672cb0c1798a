"""Which topics of a recording are looked at: those asked for, or all of cameras."""

import itertools
from typing import NamedTuple, Sequence

from converter.errors import RecordingError
from converter.recordings.image_messages import COMPRESSED_TYPE, RAW_TYPE, image_fields
from converter.recordings.recorded_message import RecordedTopic
from converter.recordings.recordings import Recordings
from trt_inference.errors import ImageError
from trt_inference.images.encodings import ENCODINGS
from trt_inference.images.image_reader import RawImage
from trt_inference.printable import printable, shortened

_COMPRESSED = "/compressed"  # what image_transport adds to the name of a topic
_MOST_LISTED = 30  # topics in an error
_MOST_LOOKED_AT = 5  # messages, for one that is not damaged


class ImageTopics(NamedTuple):
    """
    Attributes:
        names: of the topics that are looked at.
        left_out: sentences about other topics of images, and why they are not.
    """

    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def choose_image_topics(recordings: Recordings, asked: Sequence[str]) -> ImageTopics:
    """
    Args:
        asked: names of topics, with or without their first slash; none for all topics of images
            that a camera, and not a detector, has published.

    Raises:
        RecordingError: a topic is not there or has no images, or no topic is left; with those that
            there are.
    """
    topics = [topic for topic in recordings.topics if topic.type in (RAW_TYPE, COMPRESSED_TYPE)]
    if asked:
        return ImageTopics(tuple(dict.fromkeys(_find(recordings, topics, name) for name in asked)))
    names: list[str] = []
    left_out: list[str] = []
    for topic in sorted(topics, key=lambda topic: topic.type == COMPRESSED_TYPE):
        reason = _reason_to_leave_out(recordings, topic, names)
        if reason:
            left_out.append(f"{printable(topic.name)} is left out: {reason}")
        elif topic.name not in names:
            names.append(topic.name)
    if not names:
        more = "".join(f"\n  {sentence}" for sentence in left_out)
        raise RecordingError(f"the recording has no images of a camera.{more}{_listed(recordings)}")
    return ImageTopics(tuple(sorted(names)), tuple(left_out))


def _find(recordings: Recordings, topics: Sequence[RecordedTopic], asked: str) -> str:
    for topic in topics:
        if topic.name.lstrip("/") == asked.lstrip("/"):
            return topic.name
    others = [one.type for one in recordings.topics if one.name.lstrip("/") == asked.lstrip("/")]
    what = f"has messages of type {printable(others[0])}" if others else "is not in the recording"
    raise RecordingError(f"topic {shortened(printable(asked))} {what}.{_listed(recordings)}")


def _listed(recordings: Recordings) -> str:
    """The topics of images, or all where there is none of images."""
    images = [one for one in recordings.topics if one.type in (RAW_TYPE, COMPRESSED_TYPE)]
    shown = images or list(recordings.topics)
    lines = [f"\n  {_described(topic)}" for topic in shown[:_MOST_LISTED]]
    if len(shown) > _MOST_LISTED:
        lines.append(f"\n  and {len(shown) - _MOST_LISTED} more")
    head = "topics of images" if images else "topics, none of images"
    return f"\nIt has these {head}:{''.join(lines)}"


def _described(topic: RecordedTopic) -> str:
    name, type_name = (shortened(printable(text)) for text in topic[:2])
    return f"{name} ({type_name}, {topic.messages} message{'' if topic.messages == 1 else 's'})"


def _reason_to_leave_out(
    recordings: Recordings, topic: RecordedTopic, chosen: Sequence[str]
) -> str:
    """Empty for images that the node takes from a camera."""
    if not topic.messages:
        return "it has no message"
    is_compressed = topic.name.endswith(_COMPRESSED)
    raw_name = topic.name[: -len(_COMPRESSED)] if is_compressed else topic.name
    if is_compressed and raw_name in chosen:
        return f"{printable(raw_name)} has the same images, not compressed"
    if raw_name.endswith("/debug_image"):
        return "images in which a detector has drawn"
    if topic.name.endswith("/compressedDepth"):
        return "images of depth"
    return _reason_in_encoding(raw_name, _encoding(recordings, topic))


def _reason_in_encoding(name: str, encoding: str | None) -> str:
    if encoding is not None and encoding not in ENCODINGS:
        return f"the node does not take encoding {shortened(printable(encoding))!r}"
    if name.endswith("/segmentation") and encoding == "mono8":
        return "classes of pixels, as a detector publishes them"
    return ""


def _encoding(recordings: Recordings, topic: RecordedTopic) -> str | None:
    """Of the first image that is not damaged: its encoding, or that which was compressed where the
    message tells."""
    for message in itertools.islice(recordings.messages([topic.name]), _MOST_LOOKED_AT):
        try:
            image = image_fields(message)
        except ImageError:
            continue
        if isinstance(image, RawImage):
            return image.encoding
        encoding, semicolon, _ = image.format.partition(";")
        return encoding.strip() if semicolon else None
    return None
