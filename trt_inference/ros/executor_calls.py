"""Calls from other threads that are to be made on the node's executor."""

from __future__ import annotations

import queue
from concurrent.futures import Future
from typing import Any, Callable, Tuple

from rclpy.node import Node


class ExecutorCalls:
    """Hands functions to the thread that spins the node, in their order."""

    def __init__(self, node: Node) -> None:
        self._calls: queue.SimpleQueue[Tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._condition = node.create_guard_condition(self._run)

    def submit(self, function: Callable[[], Any]) -> Future[Any]:
        """Have ``function`` called; the future has its result, or what it raised."""
        future: Future[Any] = Future()
        self._calls.put((future, function))
        self._condition.trigger()
        return future

    def cancel(self) -> None:
        """What was not called will not be: whoever waits for it gets a ``CancelledError``."""
        while not self._calls.empty():
            self._calls.get()[0].cancel()

    def _run(self) -> None:
        while not self._calls.empty():
            future, function = self._calls.get()
            try:
                future.set_result(function())
            except Exception as error:  # handed to the thread that waits
                future.set_exception(error)
