"""Images read from their bytes: what rclpy makes of the same bytes is the measure."""

import array
import copy
import gc
import struct
import weakref
from typing import Any, Tuple, Union

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from test.trt_inference.images.image_fields import encoded, smooth
from test.trt_inference.ros.image_messages import compressed_message, image_message
from trt_inference.errors import ImageError
from trt_inference.ros.messages import image_layout
from trt_inference.ros.messages.image_layout import are_read_in_place
from trt_inference.ros.messages.image_message_reader import MessageReader, describe_format
from trt_inference.ros.messages.serialized_image import (
    READERS,
    SerializedCompressedImage,
    SerializedImage,
    image_of_rclpy,
    read_any_message,
    read_raw_message,
)

Read = Union[SerializedImage, SerializedCompressedImage]
uint32 = st.integers(0, 2**32 - 1)
texts = st.text(max_size=40).filter(lambda text: "\0" not in text)
datas = st.binary(max_size=60).map(lambda data: array.array("B", data))
headers = st.builds(
    Header, stamp=st.builds(Time, sec=st.integers(-(2**31), 2**31 - 1), nanosec=uint32),
    frame_id=texts,
)  # fmt: skip
raw = st.builds(
    Image,
    header=headers,
    height=uint32,
    width=uint32,
    encoding=texts,
    is_bigendian=st.integers(0, 255),
    step=uint32,
    data=datas,
)
compressed = st.builds(CompressedImage, header=headers, format=texts, data=datas)
messages = raw | compressed


def fields(image: Any) -> Tuple[Any, ...]:
    """All that an image has, of a message and of what was read in place."""
    stamp, frame_id = image.header.stamp, image.header.frame_id
    if isinstance(image, (CompressedImage, SerializedCompressedImage)):
        rest: Tuple[Any, ...] = (image.format,)
    else:
        rest = (image.height, image.width, image.encoding, image.is_bigendian, image.step)
    return (stamp.sec, stamp.nanosec, frame_id, *rest, bytes(image.data))


def outcome(read: Any, data: bytes, kind: Any) -> Any:
    """The fields, or None where it cannot be read."""
    try:
        return fields(read(data, kind))
    except (ImageError, rclpy_implementation.RMWError) as error:
        assert getattr(error, "kind", "damaged message") == "damaged message"
        return None


def ours(data: bytes, kind: Any) -> Read:
    return READERS[kind](data)


@settings(max_examples=500)
@given(messages)
def test_fields_are_those_of_the_message(message: Any) -> None:
    data = serialize_message(message)
    assert fields(ours(data, type(message))) == fields(message)
    assert fields(READERS[type(message)](memoryview(bytearray(data)))) == fields(message)


def packed(order: str, *parts: Union[Tuple[str, int], bytes]) -> bytes:
    """Numbers, each with its code in ``struct``, and sequences of bytes, as CDR."""
    written = b""
    for part in parts:
        code, value = ("I", len(part)) if isinstance(part, bytes) else part
        written += b"\xee" * (-len(written) % struct.calcsize(code))
        written += struct.pack(order + code, value)
        if isinstance(part, bytes):
            written += part
    return (b"\0\1\0\0" if order == "<" else b"\0\0\0\0") + written


@settings(max_examples=300)
@given(
    st.sampled_from("<>"), st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=20),
    st.binary(max_size=9),
)  # fmt: skip
def test_texts_of_any_bytes_are_read_as_rclpy_reads_them(
    order: str, frame_id: bytes, name: bytes, data: bytes, more: bytes
) -> None:
    """In both orders of bytes, with NUL or without, UTF-8 or not, and with bytes at the end."""
    stamp = ("i", -5), ("I", 7)
    size, step = (("I", 2**32 - 2), ("I", 3)), (("B", 200), ("I", 9))
    for kind, written in (
        (Image, packed(order, *stamp, frame_id, *size, name, *step, data)),
        (CompressedImage, packed(order, *stamp, frame_id, name, data)),
    ):
        read = fields(ours(written + more, kind))
        assert read == fields(deserialize_message(written + more, kind))
        assert read[-1] == data


# What the first two bytes mean is tested below. By the next two Fast CDR 2 shortens the message
# without a look at its length, and reads beyond the end where it has no more than these four.
_START = 4
lengths = st.sampled_from([0, 1, 2, 4, 5, 64, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1])


