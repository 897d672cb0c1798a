"""The results of both sides in an MCAP file that is opened beside the recording.

For each topic of images, ``/camera/image_raw`` here, it has

- ``/camera/image_raw/baseline/annotations`` and ``/camera/image_raw/candidate/annotations``, and
  ``/camera/image_raw/differences`` with what differs alone: ``foxglove.ImageAnnotations``;
- ``/camera/image_raw/baseline/detections`` and ``/camera/image_raw/candidate/detections``: the
  messages that a robot publishes, in the serialisation of ROS. Their last part is
  ``classification`` or ``segmentation`` for these tasks; a class map is an image by itself, and has
  no annotations.

All have the log time and the header of their image. The format: https://mcap.dev/spec
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from foxglove import Channel, Context, Schema, open_mcap
from foxglove.channels import ImageAnnotationsChannel
from foxglove.mcap import MCAPWriteOptions
from foxglove.messages import ImageAnnotations

from converter.recordings.recorded_image import RecordedImage
from converter.replay.differences.difference import ComparedImage
from converter.replay.files.annotate_results import ResultAnnotator
from converter.replay.files.serialise_results import ResultSerialiser, result_topic, utf8
from trt_inference.inference.results import Result, Segmentation

_BASELINE, _CANDIDATE = "baseline", "candidate"
_LATEST = 2**64 - 1  # nanoseconds, of a log time


class AnnotationsFile:
    """Writes what was found in one image after the other."""

    def __init__(self, stream: "_KeptErrors", labels: Sequence[str]) -> None:
        self.context = Context()
        self._stream = stream
        self._serialiser = ResultSerialiser(labels)
        self._annotator = ResultAnnotator(labels)
        self._annotations: dict[str, ImageAnnotationsChannel] = {}
        self._results: dict[str, Channel] = {}

    def add(self, compared: ComparedImage) -> None:
        """Write the results of an image, and in what they differ.

        Raises:
            OSError: the disk is full or not writable.
        """
        image, after = compared.image, compared.after.published
        if compared.before is not None:
            self._write_side(image, compared.before.published, _BASELINE)
        elif not isinstance(after, Segmentation):
            self._annotate(image, f"{_BASELINE}/annotations", self._annotator.no_result(image))
        self._write_side(image, after, _CANDIDATE)
        if compared.found is not None:
            drawn = self._annotator.differences(image, compared.found)
        else:
            drawn = self._annotator.no_result(image)
        self._annotate(image, "differences", drawn)
        self._stream.check()

    def _write_side(self, image: RecordedImage, result: Result, side: str) -> None:
        if not isinstance(result, Segmentation):
            drawn = self._annotator.result(image, result, is_baseline=side == _BASELINE)
            self._annotate(image, f"{side}/annotations", drawn)
        topic = f"{utf8(image.topic)}/{side}/{result_topic(result).name}"
        channel = self._results.get(topic)
        if channel is None:
            channel = self._results[topic] = self._result_channel(topic, result)
        channel.log(self._serialiser.serialise(result, image), log_time=_log_time(image))

    def _annotate(self, image: RecordedImage, name: str, drawn: ImageAnnotations) -> None:
        topic = f"{utf8(image.topic)}/{name}"
        channel = self._annotations.get(topic)
        if channel is None:
            channel = ImageAnnotationsChannel(topic, context=self.context)
            self._annotations[topic] = channel
        channel.log(drawn, log_time=_log_time(image))

    def _result_channel(self, topic: str, result: Result) -> Channel:
        definition = self._serialiser.definition(result).encode()
        schema = Schema(name=result_topic(result).type, encoding="ros2msg", data=definition)
        return Channel(topic, schema=schema, message_encoding="cdr", context=self.context)


@contextlib.contextmanager
def annotations_file(
    path: Path, labels: Sequence[str], titles: tuple[str, str]
) -> Iterator[AnnotationsFile]:
    """Give an object to add the compared images to, which writes them to ``path``. The file is
    closed when the block ends, also by an exception.

    Args:
        labels: that both sides have in common; may grow meanwhile.
        titles: of baseline and candidate, which are put into the file's metadata.

    Raises:
        OSError: the folder is not there, or the disk is full or not writable.
    """
    with contextlib.closing(_KeptErrors(path)) as stream:
        file = AnnotationsFile(stream, labels)
        # Chunks of a megabyte are compressed where they are added.
        options = MCAPWriteOptions(compression_threads=0)
        with open_mcap(stream, context=file.context, writer_options=options) as writer:
            before, after = map(utf8, titles)
            writer.write_metadata("replay", {_BASELINE: before, _CANDIDATE: after})
            yield file
    stream.check()


class _KeptErrors:
    """The file that the SDK writes to. The SDK prints errors on the terminal and goes on, or ends
    in a panic; here the first one is kept, and nothing is written after it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream = path.open("wb")
        self._error: OSError | KeyboardInterrupt | None = None
        self._place = self._size = 0  # where the SDK must believe to be

    def check(self) -> None:
        """
        Raises:
            OSError: something could not be written.
            KeyboardInterrupt: Ctrl-C came while something was written.
        """
        if isinstance(self._error, OSError):
            raise OSError(self._error.errno, self._error.strerror, str(self._path))
        if self._error is not None:
            raise self._error

    def write(self, data: bytes | bytearray) -> int:
        """Write all of ``data``."""
        self._keep(lambda: self._stream.write(data))
        self._place += len(data)
        self._size = max(self._size, self._place)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place in the file, and return it."""
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}
        self._place = starts[whence] + offset
        self._keep(lambda: self._stream.seek(self._place))
        return self._place

    def flush(self) -> None:
        """Hand all that was written over to the system."""
        self._keep(self._stream.flush)

    def close(self) -> None:
        """Close the file, also after an error."""
        try:
            self._stream.close()
        except OSError as error:
            self._error = self._error or error

    def _keep(self, use: Callable[[], object]) -> None:
        if self._error is None:
            try:
                use()
            except (OSError, KeyboardInterrupt) as error:
                self._error = error


def _log_time(image: RecordedImage) -> int:
    """When the image was recorded, in nanoseconds, or the nearest time that a file can have."""
    return min(max(image.log_time, 0), _LATEST)
