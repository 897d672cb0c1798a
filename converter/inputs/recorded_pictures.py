"""Pictures that were taken out of a recording, which stand in the place of a folder of pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Tuple


class RecordedPicture(NamedTuple):
    """One picture.

    Attributes:
        name: topic and stamp, for people.
        file: with its pixels, lossless.
        size: width, height in pixels.
        part: of the recording, as ``Sample.part``.
        annotated_as: the ``file_name`` by which annotations name it; empty without annotations.
    """

    name: str
    file: Path
    size: Tuple[int, int]
    part: str
    annotated_as: str = ""


@dataclass(frozen=True)
class RecordedPictures:
    """Pictures in the order of their recording.

    Attributes:
        bags: where they are from, for people.
        pictures: at least one.
        division: how they are divided between calibration and measurement, a sentence.
    """

    bags: str
    pictures: Tuple[RecordedPicture, ...]
    division: str

    def __str__(self) -> str:
        return self.bags
