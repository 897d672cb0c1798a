"""The pictures that a file or folder gives, one pass after the other."""

from pathlib import Path
from typing import Callable, Iterator

import numpy as np

from trt_inference.errors import ImageError
from trt_inference.printable import printable_name
from trt_inference.viewing.image_files import find_images, rate_of_video, read_frames

RATE_OF_PICTURES = 2.0  # a second: time to look at each of a folder
RATE_OF_VIDEO = 30.0  # of one that states none


def played_frames(path: Path, loop: bool, report: Callable[[str], None]) -> Iterator[np.ndarray]:
    """Pictures of a video, of a picture, or of all pictures in a folder by name, as uint8
    ``[h, w, 3]``, BGR.

    Args:
        loop: go on with the first one after the last one.
        report: is told of a picture that cannot be read, while others can.

    Raises:
        ImageError: nothing of it can be read.
    """
    is_first = True
    while is_first or loop:
        count = 0
        for pixels in _one_pass(path, report if is_first else _nobody):
            count += 1
            yield pixels
        if count == 0:
            raise ImageError(f"none of the images in '{printable_name(path)}' can be read")
        is_first = False


def own_rate(path: Path) -> float:
    """Images a second of a video by what it states, and of pictures as one can look at them."""
    is_video = not path.is_dir() and next(read_frames(path)).number is not None
    return (rate_of_video(path) or RATE_OF_VIDEO) if is_video else RATE_OF_PICTURES


def _one_pass(path: Path, report: Callable[[str], None]) -> Iterator[np.ndarray]:
    files = find_images(path) if path.is_dir() else [path]
    for file in files:
        count = 0
        try:
            for frame in read_frames(file):
                count += 1
                yield frame.pixels
        except ImageError as error:
            if count == 0 and len(files) == 1:
                raise
            report(str(error))


def _nobody(_: str) -> None:
    """Told of each pass, the same would fill the log."""
