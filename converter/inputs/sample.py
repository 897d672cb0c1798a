"""One image of those that the user gives."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

import numpy as np

from converter.errors import DatasetError
from trt_inference.errors import ImageError
from trt_inference.viewing.image_files import read_image


@dataclass(frozen=True)
class Sample:
    """One image: where it comes from, the id that COCO annotations give it, and the class of the
    folder that it is in; empty where folders are no classes.

    Attributes:
        part: of a recording, as ``converter.recordings.parts_of_time`` names it; else empty.
    """

    name: str
    image_id: Optional[int]
    pixels: Union[np.ndarray, Path]
    class_name: str = ""
    part: str = ""

    def read(self) -> np.ndarray:
        """uint8 ``[h, w, 3]``, BGR.

        Raises:
            DatasetError: the file holds no image.
        """
        if isinstance(self.pixels, np.ndarray):
            return self.pixels
        try:
            return read_image(self.pixels)
        except ImageError as error:
            raise DatasetError(f"--images: {error}: replace or remove it") from error
