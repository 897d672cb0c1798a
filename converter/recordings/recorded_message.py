"""What a recording consists of, before anything of it is decoded."""

from dataclasses import dataclass
from typing import NamedTuple


class RecordedTopic(NamedTuple):
    """A topic of a recording.

    Attributes:
        name: as it was recorded, ``/camera/image_raw``.
        type: of its messages, ``sensor_msgs/msg/Image``.
        messages: how many there are, as far as the recording tells before it is read.
    """

    name: str
    type: str
    messages: int


class MessageDefinition(NamedTuple):
    """What a recording says its messages of a type consist of.

    Attributes:
        encoding: ``ros2msg`` or ``ros2idl``; empty where the recording does not tell.
        text: the definition, followed by those of the types in it.
    """

    encoding: str = ""
    text: str = ""


class RecordedMessage(NamedTuple):
    """A message as it lies in a recording.

    Attributes:
        topic, type: as in ``RecordedTopic``.
        log_time: when it was recorded, in nanoseconds since 1970.
        seconds: since the first message of the recording. Where several bags are read, each goes
            on where the one before ends.
        data: the serialised message, CDR with its header of four bytes; large ones are a view of
            what was read, which keeps all of that in memory.
        definition: of its type, in the recording that it is of.
    """

    topic: str
    type: str
    log_time: int
    seconds: float
    data: bytes | memoryview
    definition: MessageDefinition = MessageDefinition()


@dataclass(frozen=True)
class Excerpt:
    """Which images of a recording are looked at.

    Attributes:
        start: seconds of the recording, as ``RecordedMessage.seconds``, from which on.
        end: seconds before which; None for all.
        every: take each n-th image of a topic, the first one included.
        limit: most images of all topics together; None for all.
    """

    start: float = 0.0
    end: float | None = None
    every: int = 1
    limit: int | None = None
