"""What of a recording could not be read: sentences for people."""

import threading
from dataclasses import dataclass, field
from typing import Hashable


@dataclass
class _Losses:
    """Parts of a file that cannot be read: for each, the number of messages in it."""

    where: str
    thing: str
    reason: str
    messages: dict[Hashable, int | None] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = len(self.messages)
        things = self.thing if parts == 1 else f"{self.thing}s"
        first = self.reason if parts == 1 else f"the first: {self.reason}"
        return f"{self.where}: {parts} {things} cannot be read{self._messages()} ({first})"

    def _messages(self) -> str:
        if self.thing == "message":
            return ""
        known = sum(filter(None, self.messages.values()))
        if None in self.messages.values():
            return f", with {known} messages or more" if known else ""
        return f", with {known} message{'' if known == 1 else 's'}"


def counted_messages(count: int) -> str:
    """How many there are, with the verb."""
    return f"{count} {'message is' if count == 1 else 'messages are'}"


class RecordingProblems:
    """Collects them. Several threads may read the recording at once, or one after the other: what
    each of them meets again is counted once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[Hashable, str | _Losses] = {}

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is known by now."""
        with self._lock:
            return tuple(map(str, self._said.values()))

    def add(self, sentence: str, about: Hashable = None) -> None:
        """``sentence`` replaces an earlier one about the same."""
        with self._lock:
            self._said[sentence if about is None else about] = sentence

    def add_loss(
        self, where: str, thing: str, place: Hashable, reason: str, messages: int | None = None
    ) -> None:
        """One more ``thing`` of the file ``where`` cannot be read.

        Args:
            thing: ``chunk`` or ``message``.
            place: tells it from others of its kind in the file.
            reason: why.
            messages: how many messages are in it; None where that is not known.
        """
        with self._lock:
            losses = self._said.setdefault((where, thing), _Losses(where, thing, reason))
            if isinstance(losses, _Losses):
                losses.messages[place] = messages
