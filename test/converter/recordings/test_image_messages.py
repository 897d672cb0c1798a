"""Image messages of a bag → the pixels that the node sees: those of rosbags-image, and the fields
that rosbags reads."""

import itertools
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.image import compressed_image_to_cvimage
from rosbags.image.image import ENCODINGMAP

from converter.recordings.image_messages import (
    COMPRESSED_TYPE,
    RAW_TYPE,
    decode_message,
    excerpted,
    header_of,
    image_fields,
)
from converter.recordings.recorded_message import Excerpt, RecordedMessage
from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import (
    PERIOD,
    START,
    STORAGES,
    STORE,
    BagMessage,
    compressed_message,
    image_message,
    image_messages,
    text_messages,
    write_bag,
)
from test.trt_inference.images.image_fields import encoded, smooth
from test.trt_inference.images.test_rosbags_image import EVEN, expected_bgr, random_rows
from trt_inference.errors import ImageError
from trt_inference.images.encodings import ENCODINGS
from trt_inference.images.image_reader import ImageReader, RawImage


def recorded(message: Any, *, little: bool = True, cut: "int | None" = None) -> RecordedMessage:
    data = bytes(STORE.serialize_cdr(message, message.__msgtype__, little_endian=little))
    return RecordedMessage("/camera", message.__msgtype__, START, 0.0, data[:cut])


def decoded(message: RecordedMessage) -> np.ndarray:
    return decode_message(message, ImageReader()).frame.bgr()


@pytest.mark.parametrize("encoding", sorted(set(ENCODINGS) & set(ENCODINGMAP)))
@pytest.mark.parametrize("storage", STORAGES)
def test_pixels_of_a_bag_are_those_of_rosbags_image(
    encoding: str, storage: str, tmp_path: Path
) -> None:
    """Of all encodings, in both orders of bytes."""
    height, width = (24, 32) if encoding in EVEN else (23, 31)
    rows = random_rows(encoding, height, width)
    images = [
        image_message(rows, START, encoding=encoding, size=(height, width), is_bigendian=big)
        for big in (False, True)
    ]
    written = [BagMessage("/camera", START + n * PERIOD, one) for n, one in enumerate(images)]
    bag = write_bag(tmp_path / "bag", written, storage)
    with Recordings([bag]) as recordings:
        messages = list(recordings.messages(["/camera"]))
    for message, big in zip(messages, (False, True), strict=True):
        expected = expected_bgr(rows, encoding, width, big)
        np.testing.assert_array_equal(decoded(message), expected)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("compression", ["none", "message", "chunk"])
def test_pictures_of_a_bag_are_those_of_rosbags_image(
    suffix: str, compression: str, tmp_path: Path
) -> None:
    picture = compressed_message(encoded(suffix, smooth(48, 64, 3)), format="bgr8; compressed bgr8")
    bag = write_bag(tmp_path / "bag", [BagMessage("/c", START, picture)], "mcap", compression)
    with Recordings([bag]) as recordings:
        (message,) = recordings.messages(["/c"])
    np.testing.assert_array_equal(decoded(message), compressed_image_to_cvimage(picture, "bgr8"))


def test_the_pixels_are_not_copied() -> None:
    message = recorded(image_message(smooth(48, 64, 3)))
    assert isinstance(message.data, bytes)
    frame = decode_message(message, ImageReader()).frame
    assert np.shares_memory(frame.pixels, np.frombuffer(message.data, np.uint8))


stamps = st.integers(-(2**31) * 10**9, (2**31 - 1) * 10**9 + 10**9 - 1)
texts = st.text(max_size=40).filter(lambda text: "\0" not in text)


@settings(max_examples=50)
@given(
    stamps,
    texts,
    texts,
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    st.binary(max_size=50),
    st.booleans(),
)
def test_fields_are_those_that_rosbags_reads(
    stamp: int,
    frame_id: str,
    encoding: str,
    sizes: "tuple[int, int, int]",
    data: bytes,
    little: bool,
) -> None:
    message = image_message(np.zeros((1, 1), np.uint8), stamp, encoding=encoding, frame_id=frame_id)
    message.height, message.width, message.step = sizes
    message.data = np.frombuffer(data, np.uint8)
    message.is_bigendian = len(data) % 2
    one = recorded(message, little=little)
    assert header_of(one) == (stamp, frame_id)
    image = image_fields(one)
    assert isinstance(image, RawImage)
    assert (image.height, image.width, image.step) == sizes
    assert (image.encoding, bytes(image.data)) == (encoding, data)
    assert image.is_bigendian == len(data) % 2
    theirs = STORE.deserialize_cdr(one.data, one.type)
    assert theirs.header.frame_id == frame_id


@settings(max_examples=50)
@given(texts, st.binary(max_size=50), st.booleans())
def test_fields_of_pictures_are_those_that_rosbags_reads(
    format: str, data: bytes, little: bool
) -> None:
    image = image_fields(recorded(compressed_message(data, format=format), little=little))
    assert not isinstance(image, RawImage)
    assert (image.format, bytes(image.data)) == (format, data)


@pytest.mark.parametrize("little", [True, False])
@pytest.mark.parametrize(
    "message",
    [
        image_message(np.zeros((4, 4, 3), np.uint8), frame_id="a"),
        compressed_message(encoded(".png", smooth(4, 4, 3)), format="png"),
    ],
)
def test_a_message_that_is_cut_anywhere_is_damaged(message: Any, little: bool) -> None:
    whole = recorded(message, little=little)
    decode_message(whole, ImageReader())
    for cut in range(len(whole.data)):
        with pytest.raises(ImageError) as caught:
            decode_message(recorded(message, little=little, cut=cut), ImageReader())
        assert caught.value.kind == "damaged message"


