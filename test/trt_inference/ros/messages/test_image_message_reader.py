"""Messages of rclpy: read without a copy, each by its kind, and by cv_bridge what is not known."""

import sys
from types import SimpleNamespace
from typing import Any, Type

import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from test.trt_inference.images.image_fields import compressed_image, encoded, raw_image
from test.trt_inference.ros.image_messages import compressed_message, image_message
from trt_inference.errors import ImageError
from trt_inference.images.encodings import ENCODINGS
from trt_inference.images.image_reader import ImageReader
from trt_inference.ros.messages.image_message_reader import MessageReader, describe_format
from trt_inference.ros.messages.serialized_image import read_raw_message

BGR = np.random.default_rng(3).integers(0, 256, (7, 5, 3), np.uint8)
UNKNOWN = "yuv444_of_tomorrow"


def bgr_message(padding: int = 0) -> Image:
    return image_message(BGR.reshape(7, 15), "bgr8", (7, 5), padding)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_a_message_has_the_pixels_of_its_fields(encoding: str, padding: int, big: bool) -> None:
    kind, size = ENCODINGS[encoding], (6, 8)
    shape = kind.data_rows(size[0]), size[1] * kind.pixel_bytes
    rows = np.random.default_rng(4).integers(0, 256, shape, np.uint8)
    if encoding == "nv24" and padding:  # its rows of colours have twice the padding
        rows = np.vstack([rows, rows])
    fields = raw_image(rows, encoding, size, padding, big)
    message = image_message(rows, encoding, size, padding, big)
    expected = ImageReader().read_raw(fields).bgr()
    np.testing.assert_array_equal(MessageReader().read(message).bgr(), expected)


def test_a_message_is_not_copied() -> None:
    message = bgr_message(3)
    frame = MessageReader().read(message)
    assert np.shares_memory(frame.pixels, np.frombuffer(message.data, np.uint8))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_compressed_message_is_decoded(suffix: str) -> None:
    picture = encoded(suffix, BGR)
    message = compressed_message(picture, "bgr8; jpeg compressed bgr8")
    expected = ImageReader().read_compressed(compressed_image(picture)).bgr()
    np.testing.assert_array_equal(MessageReader().read(message).bgr(), expected)
    with pytest.raises(ImageError, match="'h264' is neither jpeg nor png"):
        MessageReader().read(compressed_message(b"?", "h264"))


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("step", 14, "step 14 is too small for 5 pixels of bgr8: it must be 15"),
        ("height", 2**32 - 1, "105 bytes of data"),
        ("encoding", "32FC1", "'32FC1' is not supported: .* bgr8"),
    ],
)
def test_a_message_that_contradicts_itself_is_refused_with_the_value(
    name: str, value: object, named: str
) -> None:
    message = bgr_message()
    setattr(message, name, value)
    with pytest.raises(ImageError, match=named):
        MessageReader().read(message)


def test_formats_are_described_by_kind() -> None:
    assert describe_format(bgr_message()) == "5x7 bgr8"
    assert describe_format(bgr_message(3)) == "5x7 bgr8, step 18 (3 bytes of padding)"
    picture = compressed_message(encoded(".jpg", BGR), "jpeg")
    assert describe_format(picture) == "5x7 jpeg (format 'jpeg')"
    assert describe_format(compressed_message(b"?", "h264")) == "format 'h264'"
    unknown = bgr_message()
    unknown.encoding = "bgr8" * 100_000
    assert len(describe_format(unknown)) < 200


class FakeBridge:
    """cv_bridge.CvBridge's one method that counts here, with its own names of parameters."""

    result: Any = None

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = "passthrough") -> Any:
        assert desired_encoding == "bgr8"
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def fake_bridge(monkeypatch: pytest.MonkeyPatch) -> Type[FakeBridge]:
    """cv_bridge, as if it were installed."""
    monkeypatch.setitem(sys.modules, "cv_bridge", SimpleNamespace(CvBridge=FakeBridge))
    return FakeBridge


def test_cv_bridge_is_asked_for_what_we_do_not_know(
    fake_bridge: Type[FakeBridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = bgr_message()
    image.encoding = UNKNOWN
    monkeypatch.setattr(fake_bridge, "result", BGR)
    np.testing.assert_array_equal(MessageReader().read(image).bgr(), BGR)
    image.encoding = "rgb8"
    np.testing.assert_array_equal(MessageReader().read(image).bgr(), BGR[..., ::-1])


def test_cv_bridge_gets_a_message_of_an_image_that_was_read_in_place(
    fake_bridge: Type[FakeBridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    image, given = bgr_message(), []
    image.encoding = UNKNOWN

    def convert(self: FakeBridge, message: Image, desired_encoding: str) -> np.ndarray:
        given.append(message)
        return BGR

    monkeypatch.setattr(fake_bridge, "imgmsg_to_cv2", convert)
    MessageReader().read(read_raw_message(serialize_message(image)))
    assert given == [image]


@pytest.mark.parametrize(
    ("result", "named"),
    [
        (TypeError("buffer is too small"), "buffer is too small"),
        (RuntimeError("Unknown encoding " * 1000), "Unknown encoding"),
        (BGR[:3], r"uint8 \[3, 5, 3\]"),
        (BGR.astype(np.float32), r"float32 \[7, 5, 3\]"),
        (BGR[..., 0], r"uint8 \[7, 5\]"),
    ],
)
def test_what_cv_bridge_does_not_like_is_an_image_error(
    fake_bridge: Type[FakeBridge], monkeypatch: pytest.MonkeyPatch, result: Any, named: str
) -> None:
    image = bgr_message()
    image.encoding = UNKNOWN
    monkeypatch.setattr(fake_bridge, "result", result)
    with pytest.raises(ImageError, match=f"'{UNKNOWN}' is not supported.*{named}") as raised:
        MessageReader().read(image)
    assert len(str(raised.value)) < 1000
