"""Image messages of a recording → frames, by the node's own decoding."""

from typing import Collection, Iterator

from converter.recordings.recorded_image import RecordedImage
from converter.recordings.recorded_message import Excerpt, RecordedMessage
from converter.recordings.recordings import Recordings
from trt_inference.errors import ImageError
from trt_inference.images.checks import check_frame_id
from trt_inference.images.image_reader import CompressedImage, ImageReader, RawImage
from trt_inference.images.serialized_images import (
    HeaderFields,
    read_compressed_fields,
    read_header_fields,
    read_raw_fields,
)
from trt_inference.inference.frame import Frame

RAW_TYPE = "sensor_msgs/msg/Image"
COMPRESSED_TYPE = "sensor_msgs/msg/CompressedImage"


def excerpted(
    recordings: Recordings, topics: Collection[str], excerpt: Excerpt
) -> Iterator[RecordedMessage]:
    """The messages of ``topics`` in the excerpt, in order of recording, not decoded. The first of
    each topic after ``excerpt.start`` is the first that ``excerpt.every`` counts."""
    seen = dict.fromkeys(topics, 0)
    taken = 0
    if excerpt.limit == 0:
        return
    for message in recordings.messages(topics, excerpt.start, excerpt.end):
        seen[message.topic] += 1
        if (seen[message.topic] - 1) % excerpt.every:
            continue
        yield message
        taken += 1
        if taken == excerpt.limit:
            return


def decode_message(message: RecordedMessage, reader: ImageReader) -> RecordedImage:
    """An image message with its pixels. They are often a view of the message, and good until the
    reader decodes another one.

    Raises:
        ImageError: the node would not take it; ``kind`` tells why.
    """
    header, image = _fields(message)
    check_frame_id(header.frame_id)
    return RecordedImage(
        message.topic,
        _nanoseconds(header),
        header.frame_id,
        message.log_time,
        message.seconds,
        _frame(image, reader),
    )


def _frame(image: RawImage | CompressedImage, reader: ImageReader) -> Frame:
    if isinstance(image, CompressedImage):
        return reader.read_compressed(image)
    return reader.read_raw(image)


def header_of(message: RecordedMessage) -> tuple[int, str]:
    """Stamp in nanoseconds and frame_id of a message that begins with a header.

    Raises:
        ImageError: it is damaged.
    """
    header = read_header_fields(message.data)
    return _nanoseconds(header), header.frame_id


def image_fields(message: RecordedMessage) -> RawImage | CompressedImage:
    """An image message as the node's reader takes it; its data are a view of the message.

    Raises:
        ImageError: it is damaged, or no image.
    """
    return _fields(message)[1]


def _fields(message: RecordedMessage) -> tuple[HeaderFields, RawImage | CompressedImage]:
    if message.type == RAW_TYPE:
        return read_raw_fields(message.data)
    if message.type == COMPRESSED_TYPE:
        return read_compressed_fields(message.data)
    raise ImageError(f"a message of type {message.type} is no image", kind="no image")


def _nanoseconds(header: HeaderFields) -> int:
    return header.sec * 10**9 + header.nanosec
