"""Where the newest frame of each camera waits for the inference thread."""

import functools
import threading
import time
from abc import ABC, abstractmethod
from typing import Callable, Dict, Generic, List, Optional, Set, TypeVar

_Item = TypeVar("_Item")


class Feed(ABC):
    """Where the taker gets items itself, instead of waiting for somebody who puts them.

    The thread that waits for an image wakes up with it, and goes on: to hand the image over to
    another thread and to wake that one up costs 0.3 ms an image at 30 a second, 5 ms now and then.
    """

    @abstractmethod
    def wait(self, is_over: Callable[[], bool]) -> None:
        """Wait for items and put them into the mailbox; or return because of ``wake``.

        Args:
            is_over: whether there is nothing to wait for any more. To be asked by who has waited
                for anything else first: a ``wake`` meanwhile may have been another thread's.
        """

    @abstractmethod
    def wake(self) -> None:
        """Have ``wait`` return, now or the next time. May be called on any thread."""


class Mailbox(Generic[_Item]):
    """Holds at most one item of each source: a new one replaces one that was not taken yet.

    Sources are served in the order in which they began to wait, so that a fast one takes nothing
    from a slow one. Where several items can be taken at once, the first of them waits a little for
    those of the other sources, but only for sources whose items usually come at the same time.
    """

    def __init__(self, patience: float = 0.0) -> None:
        """
        Args:
            patience: seconds that the first item waits for others.
        """
        self._patience = patience
        self._condition = threading.Condition()
        self._items: Dict[int, _Item] = {}  # in the order in which the sources began to wait
        self._together: Set[int] = set()  # sources whose items came with those of others
        self._first_at = float("-inf")  # when the first of those that came together came
        self._first_source = 0
        self._waits_until = float("-inf")  # the first item, for those of other sources
        self._put_at: Dict[int, float] = {}  # when the last item of each source came
        self._busy = False
        self._closed = False
        self._feed: Optional[Feed] = None

    def put(self, item: _Item, source: int = 0) -> bool:
        """Leave ``item``; True when it replaced an older one, or the mailbox is closed."""
        with self._condition:
            if self._closed:
                return True
            now = time.monotonic()
            self._group(source, now)
            self._limit_waiting(source, now)
            replaced = source in self._items
            self._items[source] = item
            self._condition.notify_all()
            return replaced

    def take(self, limit: int = 1, wait: bool = True) -> List[_Item]:
        """Wait for items, at most ``limit``, and mark the mailbox busy until the next call that
        waits; none when it is closed. Without ``wait``, none when there is nothing, or when it is
        worth to wait for more."""
        while True:
            with self._condition:
                if not wait:
                    return self._pop(limit) if self._is_complete(limit) else []
                feed = self._wait_for_first()
                if feed is None:
                    self._wait_for_others(limit)
                    items = self._pop(limit)
                    self._busy = bool(items)
                    return items
            feed.wait(functools.partial(self._is_over_at, feed))

    def attach(self, feed: Optional[Feed]) -> None:
        """Have the taker wait at ``feed`` from now on, or, with None, for those who put items."""
        with self._condition:
            former, self._feed = self._feed, feed
            self._condition.notify_all()
        if former is not None:
            former.wake()

    def drain(self, timeout: float) -> bool:
        """Wait until nothing is waiting or being worked on; False after ``timeout`` seconds."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._items and not self._busy, timeout)

    def close(self) -> Dict[int, _Item]:
        """Wake the taker, which gets none. Returns what was not taken, by source."""
        with self._condition:
            self._closed = True
            items, self._items = self._items, {}
            self._condition.notify_all()
            feed = self._feed
        if feed is not None:
            feed.wake()
        return items

    def _wait_for_first(self) -> Optional[Feed]:
        """Wait until there is something to take, or the mailbox is closed; the feed where that has
        to be waited for, without the lock."""
        self._busy = False
        self._condition.notify_all()
        self._condition.wait_for(lambda: self._items or self._closed or self._feed is not None)
        return None if self._items or self._closed else self._feed

    def _is_over_at(self, feed: Feed) -> bool:
        """Whether the taker need not wait at ``feed`` any more."""
        with self._condition:
            return bool(self._items) or self._closed or self._feed is not feed

    def _pop(self, limit: int) -> List[_Item]:
        return [self._items.pop(source) for source in list(self._items)[:limit]]

    def _group(self, source: int, now: float) -> None:
        """Note whose items come at the same time."""
        if now - self._first_at > self._patience:
            self._first_at, self._first_source = now, source
        elif source != self._first_source:
            self._together.update((source, self._first_source))

    def _limit_waiting(self, source: int, now: float) -> None:
        """The first item waits for half of its source's period at most: then there is no newer one
        yet, by which it would be replaced."""
        period = now - self._put_at.get(source, float("-inf"))
        self._put_at[source] = now
        if not self._items:
            self._waits_until = now + min(self._patience, period / 2)

    def _is_complete(self, limit: int) -> bool:
        """Whether there is something, and nothing is worth waiting for."""
        missing = self._together.difference(self._items)
        enough = len(self._items) >= limit or not missing
        return bool(self._items) and (enough or self._remaining() <= 0)

    def _remaining(self) -> float:
        return self._waits_until - time.monotonic()

    def _wait_for_others(self, limit: int) -> None:
        """Until all are there that usually come together, or the patience is over."""
        while not self._closed and not self._is_complete(limit):
            self._condition.wait(self._remaining())
        if len(self._items) < limit:  # whoever is late now is not waited for the next time
            self._together.intersection_update(self._items)
