"""The bytes of a picture's file → pixels, as people see the picture.

OpenCV decodes. It is given bytes, because it ends the process at a file's name that is not UTF-8.
What it does alike in all versions is left to it: colours of CMYK and palettes, the orientation of
jpeg and tiff. Of a file with several pictures it gives the first. Colours are those of the file,
whatever colour profile it has. What is transparent has the colour that is stored for it, as with
Pillow's convert("RGB") and TensorFlow's decoders; only a tiff of 8 bits is blended with black.
"""

import re
from typing import Optional

import cv2
import numpy as np

from trt_inference.errors import ImageError
from trt_inference.images.filled_jpegs import is_filled_up
from trt_inference.images.jpeg_markers import JPEG_START
from trt_inference.images.picture_checks import (
    PNG_START,
    Jpeg,
    check_jpeg,
    check_pixels,
    check_png,
)
from trt_inference.viewing.content_kinds import is_animated_webp, kind_of_content
from trt_inference.viewing.exif_orientation import turn_upright
from trt_inference.viewing.stated_sizes import stated_size

# More than any camera has; 800 MB as BGR.
MAXIMUM_PIXELS_OF_A_FILE = 2**28

_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
_TOO_LARGE = re.compile("CV_IO_MAX_IMAGE_[A-Z]+")


def decode_picture(content: bytes) -> np.ndarray:
    """uint8 ``[h, w, 3]``, BGR, upright by its EXIF. 16 bits become 8 by division by 257.

    Raises:
        ImageError: why it cannot be read, as what follows the file's name in a sentence.
    """
    if not content:
        raise ImageError("is empty")
    jpeg = _check(content)
    # A jpeg and a tiff are turned by OpenCV, others here: only newer versions turn them.
    is_turned = kind_of_content(content)[0] in ("a JPEG", "a TIFF")
    flags = _FLAGS if is_turned else _FLAGS | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise ImageError(_describe_failure(content, str(error.err))) from error
    if image is None:
        raise ImageError(_describe_failure(content))
    if jpeg is not None and is_filled_up(content, jpeg, image, flags):
        raise ImageError("is a JPEG that is cut: some of its pixels are missing")
    return turn_upright(_as_bytes(image), content)


def _check(content: bytes) -> Optional[Jpeg]:
    """Look at all but the pixels; the parts of the file, if it is a jpeg."""
    try:
        if content.startswith(JPEG_START):
            return check_jpeg(content, MAXIMUM_PIXELS_OF_A_FILE)
        if content.startswith(PNG_START):
            check_png(content, MAXIMUM_PIXELS_OF_A_FILE)
        check_pixels(*stated_size(content), MAXIMUM_PIXELS_OF_A_FILE)
    except ImageError as error:
        raise ImageError(f"is {kind_of_content(content)[0]} that {error}") from error
    return None


def _as_bytes(image: np.ndarray) -> np.ndarray:
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.uint16:
        return cv2.convertScaleAbs(image, alpha=1 / 257)
    raise ImageError(
        f"has values of {image.dtype}, and how bright they are is not known: save it with 8 or 16 "
        "bits"
    )


def _describe_failure(content: bytes, error: str = "") -> str:
    kind, is_readable = kind_of_content(content)
    limit = _TOO_LARGE.search(error)
    if limit is not None:
        return (
            "is larger than OpenCV takes: make it smaller, or set the environment variable "
            f"OPEN{limit.group()} ({error})"
        )
    if kind == "a WebP" and is_animated_webp(content):
        return f"is an animated WebP, which OpenCV {cv2.__version__} cannot read"
    if is_readable:
        reason = f" ({error})" if error else ""
        return (
            f"is {kind} that is cut or damaged, or of a kind that OpenCV {cv2.__version__} lacks"
            f"{reason}"
        )
    if kind:
        return f"is not an image that OpenCV {cv2.__version__} can read: it is {kind}"
    return f"is not an image that OpenCV {cv2.__version__} can read"
