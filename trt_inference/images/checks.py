"""What is the same for all images: the smallest one, the longest frame_id, and foreign text in our
messages."""

from trt_inference.errors import ImageError

# Nothing can be detected in a line of pixels; cameras that are not ready send such images.
MINIMUM_SIDE = 2

# Characters. It is copied into each of up to 10000 detections.
_LONGEST_FRAME_ID = 255
_LONGEST_TEXT = 80


def check_size(width: int, height: int) -> None:
    """
    Raises:
        ImageError: a side is shorter than ``MINIMUM_SIDE``.
    """
    if min(width, height) < MINIMUM_SIDE:
        raise ImageError(
            f"image of {width}x{height} pixels: nothing can be detected in it", kind="no pixels"
        )


def check_frame_id(frame_id: str) -> None:
    """
    Raises:
        ImageError: it is longer than any that names a camera.
    """
    if len(frame_id) > _LONGEST_FRAME_ID:
        raise ImageError(
            f"its frame_id {quoted(frame_id)} has {len(frame_id)} characters, and may have "
            f"{_LONGEST_FRAME_ID}",
            kind="frame_id too long",
        )


def shorten(text: str) -> str:
    """The beginning of a foreign text."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def quoted(text: str) -> str:
    """The beginning of a foreign text in quotes, with control characters spelled out."""
    return repr(shorten(text))
