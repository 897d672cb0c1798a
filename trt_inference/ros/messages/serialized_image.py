"""Image messages as they come from the middleware, read in place.

rclpy copies the data of an image twice more to make a message of it. What stands here instead has
the fields of the message; its data are a view of the bytes that were received.
"""

import array
from typing import Any, Callable, Dict, NamedTuple, Union

from sensor_msgs.msg import CompressedImage, Image

from trt_inference.errors import ImageError
from trt_inference.images.serialized_images import (
    AnyBytes,
    HeaderFields,
    read_compressed_fields,
    read_raw_fields,
)
from trt_inference.ros.messages.headers import ImageHeader, Stamp, header_message


class SerializedImage(NamedTuple):
    """With the fields of sensor_msgs/Image."""

    header: ImageHeader
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview


class SerializedCompressedImage(NamedTuple):
    """With the fields of sensor_msgs/CompressedImage."""

    header: ImageHeader
    format: str
    data: memoryview


class DamagedImage(NamedTuple):
    """Bytes that are no image: who reads it raises ``error()``.

    What an ImageError said, and not that error: it would hold the bytes by its traceback, and once
    raised, this object too, in a circle that only the garbage collector ends.
    """

    header: ImageHeader
    reason: str
    kind: str

    def error(self) -> ImageError:
        """Why it cannot be used."""
        return ImageError(self.reason, kind=self.kind)


AnyImage = Union[Image, CompressedImage, SerializedImage, SerializedCompressedImage, DamagedImage]
_NO_HEADER = ImageHeader(Stamp(0, 0), "")
COMPRESSED_TYPES = (CompressedImage, SerializedCompressedImage)


def read_raw_message(message: AnyBytes) -> SerializedImage:
    """A serialised sensor_msgs/Image.

    Raises:
        ImageError: it is damaged.
    """
    header, image = read_raw_fields(message)
    width, height, encoding, step, data, is_bigendian = image
    return SerializedImage(_header(header), height, width, encoding, is_bigendian, step, data)


def read_compressed_message(message: AnyBytes) -> SerializedCompressedImage:
    """A serialised sensor_msgs/CompressedImage.

    Raises:
        ImageError: it is damaged.
    """
    header, image = read_compressed_fields(message)
    return SerializedCompressedImage(_header(header), image.format, image.data)


def read_any_message(kind: Any, message: AnyBytes) -> AnyImage:
    """A serialised message of ``kind``, Image or CompressedImage."""
    try:
        return READERS[kind](message)
    except ImageError as error:
        return DamagedImage(_NO_HEADER, str(error), error.kind)


def _header(fields: HeaderFields) -> ImageHeader:
    sec, nanosec, frame_id = fields
    return ImageHeader(Stamp(sec, nanosec), frame_id)


# By the type of the message.
READERS: Dict[Any, Callable[[AnyBytes], Union[SerializedImage, SerializedCompressedImage]]] = {
    Image: read_raw_message,
    CompressedImage: read_compressed_message,
}


def image_of_rclpy(image: Union[Image, SerializedImage]) -> Image:
    """The same as a message of rclpy, with a copy of the data; one that is a message already is
    returned as it is."""
    if isinstance(image, Image):
        return image
    data = array.array("B")
    data.frombytes(image.data)
    return Image(**dict(image._asdict(), header=header_message(image.header), data=data))