def test_bytes_after_the_last_field_mean_nothing_as_to_the_node() -> None:
    one = recorded(image_message(smooth(4, 4, 3)))
    for more in (1, 3, 4, 100):
        longer = one._replace(data=bytes(one.data) + b"\xff" * more)
        np.testing.assert_array_equal(decoded(longer), decoded(one))


@pytest.mark.parametrize("length", [2**31, 2**32 - 1, 49])
def test_a_length_beyond_the_end_is_damaged(length: int) -> None:
    one = recorded(image_message(np.zeros((4, 4, 3), np.uint8)))
    data = bytearray(one.data)
    assert struct.unpack_from("<I", data, len(data) - 48 - 4) == (48,)
    struct.pack_into("<I", data, len(data) - 48 - 4, length)
    with pytest.raises(ImageError, match=f"a field of {length} bytes") as caught:
        decoded(one._replace(data=bytes(data)))
    assert caught.value.kind == "damaged message"


@pytest.mark.parametrize("start", [b"", b"\0", b"\0\x02\0\0", b"\0\x07\0\0", b"(\xb5/\xfd"])
def test_another_serialisation_is_damaged(start: bytes) -> None:
    one = recorded(image_message(np.zeros((4, 4, 3), np.uint8)))
    with pytest.raises(ImageError, match="it begins with") as caught:
        decoded(one._replace(data=start + (bytes(one.data)[4:] if len(start) == 4 else b"")))
    assert caught.value.kind == "damaged message"


def test_what_the_node_refuses_is_refused() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    for message, kind in [
        (image_message(image, frame_id="x" * 256), "frame_id too long"),
        (image_message(image, encoding="rgb9"), "unsupported encoding"),
        (image_message(image[:1, :1]), "no pixels"),
        (image_message(image, size=(40, 4)), "too few bytes"),
        (image_message(image, size=(4, 40)), "step too small"),
        (compressed_message(encoded(".png", image)[:-20]), "damaged"),
    ]:
        with pytest.raises(ImageError) as caught:
            decoded(recorded(message))
        assert caught.value.kind == kind
    decoded(recorded(image_message(image, frame_id="x" * 255)))


def test_a_message_of_another_type_is_no_image() -> None:
    with pytest.raises(ImageError, match="std_msgs/msg/Header is no image"):
        decoded(recorded(image_message(smooth(4, 4, 3)).header))


def test_a_header_that_is_no_utf8_is_read() -> None:
    one = recorded(image_message(smooth(4, 4, 3), frame_id="abcd"))
    data = bytes(one.data).replace(b"abcd", b"a\xff\xfed")
    assert header_of(one._replace(data=data)) == (START, "a\ufffd\ufffdd")


def test_images_have_what_the_recording_tells(tmp_path: Path) -> None:
    """Stamp and time of recording differ."""
    taken = image_message(smooth(4, 4, 3), 5_000_000_007, frame_id="front")
    written = [*text_messages(1, start=START - 10**9), BagMessage("/a/b", START, taken)]
    with Recordings([write_bag(tmp_path / "bag", written)]) as recordings:
        (message,) = recordings.messages(["/a/b"])
    image = decode_message(message, ImageReader())
    assert (image.topic, image.stamp, image.frame_id) == ("/a/b", 5_000_000_007, "front")
    assert (image.log_time, image.seconds, image.name) == (START, 1.0, "a/b/5.000000007")


@pytest.fixture(scope="module")
def two_cameras(tmp_path_factory: pytest.TempPathFactory):
    """20 images of /a, 10 images a second, and 10 of /b, 5 a second and 1 ms later."""
    pixels = np.zeros((4, 4, 3), np.uint8)
    late = START + 10**6
    slow = [
        one._replace(log_time=late + n * 2 * PERIOD)
        for n, one in enumerate(image_messages([pixels] * 10, "/b"))
    ]
    written = [*image_messages([pixels] * 20, "/a"), *slow, *text_messages(5)]
    with Recordings([write_bag(tmp_path_factory.mktemp("two") / "bag", written)]) as recordings:
        yield recordings


EXPECTED = sorted(
    [(round(0.1 * n, 3), "/a") for n in range(20)]
    + [(round(0.2 * n + 0.001, 3), "/b") for n in range(10)]
)


@pytest.mark.parametrize("every", [1, 2, 3, 30])
@pytest.mark.parametrize("limit", [None, 0, 1, 5, 100])
@pytest.mark.parametrize(("start", "end"), [(0.0, None), (0.35, 1.25), (5.0, None)])
def test_excerpts(
    every: int, limit: "int | None", start: float, end: "float | None", two_cameras: Recordings
) -> None:
    messages = excerpted(two_cameras, ["/a", "/b"], Excerpt(start, end, every, limit))
    found = [(round(one.seconds, 3), one.topic) for one in messages]
    within = [one for one in EXPECTED if start <= one[0] and (end is None or one[0] < end)]
    of_each = [[one for one in within if one[1] == topic][::every] for topic in ("/a", "/b")]
    assert found == sorted(itertools.chain(*of_each))[:limit]


def test_types_are_named_as_in_bags() -> None:
    assert image_message(smooth(4, 4, 3)).__msgtype__ == RAW_TYPE
    assert compressed_message(cv2.imencode(".png", smooth(4, 4, 3))[1].tobytes()).__msgtype__ == (
        COMPRESSED_TYPE
    )
