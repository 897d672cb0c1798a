"""Two inference threads at one waiter, as right after a swap: who comes second misses nothing."""

import threading
import time
from typing import Any, Callable, List

import pytest

from test.worker_bench import SOON, Bench, Resource
from trt_inference.ros.cameras.image_receiver import ImageReceiver


class Waiter:
    """In the place of an ImageWaiter. As at a guard condition, one return is the answer to all
    wakes before it; a test decides when the thread that was woken up goes on."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._woken = False
        self.images: List[Callable[[], Any]] = []
        self.waiting = threading.Semaphore(0)
        self.may_return = threading.Event()

    def wait(self) -> int:
        self.waiting.release()
        with self._condition:
            self._condition.wait_for(lambda: self._woken or self.images)
        assert self.may_return.wait(SOON)
        with self._condition:
            self._woken = False
            images, self.images = self.images, []
        for image in images:
            image()
        return len(images)

    def wake(self) -> None:
        with self._condition:
            self._woken = True
            self._condition.notify_all()


class SlowToClose(Resource):
    """In the place of a detector whose engine is freed when the test lets it."""

    may_close = threading.Event()

    def __exit__(self, *exception: object) -> None:
        assert self.may_close.wait(SOON)


class Setup:
    """The former thread was swapped out and is on its way from the waiter; the next one wants to
    wait there."""

    def __init__(self) -> None:
        self.waiter = Waiter()
        waiter: Any = self.waiter
        self.receiver = ImageReceiver(waiter, None, None)
        SlowToClose.may_close.clear()
        self.former, self.next = Bench(SlowToClose), Bench()
        for one in (self.former, self.next):
            one.let_end(1000)
            one.thread.start()
        former: Any = self.former.thread
        self.receiver.start(former)
        assert self.waiter.waiting.acquire(timeout=SOON)
        self.swap(self.former, self.next)

    def swap(self, old: Bench, new: Bench) -> None:
        new.thread.succeed(old.thread)
        thread: Any = new.thread
        receiver: Any = self.receiver
        turns = self.receiver.wait
        self.comes, self.left = threading.Event(), threading.Event()

        def wait(*arguments: Any) -> None:
            self.comes.set()
            turns(*arguments)
            self.left.set()

        receiver.wait = wait
        receiver.follow(thread)
        assert self.comes.wait(SOON)
        time.sleep(0.05)  # it comes to where it has to wait for its turn

    def close(self) -> None:
        SlowToClose.may_close.set()
        self.waiter.may_return.set()
        self.receiver.stop()
        assert self.former.thread.stop(SOON)


@pytest.fixture
def setup() -> Any:
    it = Setup()
    yield it
    it.close()
    it.next.thread.stop(SOON)


def test_an_image_that_the_former_thread_has_received_is_worked_on_at_once(setup: Setup) -> None:
    setup.waiter.images.append(lambda: setup.next.thread.submit("image"))
    setup.waiter.may_return.set()
    assert setup.next.begun.acquire(timeout=5.0)


def test_a_thread_that_waits_for_its_turn_ends_with_the_reception(setup: Setup) -> None:
    setup.receiver.stop()
    setup.waiter.may_return.set()
    assert setup.next.thread.stop(5.0)


def test_a_thread_that_is_swapped_out_before_its_turn_receives_nothing(setup: Setup) -> None:
    last = Bench()
    last.let_end(1000)
    last.thread.start()
    setup.swap(setup.next, last)
    setup.waiter.may_return.set()
    assert setup.next.thread.stop(5.0)
    setup.receiver.stop()
    assert last.thread.stop(SOON)


def test_a_thread_waits_for_no_turn_that_it_need_not_have(setup: Setup) -> None:
    setup.receiver.stop()
    assert setup.left.wait(5.0)  # while the former one is still at the waiter
