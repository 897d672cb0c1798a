"""Frames from image files and videos, for the tools that run without ROS."""

from pathlib import Path
from typing import Iterator, Sequence, Tuple

import cv2
import numpy as np

from trt_inference.errors import ImageError

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def find_images(folder: Path) -> Sequence[Path]:
    """The image files in ``folder``, by name.

    Raises:
        ImageError: no such folder, or no image file in it.
    """
    if not folder.is_dir():
        raise ImageError(f"'{folder}' is not a folder with images")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise ImageError(f"there is no image in '{folder}': looked for {', '.join(IMAGE_SUFFIXES)}")
    return files


def read_image(file: Path) -> np.ndarray:
    """The image in ``file`` as uint8 ``[h, w, 3]``, BGR.

    Raises:
        ImageError: no such file, or it holds no image that OpenCV can read.
    """
    if file.is_dir():
        raise ImageError(f"'{file}' is a folder: give the files in it, as in {file}/*.jpg")
    if not file.is_file():
        raise ImageError(f"there is no file '{file}'")
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise ImageError(f"'{file}' is not an image that OpenCV can read")
    return image


def read_frames(file: Path) -> Iterator[Tuple[str, np.ndarray]]:
    """The frames of an image or a video: a name for each, and uint8 ``[h, w, 3]``, BGR.

    Raises:
        ImageError: no such file, or neither an image nor a video that OpenCV can read.
    """
    if file.suffix.lower() in IMAGE_SUFFIXES or not file.is_file():
        yield file.stem, read_image(file)
        return
    video = cv2.VideoCapture(str(file))
    try:
        number = 0
        for number, frame in enumerate(_decode(video), start=1):
            yield f"{file.stem}-{number:06d}", frame
        if number == 0:
            raise ImageError(f"'{file}' is neither an image nor a video that OpenCV can read")
    finally:
        video.release()


def _decode(video: cv2.VideoCapture) -> Iterator[np.ndarray]:
    while True:
        found, frame = video.read()
        if not found:
            return
        yield frame
