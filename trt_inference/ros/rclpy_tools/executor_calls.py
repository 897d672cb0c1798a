"""Calls from other threads that are to be made on the node's executor."""

from collections import deque
from concurrent.futures import Future
from typing import Any, Callable, Deque, Optional, Tuple

from rclpy.node import Node

_Call = Tuple[Future, Callable[[], Any]]


class ExecutorCalls:
    """Hands functions to the thread that spins the node, in their order."""

    def __init__(self, node: Node) -> None:
        # A deque, as Python 3.6 lacks SimpleQueue: its ends are safe to use from several threads.
        self._calls: Deque[_Call] = deque()
        self._is_cancelled = False
        self._condition = node.create_guard_condition(self._run)

    def submit(self, function: Callable[[], Any]) -> Future:
        """Have ``function`` called; the future has its result, or what it raised."""
        future: Future = Future()
        self._calls.append((future, function))
        if self._is_cancelled:
            self._cancel_all()
        else:
            self._condition.trigger()
        return future

    def cancel(self) -> None:
        """Call nothing any more: whoever waits gets a ``CancelledError``, who comes later too."""
        self._is_cancelled = True
        self._cancel_all()

    def _cancel_all(self) -> None:
        for future, _ in iter(self._next, None):
            future.cancel()

    def _next(self) -> Optional[_Call]:
        try:
            return self._calls.popleft()
        except IndexError:
            return None

    def _run(self) -> None:
        for future, function in iter(self._next, None):
            try:
                future.set_result(function())
            except Exception as error:  # handed to the thread that waits
                future.set_exception(error)
