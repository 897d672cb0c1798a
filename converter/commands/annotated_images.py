"""The images of a recording that annotations name by topic and stamp."""

from pathlib import Path
from typing import TYPE_CHECKING, Optional, Sequence

from converter.errors import DatasetError
from converter.inputs.coco_annotations import read_annotations
from converter.tables.wording import counted
from converter.terminal.progress import Progress
from trt_inference.errors import ImageError
from trt_inference.printable import printable

if TYPE_CHECKING:
    from converter.recordings.chosen_images import ListedImage
    from converter.recordings.recorded_message import RecordedMessage
    from converter.recordings.recordings import Recordings


def list_annotated(
    recordings: "Recordings",
    topics: Sequence[str],
    annotations: Path,
    bags: str,
    progress: Progress,
) -> "Sequence[ListedImage]":
    """The images that annotations name, in the order of the recording. Where several images of a
    topic have one stamp, nobody knows which of them is annotated, and they are left out.

    Args:
        bags: for messages.

    Raises:
        DatasetError: the annotations cannot be read, or name none of the images, or two by one
            name.
    """
    from converter.recordings.chosen_images import list_images

    names = _AnnotatedNames(annotations, topics)
    listed = list_images(recordings, topics, names.find)
    found = tuple(one for one in listed if one.annotated_as not in names.shared)
    if names.shared:
        shared = (
            f"of {counted(len(names.shared), 'annotated image')} the stamp belongs to several "
            "images of a topic, which are left out"
        )
        if not found:
            raise DatasetError(f"'{bags}' has no other image that is annotated: {shared}")
        progress.caution(shared)
    if not found and names.first:
        raise DatasetError(
            f"no image in '{bags}' is named in '{annotations}': it names {names.example}, and the "
            f"recording has '{printable(names.first)}'. A file_name there must end in the stamp "
            "of the image's header, and begin with its topic where there are several cameras"
        )
    return found


class _AnnotatedNames:
    """Finds the names that annotations have for images.

    Attributes:
        first: the name of the first image that was looked for; empty before.
    """

    def __init__(self, file: Path, topics: Sequence[str]) -> None:
        from converter.replay.labelled.image_entries import ImageEntries

        content = read_annotations(file, ()).content["images"]
        self.first = ""
        self._entries = ImageEntries(file, content, topics)
        self._ids = {entry["file_name"]: entry["id"] for entry in content}

    @property
    def example(self) -> str:
        """What the annotations name, for a message."""
        return self._entries.example()

    @property
    def shared(self) -> Sequence[str]:
        """Names that stand for several images."""
        return [name for name, one in self._ids.items() if one in self._entries.shared]

    def find(self, message: "RecordedMessage") -> Optional[str]:
        """The ``file_name`` of an image; None where the annotations have none for it, or it has
        no stamp that can be read.

        Raises:
            DatasetError: there are several, or it stands for an image of another topic as well.
        """
        from converter.recordings.image_messages import header_of
        from converter.recordings.recorded_image import image_name
        from converter.replay.labelled.image_entries import image_file

        try:
            stamp, _ = header_of(message)
        except ImageError:
            return None
        self.first = self.first or image_file(image_name(message.topic, stamp))
        entry = self._entries.find_stamped(message.topic, stamp)
        return None if entry is None else str(entry["file_name"])