@st.composite
def damaged(draw: Any) -> Tuple[bytes, Any]:
    """A message of which bytes are changed and which may be cut, and the type it is taken for."""
    message = draw(messages)
    data = bytearray(serialize_message(message))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(_START, len(data) - 1))
        new = draw(st.one_of(st.binary(max_size=4), lengths.map(lambda n: struct.pack("<I", n))))
        data[place : place + len(new)] = new
    kind = draw(st.sampled_from([type(message)] * 3 + [Image, CompressedImage]))
    return bytes(data[: draw(st.integers(0, len(data)) | st.just(len(data)))]), kind


@settings(max_examples=2000)
@given(damaged())
def test_damaged_bytes_are_refused_where_rclpy_refuses_them(case: Tuple[bytes, Any]) -> None:
    assert outcome(ours, *case) == outcome(deserialize_message, *case)


@pytest.mark.parametrize("message", [Image(encoding="bgr8"), CompressedImage(data=b"abc")])
def test_a_message_that_is_cut_is_refused(message: Any) -> None:
    data = serialize_message(message)
    needed = len(data)
    while outcome(deserialize_message, data[: needed - 1], type(message)) is not None:
        needed -= 1  # what the middleware adds at the end
    for length in range(needed):
        assert outcome(ours, data[:length], type(message)) is None


@pytest.mark.parametrize("start", [b"", b"\0", b"\0\1", b"\0\2\0\0", b"\0\3\0\0", b"\1\1\0\0"])
def test_another_serialisation_is_refused(start: bytes) -> None:
    data = start + serialize_message(Image())[4:] if len(start) == 4 else start
    assert outcome(ours, data, Image) is None


def test_the_memory_of_what_is_no_image_is_free_once_it_was_refused() -> None:
    memory = np.frombuffer(serialize_message(Image(encoding="bgr8", data=b"abc"))[:-2], np.uint8)
    gone = weakref.ref(memory)
    gc.disable()  # nothing waits for it
    try:
        damaged = read_any_message(Image, memory.data)
        with pytest.raises(ImageError, match="damaged") as refused:
            MessageReader().read(damaged)
        assert refused.value.kind == "damaged message"
        del memory, damaged, refused
        assert gone() is None
    finally:
        gc.enable()


def test_nothing_is_copied() -> None:
    data = serialize_message(image_message(smooth(4, 20)[:, :15], "bgr8", (4, 5)))
    pixels = MessageReader().read(read_raw_message(data)).pixels
    assert np.shares_memory(pixels, np.frombuffer(data, np.uint8))


@pytest.mark.parametrize("encoding", ["bgr8", "rgb8", "mono16", "bayer_rggb8"])
def test_pixels_are_those_of_the_message(encoding: str) -> None:
    message = image_message(smooth(6, 32), encoding, (6, 8))
    read = read_raw_message(serialize_message(message))
    expected = MessageReader().read(message).bgr()
    np.testing.assert_array_equal(MessageReader().read(read).bgr(), expected)
    assert describe_format(read) == describe_format(message)


def test_pictures_are_those_of_the_message() -> None:
    message = compressed_message(encoded(".png", smooth(6, 8, 3)), "bgr8; png compressed bgr8")
    read = READERS[CompressedImage](serialize_message(message))
    expected = MessageReader().read(message).bgr()
    np.testing.assert_array_equal(MessageReader().read(read).bgr(), expected)
    assert describe_format(read) == describe_format(message)


@given(raw)
def test_a_message_of_rclpy_is_made_of_it(message: Image) -> None:
    assert image_of_rclpy(read_raw_message(serialize_message(message))) == message
    assert image_of_rclpy(message) is message


@pytest.mark.parametrize("kind", [Image, CompressedImage])
def test_the_layout_is_that_of_the_type_support(kind: Any) -> None:
    assert are_read_in_place(kind)


def other_numbers(message: Any) -> bytes:
    other = copy.deepcopy(message)
    other.height, other.width = message.width, message.height
    return bytes(serialize_message(other))


def other_types(message: Any) -> bytes:
    data = message.data[:-1] if message.data else array.array("B", [1])
    return bytes(serialize_message(CompressedImage(header=message.header, data=data)))


def wide_text(message: Any) -> bytes:
    """As if its characters took two bytes each."""
    other = copy.deepcopy(message)
    other.encoding = "\1".join(message.encoding)
    return bytes(serialize_message(other))


@pytest.mark.parametrize(
    "serialize",
    [other_numbers, other_types, wide_text, lambda message: serialize_message(message)[4:]],
)
def test_another_layout_is_noticed(monkeypatch: pytest.MonkeyPatch, serialize: Any) -> None:
    monkeypatch.setattr(image_layout, "serialize_message", serialize)
    assert not are_read_in_place(Image)
