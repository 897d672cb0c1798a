"""One file of a recording: what each kind of storage offers."""

import os
import stat
from abc import ABC, abstractmethod
from pathlib import Path
from typing import BinaryIO, Collection, Iterator, NamedTuple

from converter.errors import RecordingError
from converter.recordings.recorded_message import MessageDefinition
from trt_inference.printable import printable_name

# Of one message, and of one chunk of messages: larger ones are left out. Bytes.
LARGEST_PART = 2**30


class StoredTopic(NamedTuple):
    """Name and type of a topic, with the definition of the type that the file has."""

    name: str
    type: str
    definition: MessageDefinition


class StoredMessage(NamedTuple):
    """A message with its time of recording in nanoseconds."""

    log_time: int
    topic: StoredTopic
    data: bytes | memoryview


class StorageFile(ABC):
    """
    Attributes:
        name: of the file, printable.
        topics: how many messages there are of each.
        count: of all messages, those of topics that are left out too.
        start, end: first and last time of recording, in nanoseconds.
    """

    name: str
    topics: dict[StoredTopic, int]
    count: int
    start: int
    end: int

    @abstractmethod
    def messages(self, topics: Collection[str], start: int, end: int) -> Iterator[StoredMessage]:
        """Those of ``topics`` in order of recording, each call for itself. What is recorded before
        ``start`` or after ``end`` (nanoseconds) may be left out."""

    def close(self) -> None:  # noqa: B027 - only some leave anything
        """Remove what reading has left beside the file."""


def open_regular(path: Path) -> BinaryIO:
    """A file to read; FIFOs and devices are refused, and nothing is waited for.

    Raises:
        RecordingError: there is none, or it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return open(descriptor, "rb", buffering=2**14)
        os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RecordingError(f"cannot read {printable_name(path)}: {reason}") from error
    raise RecordingError(f"cannot read {printable_name(path)}: it is no regular file")


def check_beginning(stream: BinaryIO, path: Path, beginning: bytes, kind: str) -> None:
    """Read what each file of a kind begins with.

    Raises:
        RecordingError: the file begins with something else.
    """
    found = stream.read(len(beginning))
    if not found:
        raise RecordingError(
            f"{printable_name(path)} is empty, as where the recorder was killed before it wrote"
        )
    if found != beginning:
        raise RecordingError(
            f"{printable_name(path)} is no {kind} file, or its first bytes are damaged: they are "
            "not those that such a file begins with"
        )
