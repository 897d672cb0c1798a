"""Frames from image files and videos, for the tools that run without ROS."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Iterator, NamedTuple, Optional, Sequence

import cv2
import numpy as np

from trt_inference.errors import ImageError
from trt_inference.printable import is_utf8, printable_name
from trt_inference.viewing.content_kinds import VIDEO, kind_of_content, states_its_frames
from trt_inference.viewing.decode_picture import decode_picture

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
# Decoders may leave out some frames of a whole video.
_WHOLE = 0.9
_HIGHEST_RATE = 1000.0  # some files state the ticks of their clock
_VIDEOS_OF_PICTURES = (".mjpeg", ".mjpg")  # they begin as a jpeg does


class FileFrame(NamedTuple):
    """A picture: of an image file, or the ``number``-th of a video, counted from 1.

    Attributes:
        name: for a file with the results, without an ending.
        pixels: uint8 ``[h, w, 3]``, BGR.
    """

    name: str
    number: Optional[int]
    pixels: np.ndarray


def find_images(folder: Path) -> Sequence[Path]:
    """The image files in ``folder``, by name.

    Raises:
        ImageError: no such folder, or no image file in it.
    """
    shown = printable_name(folder)
    if not folder.is_dir():
        raise ImageError(f"'{shown}' is not a folder with images")
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    except OSError as error:
        raise ImageError(f"'{shown}' cannot be read: {error.strerror}") from error
    if not files:
        raise ImageError(f"there is no image in '{shown}': looked for {', '.join(IMAGE_SUFFIXES)}")
    return files


def read_image(file: Path) -> np.ndarray:
    """The image in ``file`` as uint8 ``[h, w, 3]``, BGR, as people see it.

    Raises:
        ImageError: no such file, or it holds no image that OpenCV can read, or not all of one.
    """
    content = _read_content(file)
    try:
        return decode_picture(content)
    except ImageError as error:
        raise ImageError(f"'{printable_name(file)}' {error}") from error


def read_frames(file: Path) -> Iterator[FileFrame]:
    """The frames of an image or a video, whichever it is by its content.

    Raises:
        ImageError: no such file, or neither an image nor a video that OpenCV can read; after its
            last frame, where a video is cut.
    """
    suffix, start = file.suffix.lower(), _read_content(file, most=4096)
    kind, is_picture = kind_of_content(start)
    if suffix in IMAGE_SUFFIXES or (is_picture and suffix not in _VIDEOS_OF_PICTURES):
        yield FileFrame(file.stem, None, read_image(file))
        return
    number, stated = 0, 0
    with _open_video(file) as video:
        if states_its_frames(start):
            stated = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        found, frame = video.read()
        while found:
            number += 1
            yield FileFrame(f"{file.stem}-{number:06d}", number, frame)
            found, frame = video.read()
    if number == 0:
        raise ImageError(f"'{printable_name(file)}' is {_describe_no_video(kind)}")
    if number < _WHOLE * stated:
        raise ImageError(
            f"'{printable_name(file)}' ends after {number} of {stated} frames: it is cut or damaged"
        )


def rate_of_video(file: Path) -> float:
    """Frames a second, as a video states them; 0 where it states none, or nothing sensible."""
    with _open_video(file) as video:
        rate = float(video.get(cv2.CAP_PROP_FPS))
    return rate if 0 < rate <= _HIGHEST_RATE else 0.0


def _describe_no_video(kind: str) -> str:
    if kind == VIDEO:
        return f"{VIDEO} that is cut or damaged, or of a codec that OpenCV lacks: convert it"
    known = f": it is {kind}" if kind else ""
    return f"neither an image nor a video that OpenCV can read{known}"


def _read_content(file: Path, most: int = -1) -> bytes:
    """The bytes of a file, at most as many as given. A pipe is refused: it may never end."""
    shown = printable_name(file)
    try:
        if file.is_dir():
            raise ImageError(f"'{shown}' is a folder: give the files in it, as in {shown}/*.jpg")
        if not file.exists():
            target = printable_name(os.readlink(str(file))) if file.is_symlink() else ""
            leads = f": '{shown}' is a link to it" if target else ""
            raise ImageError(f"there is no file '{target or shown}'{leads}")
        if not file.is_file():
            raise ImageError(f"'{shown}' is a pipe or a device: give a file")
        with file.open("rb") as stream:
            return stream.read(most)
    except (OSError, RuntimeError) as error:  # before Python 3.13, links in a circle are the second
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"'{shown}' cannot be read: {reason}") from error


@contextlib.contextmanager
def _open_video(file: Path) -> Iterator[cv2.VideoCapture]:
    with _name_for_opencv(file) as name:
        video = cv2.VideoCapture(name)
        try:
            yield video
        finally:
            video.release()


@contextlib.contextmanager
def _name_for_opencv(file: Path) -> Iterator[str]:
    """The path that OpenCV opens a file by: absolute, so that what stands before a colon is not
    taken for a protocol, and a link where it is not UTF-8, at which OpenCV ends the process."""
    path = os.path.abspath(str(file))
    if is_utf8(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        # FFmpeg knows some formats by the ending only.
        link = os.path.join(folder, "video" + printable_name(file.suffix))
        os.symlink(path, link)
        yield link
