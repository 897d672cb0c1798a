"""Messages whose fields do not fit each other: a reader gives a frame or an ImageError."""

import array
from typing import Any, Union

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage, Image

from test.trt_inference.images.image_fields import encoded
from test.trt_inference.ros.image_messages import compressed_message
from trt_inference.errors import ImageError
from trt_inference.images.encodings import ENCODINGS
from trt_inference.ros.messages.image_message_reader import MessageReader, describe_format

SIZES = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 255, 65536, 2**31 - 1, 2**31, 2**32 - 1])
NUMBERS = st.one_of(SIZES, st.integers(0, 40))
NAMES = st.one_of(st.sampled_from([*ENCODINGS, "16UC1", "32FC1", "8UC4"]), st.text(max_size=200))
BYTES = st.integers(0, 600).map(lambda size: array.array("B", bytes(range(256)) * 3)[:size])
FIELDS = {
    "width": NUMBERS,
    "height": NUMBERS,
    "step": NUMBERS,
    "encoding": NAMES,
    "is_bigendian": st.sampled_from([0, 1, 255]),
    "data": BYTES,
}
PICTURES = [
    encoded(suffix, np.random.default_rng(1).integers(0, 256, shape, np.uint8))
    for suffix in (".jpg", ".png")
    for shape in ((12, 16, 3), (12, 16))
]


@st.composite
def images(draw: Any) -> Image:
    """Fields of any values, or a sound image in which up to two fields are changed."""
    if draw(st.booleans()):
        return Image(**{name: draw(values) for name, values in FIELDS.items()})
    name = draw(st.sampled_from(sorted(ENCODINGS)))
    width, height = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    step = width * ENCODINGS[name].pixel_bytes + draw(st.integers(0, 3))
    image = Image(width=width, height=height, step=step, encoding=name)
    image.data = array.array("B", bytes(ENCODINGS[name].data_rows(height) * step))
    for field in draw(st.sets(st.sampled_from(sorted(FIELDS)), max_size=2)):
        setattr(image, field, draw(FIELDS[field]))
    return image


@st.composite
def compressed_images(draw: Any) -> CompressedImage:
    """A picture of which bytes are changed, put in, left out, or cut off."""
    picture = bytearray(draw(st.sampled_from(PICTURES)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(picture)))
        picture[start : start + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    if draw(st.booleans()):
        del picture[draw(st.integers(0, len(picture))) :]
    return compressed_message(bytes(picture), draw(st.text(max_size=200)))


# One reader for all, as in a node: what an earlier message left behind must do no harm.
READER = MessageReader()


def frame_or_error(message: Union[Image, CompressedImage]) -> bool:
    """Whether there was a frame."""
    describe_format(message)
    try:
        bgr = READER.read(message).bgr()
    except ImageError as error:
        assert len(str(error)) < 1000
        return False
    assert bgr.dtype == np.uint8
    assert bgr.ndim == 3
    assert bgr.shape[2] == 3
    assert min(bgr.shape[:2]) >= 2
    if isinstance(message, Image):
        assert bgr.shape[:2] == (message.height, message.width)
    return True


@given(images())
@settings(max_examples=2000, deadline=None)
def test_any_image_is_a_frame_or_an_image_error(image: Image) -> None:
    frame_or_error(image)


@given(compressed_images())
@settings(max_examples=2000, deadline=None)
def test_any_compressed_image_is_a_frame_or_an_image_error(image: CompressedImage) -> None:
    frame_or_error(image)


def test_the_pictures_that_are_damaged_are_sound_before() -> None:
    assert all(frame_or_error(compressed_message(picture)) for picture in PICTURES)
