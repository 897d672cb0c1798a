"""Where the newest frame of each camera waits for the inference thread."""

import threading
import time
from typing import Dict, Generic, List, Set, TypeVar

_Item = TypeVar("_Item")


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
        with self._condition:
            if not wait:
                return self._pop(limit) if self._is_complete(limit) else []
            self._busy = False
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._items or self._closed)
            self._wait_for_others(limit)
            items = self._pop(limit)
            self._busy = bool(items)
            return items

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
            return items

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
