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

from trt_inference.ros.cameras.image_take import ImageTake
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
    """Takes the images of its subscriptions and calls their callbacks, on the thread that waits.

    One thread at a time waits; the others may add, remove and wake.

    Attributes:
        group: the callback group of all subscriptions whose images are taken.
        cpu: seconds of processor time that taking images has needed since the start.
    """

    def __init__(self, node: Node) -> None:
        self.group = NotByExecutors()
        self.cpu = 0.0
        self._context = node.context
        self._failures = FailedCallbacks(node.get_logger())
        self._guard = GuardCondition(None, None, context=node.context)
        self._lock = threading.Lock()
        self._takes: Tuple[ImageTake, ...] = ()
        self._wait_set: Any = None
        self._size = 0  # subscriptions that the wait set has room for

    def add(self, take: ImageTake) -> None:
        """Take its images, too."""
        with self._lock:
            self._takes = (*self._takes, take)
        self.wake()

    def remove(self, take: ImageTake) -> None:
        """Take none of its images after the one that is being taken."""
        with self._lock:
            self._takes = tuple(one for one in self._takes if one is not take)
        self.wake()

    def wake(self) -> None:
        """Have ``wait`` return, now or the next time."""
        self._guard.trigger()

    def wait(self) -> int:
        """Wait for images, and call back with each that is there; the number of them. What a
        callback raises is logged, and what is wrong with an image.

        Raises:
            Exception: the context was shut down.
        """
        takes = self._takes
        with ExitStack() as in_use:
            try:
                for handle in (self._guard.handle, *(one.subscription.handle for one in takes)):
                    in_use.enter_context(handle)
            except rclpy_implementation.InvalidHandle:
                return 0  # one was removed and destroyed in between
            ready = self._ready([one.subscription for one in takes])
            return sum(self._take(one) for one in takes if one.subscription.handle.pointer in ready)

    def destroy(self) -> None:
        """Nobody waits any more."""
        self._wait_set = None
        self._guard.destroy()

    def _ready(self, subscriptions: Sequence[Subscription]) -> Sequence[int]:
        """Wait; the pointers of those that have images."""
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

    def _take(self, take: ImageTake) -> int:
        """Take what is there, and call back; how many there were."""
        callback: Any = take.subscription.callback
        count = 0
        began = cpu_time_of_thread()
        try:
            for image in take.all():
                self.cpu += cpu_time_of_thread() - began
                count += 1
                callback(image)
                began = cpu_time_of_thread()
        except rclpy_implementation.InvalidHandle:
            pass  # it was destroyed in between: nobody wants its images any more
        except Exception:  # as an executor does: one image does not end the others
            self._failures.log()
        return count


def cpu_time_of_thread() -> float:
    """Return the seconds that the calling thread has computed."""
    return time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)  # thread_time of Python 3.7
