"""Whether images can be read from their bytes on this robot: its type support is asked."""

import array
from typing import Any, Iterator

from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from trt_inference.errors import ImageError
from trt_inference.ros.messages.serialized_image import READERS


def are_read_in_place(kind: Any) -> bool:
    """Whether the type support lays out messages of ``kind``, Image or CompressedImage, as
    ``serialized_image.py`` reads them: tried on messages with texts of all remainders by four.
    It takes a millisecond."""
    try:
        return all(_is_read(message) for message in _samples(kind))
    except ImageError:
        return False


def _is_read(message: Any) -> bool:
    read = READERS[type(message)](serialize_message(message))
    stamp = message.header.stamp
    if read.header != ((stamp.sec, stamp.nanosec), message.header.frame_id):
        return False
    if bytes(read.data) != message.data.tobytes():
        return False
    names = set(read._fields) - {"header", "data"}
    return all(getattr(read, name) == getattr(message, name) for name in names)


def _samples(kind: Any) -> Iterator[Any]:
    """No two fields of a message have the same value."""
    for frame_id in ("", "a", "ab", "abc"):
        for text in ("", "rgb8", "rgba8", "bgra16", "8UC3é"):
            header = Header(stamp=Time(sec=-2, nanosec=2**31 + 3), frame_id=frame_id)
            data = array.array("B", range(len(text)))
            if kind is CompressedImage:
                yield CompressedImage(header=header, format=text, data=data)
            else:
                yield Image(
                    header=header,
                    height=2**32 - 5,
                    width=260,
                    encoding=text,
                    is_bigendian=1,
                    step=772,
                    data=data,
                )
