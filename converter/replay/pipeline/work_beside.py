"""Work on a thread of its own, beside the thread that runs the engines."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, TypeVar

from converter.replay.pipeline.give_way import give_way

_Item = TypeVar("_Item")


class WorkBeside(Generic[_Item]):
    """Works on one item after the other, in the order in which they are put.

    A context manager: at its end all items are done. After an error, in the work or in the block,
    what is left is let go of without work, and the error is raised by the next ``put`` or at the
    end.
    """

    def __init__(self, work: Callable[[_Item], None], let_go: Callable[[_Item], None]) -> None:
        """
        Args:
            let_go: called once for each item, done or not; it must not raise.
        """
        self._work, self._let_go = work, let_go
        self._items: SimpleQueue[_Item | None] = SimpleQueue()
        self._error: BaseException | None = None
        self._discards = False
        self._thread = threading.Thread(target=self._run, name="compare", daemon=True)

    def put(self, item: _Item) -> None:
        """Hand on an item.

        Raises:
            BaseException: what an earlier item has raised; this one is let go of.
        """
        self._items.put(item)
        if self._error is not None:
            raise self._error

    def __enter__(self) -> "WorkBeside[_Item]":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._discards = error is not None
        self._items.put(None)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        give_way()
        while (item := self._items.get()) is not None:
            try:
                if self._error is None and not self._discards:
                    self._work(item)
            except BaseException as error:  # whatever it is, it is raised on the other thread
                self._error = error
            finally:
                self._let_go(item)
