"""Image messages of a recording → frames, by the node's own decoding."""

from typing import Collection, Iterator

from converter.recordings.cdr_fields import CdrFields
from converter.recordings.recorded_image import RecordedImage
from converter.recordings.recorded_message import Excerpt, RecordedMessage
from converter.recordings.recordings import Recordings
from trt_inference.errors import ImageError
from trt_inference.images.checks import check_frame_id
from trt_inference.images.image_reader import CompressedImage, ImageReader, RawImage
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
    fields = CdrFields(message.data)
    stamp, frame_id = _header(fields)
    image = _image(message.type, fields)
    check_frame_id(frame_id)
    return RecordedImage(
        message.topic,
        stamp,
        frame_id,
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
    return _header(CdrFields(message.data))


def image_fields(message: RecordedMessage) -> RawImage | CompressedImage:
    """An image message as the node's reader takes it; its data are a view of the message.

    Raises:
        ImageError: it is damaged, or no image.
    """
    fields = CdrFields(message.data)
    _header(fields)
    return _image(message.type, fields)


def _header(fields: CdrFields) -> tuple[int, str]:
    seconds, nanoseconds = fields.int32(), fields.uint32()
    return seconds * 10**9 + nanoseconds, fields.text()


def _image(type_name: str, fields: CdrFields) -> RawImage | CompressedImage:
    """What follows the header."""
    image: RawImage | CompressedImage
    if type_name == RAW_TYPE:
        height, width, encoding = fields.uint32(), fields.uint32(), fields.text()
        is_bigendian, step = fields.uint8(), fields.uint32()
        image = RawImage(width, height, encoding, step, fields.octets(), is_bigendian)
    elif type_name == COMPRESSED_TYPE:
        image = CompressedImage(fields.text(), fields.octets())
    else:
        raise ImageError(f"a message of type {type_name} is no image", kind="no image")
    fields.end()
    return image
