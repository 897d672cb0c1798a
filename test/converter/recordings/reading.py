"""What tests read of recordings, in forms that can be compared."""

from pathlib import Path
from typing import Iterable

from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import BagMessage

# Topic, time of recording in nanoseconds, data.
Plain = "tuple[str, int, bytes]"


def plain(messages: Iterable[BagMessage]) -> "list[Plain]":
    """What was written, in order of recording."""
    found = [(one.topic, one.log_time, one.data) for one in messages]
    return sorted(found, key=lambda one: one[1])


def read(recordings: Recordings) -> "list[Plain]":
    """All messages, in the order in which they are given."""
    names = {topic.name for topic in recordings.topics}
    return [(one.topic, one.log_time, bytes(one.data)) for one in recordings.messages(names)]


def read_path(*paths: Path) -> "tuple[list[Plain], tuple[str, ...]]":
    """All messages and all problems."""
    with Recordings(paths) as recordings:
        found = read(recordings)
        return found, recordings.problems
