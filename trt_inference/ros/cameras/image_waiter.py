"""Waits for images on any thread, without the executor.

rclpy's executor goes through all entities of the node for each message that it takes: timers,
services, guard conditions; in Python, and with the interpreter to itself. Here a wait set has the
image subscriptions alone, as that of rclpy's ``wait_for_message`` has one.
"""

import threading
import time
from contextlib import ExitStack
from typing import Any, Sequence, Tuple

from rclpy.callback_groups import CallbackGroup
from rclpy.guard_condition import GuardCondition
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.subscription import Subscription

from trt_inference.ros.rclpy_tools.failed_callbacks import FailedCallbacks

_FOREVER = -1  # nanoseconds


class NotByExecutors(CallbackGroup):
    """Of subscriptions that no executor takes messages of. It calls their events, as that of a lost
    message."""

    def can_execute(self, entity: Any) -> bool:
        """Whether an executor may look at it."""
        return not isinstance(entity, Subscription)

    def beginning_execution(self, entity: Any) -> bool:
        """Whether an executor may call it."""
        return self.can_execute(entity)

    def ending_execution(self, entity: Any) -> None:
        """Nothing has to be waited for."""


class ImageWaiter:
    """Takes the messages of its subscriptions and calls their callbacks, on the thread that waits.

    One thread at a time waits; the others may add, remove and wake.

    Attributes:
        group: the callback group of all subscriptions that are added.
        cpu: seconds of processor time that taking messages has needed since the start.
    """

    def __init__(self, node: Node) -> None:
        self.group = NotByExecutors()
        self.cpu = 0.0
        self._context = node.context
        self._failures = FailedCallbacks(node.get_logger())
        self._guard = GuardCondition(None, None, context=node.context)
        self._lock = threading.Lock()
        self._subscriptions: Tuple[Subscription, ...] = ()
        self._wait_set: Any = None
        self._size = 0  # subscriptions that the wait set has room for

    def add(self, subscription: Subscription) -> None:
        """Take its messages, too."""
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
        self.wake()

    def remove(self, subscription: Subscription) -> None:
        """Take none of its messages after the one that is being taken."""
        with self._lock:
            others = [one for one in self._subscriptions if one is not subscription]
            self._subscriptions = tuple(others)
        self.wake()

    def wake(self) -> None:
        """Have ``wait`` return, now or the next time."""
        self._guard.trigger()

    def wait(self) -> int:
        """Wait for messages, and call back with each that is there; the number of them. What a
        callback raises is logged.

        Raises:
            Exception: the context was shut down.
        """
        subscriptions = self._subscriptions
        with ExitStack() as in_use:
            try:
                for handle in (self._guard.handle, *(one.handle for one in subscriptions)):
                    in_use.enter_context(handle)
            except rclpy_implementation.InvalidHandle:
                return 0  # one was removed and destroyed in between
            ready = self._ready(subscriptions)
            return sum(self._take_all(one) for one in subscriptions if one.handle.pointer in ready)

    def destroy(self) -> None:
        """Nobody waits any more."""
        self._wait_set = None
        self._guard.destroy()

    def _ready(self, subscriptions: Sequence[Subscription]) -> Sequence[int]:
        """Wait; the pointers of those that have messages."""
        if self._wait_set is None or self._size != len(subscriptions):
            self._size = len(subscriptions)
            context: Any = self._context.handle
            with context:
                self._wait_set = rclpy_implementation.WaitSet(self._size, 1, 0, 0, 0, 0, context)
        wait_set: Any = self._wait_set
        wait_set.clear_entities()
        for one in subscriptions:
            wait_set.add_subscription(one.handle)
        wait_set.add_guard_condition(self._guard.handle)
        wait_set.wait(_FOREVER)
        pointers: Sequence[int] = wait_set.get_ready_entities("subscription")
        return pointers

    def _take_all(self, subscription: Subscription) -> int:
        """Take what is there, of what the history keeps, and call back; how many there were."""
        callback: Any = subscription.callback
        for count in range(subscription.qos_profile.depth or 1):
            began = cpu_time_of_thread()
            taken = self._take(subscription)
            self.cpu += cpu_time_of_thread() - began
            if taken is None:
                return count
            try:
                callback(taken[0])
            except Exception:  # as an executor does: one message does not end the others
                self._failures.log()
        return count + 1

    def _take(self, subscription: Subscription) -> Any:
        try:
            return subscription.handle.take_message(subscription.msg_type, subscription.raw)
        except Exception:  # of a message that the middleware cannot read
            self._failures.log()
            return None


def cpu_time_of_thread() -> float:
    """Return the seconds that the calling thread has computed."""
    return time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)  # thread_time of Python 3.7
