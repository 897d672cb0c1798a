"""The images of a recording that annotations name by topic and stamp."""

from pathlib import Path
from typing import TYPE_CHECKING, Optional, Sequence

from converter.errors import DatasetError
from converter.inputs.coco_annotations import read_annotations
from trt_inference.errors import ImageError
from trt_inference.printable import printable
from trt_inference.viewing.image_files import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from converter.recordings.chosen_images import ListedImage
    from converter.recordings.recorded_message import RecordedMessage
    from converter.recordings.recordings import Recordings


def list_annotated(
    recordings: "Recordings", topics: Sequence[str], annotations: Path, bags: str
) -> "Sequence[ListedImage]":
    """The images that annotations name, in the order of the recording.

    Args:
        bags: for messages.

    Raises:
        DatasetError: the annotations cannot be read, or name none of the images.
    """
    from converter.recordings.chosen_images import list_images

    names = _AnnotatedNames(annotations)
    found = list_images(recordings, topics, names.find)
    if not found and names.first:
        raise DatasetError(
            f"no image in '{bags}' is named in '{annotations}': it {names.example}, and the "
            f"recording has '{printable(names.first)}'. A file_name there must be the topic and "
            "the stamp of the image"
        )
    return found


class _AnnotatedNames:
    """Finds the names that annotations have for images.

    Attributes:
        first: the name of the first image that was looked for; empty before.
    """

    def __init__(self, file: Path) -> None:
        self.first = ""
        self._names = [entry["file_name"] for entry in read_annotations(file, ()).content["images"]]

    @property
    def example(self) -> str:
        """What the annotations name, for a message."""
        return f"names '{printable(self._names[0])}'" if self._names else "names none"

    def find(self, message: "RecordedMessage") -> Optional[str]:
        """The ``file_name`` of an image; None where the annotations have none for it, or it has
        no stamp that can be read."""
        from converter.recordings.image_messages import header_of
        from converter.recordings.recorded_image import image_name

        try:
            name = image_name(message.topic, header_of(message)[0])
        except ImageError:
            return None
        self.first = self.first or name
        accepted = (name, *(name + suffix for suffix in IMAGE_SUFFIXES))
        return next((one for one in accepted if one in self._names), None)
