"""Calls from other threads that are to be made on the node's executor."""

from __future__ import annotations

import queue
from concurrent.futures import Future
from typing import Any, Callable, Optional, Tuple

from rclpy.node import Node


class ExecutorCalls:
    """Hands functions to the thread that spins the node, in their order."""

    def __init__(self, node: Node) -> None:
        self._calls: queue.SimpleQueue[Tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._is_cancelled = False
        self._condition = node.create_guard_condition(self._run)

    def submit(self, function: Callable[[], Any]) -> Future[Any]:
        """Have ``function`` called; the future has its result, or what it raised."""
        future: Future[Any] = Future()
        self._calls.put((future, function))
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
        while (waiting := self._next()) is not None:
            waiting[0].cancel()

    def _next(self) -> Optional[Tuple[Future[Any], Callable[[], Any]]]:
        try:
            return self._calls.get_nowait()
        except queue.Empty:
            return None

    def _run(self) -> None:
        while (waiting := self._next()) is not None:
            future, function = waiting
            try:
                future.set_result(function())
            except Exception as error:  # handed to the thread that waits
                future.set_exception(error)
