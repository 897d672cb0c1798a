"""The thread of the engine receives the images as long as it comes in time for the next one."""

import threading
import time
from typing import Any, Callable, Iterator, List, Optional

import pytest

from trt_inference.ros.cameras.image_receiver import ImageReceiver
from trt_inference.streaming.mailbox import Feed

PERIOD = 0.033  # seconds between two images
LIMIT = 60.0  # seconds against hanging


class Waiter:
    """In the place of an ImageWaiter: an image is there when the test says so."""

    def __init__(self) -> None:
        self.waited_on: List[str] = []
        self.happens: Callable[[], int] = lambda: 0
        self._woken = threading.Event()

    def wait(self) -> int:
        name = threading.current_thread().name
        self.waited_on.append(name)
        if name == "reception":
            assert self._woken.wait(LIMIT)
            return 0
        return self.happens()

    def wake(self) -> None:
        self._woken.set()


class Inference:
    """In the place of an InferenceThread."""

    def __init__(self) -> None:
        self.feed: Optional[Feed] = None

    def attach(self, feed: Optional[Feed]) -> None:
        self.feed = feed


class Log(List[str]):
    """In the place of a logger."""

    def info(self, text: str) -> None:
        self.append(text)

    error = info


class Setup:
    """A receiver whose images come, and are worked on, as a test has it."""

    def __init__(self, hands_over: Optional[bool]) -> None:
        self.waiter, self.inference, self.log = Waiter(), Inference(), Log()
        self.now = self._comes_at = 100.0
        waiter: Any = self.waiter
        self.receiver = ImageReceiver(waiter, hands_over, self.log, lambda: self.now)
        inference: Any = self.inference
        self.receiver.start(inference)

    def image(self, takes: float) -> None:
        """The next image of a camera, which keeps the engine busy for so many seconds; none where
        another thread receives."""
        if self.inference.feed is None:
            return
        self._comes_at += PERIOD

        def come() -> int:
            self.now = max(self.now, self._comes_at)  # at once where it has come meanwhile
            while self._comes_at + PERIOD <= self.now:
                self._comes_at += PERIOD
            return 1

        self.waiter.happens = come
        self.wait()
        self.now += takes

    def wait(self) -> None:
        self.receiver.wait(lambda: self.inference.feed is None)

    def images(self, count: int, takes: float) -> None:
        for _ in range(count):
            self.image(takes)

    @property
    def hands_over(self) -> bool:
        """Whether another thread than the engine's receives."""
        return self.inference.feed is None and self.reception_waits()

    def reception_waits(self, seconds: float = 1.0) -> bool:
        end = time.monotonic() + seconds
        while "reception" not in self.waiter.waited_on and time.monotonic() < end:
            time.sleep(0.01)
        return "reception" in self.waiter.waited_on


@pytest.fixture
def setup() -> Iterator[Callable[[Optional[bool]], Setup]]:
    made: List[Setup] = []

    def make(hands_over: Optional[bool]) -> Setup:
        made.append(Setup(hands_over))
        return made[-1]

    yield make
    for one in made:
        one.receiver.stop()


def test_the_engines_thread_receives_while_it_is_done_in_time(
    setup: Callable[[Optional[bool]], Setup],
) -> None:
    it = setup(None)
    it.images(1000, 0.5 * PERIOD)
    assert it.inference.feed is it.receiver
    assert set(it.waiter.waited_on) == {threading.current_thread().name}
    assert it.log == []


@pytest.mark.parametrize("takes", [0.9 * PERIOD, 5 * PERIOD])
def test_another_thread_receives_once_the_engine_is_late_again_and_again(
    setup: Callable[[Optional[bool]], Setup], takes: float
) -> None:
    it = setup(None)
    it.images(30, takes)
    assert it.hands_over
    [told] = it.log
    assert "on a thread of their own from now on" in told


def test_another_thread_receives_while_the_engine_hangs(
    setup: Callable[[Optional[bool]], Setup],
) -> None:
    it = setup(None)
    it.image(0.5)
    it.receiver.look()
    assert it.inference.feed is it.receiver
    it.now += 1.0
    it.receiver.look()
    it.receiver.look()
    assert it.hands_over
    assert len(it.log) == 1
    it.receiver.stop()
    it.receiver.look()
    assert "reception" not in [thread.name for thread in threading.enumerate()]


def test_an_engine_that_has_nothing_to_do_does_not_hang(
    setup: Callable[[Optional[bool]], Setup],
) -> None:
    it = setup(None)
    it.receiver.look()  # before the first image
    it.image(0.1 * PERIOD)
    it.waiter.happens = lambda: 0
    it.wait()
    it.now += 100.0
    it.receiver.look()
    assert it.inference.feed is it.receiver


def test_a_hiccup_now_and_then_changes_nothing(setup: Callable[[Optional[bool]], Setup]) -> None:
    it = setup(None)
    for _ in range(100):
        it.images(3, 20 * PERIOD)
        it.images(7, 0.5 * PERIOD)
    assert it.inference.feed is it.receiver


def test_a_long_pause_between_images_is_not_the_engines(
    setup: Callable[[Optional[bool]], Setup],
) -> None:
    it = setup(None)
    for _ in range(50):
        it.waiter.happens = lambda: 0  # woken without an image
        it.wait()
        it.now += 100 * PERIOD
        it.image(0.1 * PERIOD)
    assert it.inference.feed is it.receiver


def test_with_never_it_stays_so_however_late(setup: Callable[[Optional[bool]], Setup]) -> None:
    it = setup(False)
    it.images(100, 5 * PERIOD)
    it.now += 100.0
    it.receiver.look()
    assert it.inference.feed is it.receiver


def test_with_always_another_thread_receives_from_the_start(
    setup: Callable[[Optional[bool]], Setup],
) -> None:
    it = setup(True)
    assert it.hands_over
    it.receiver.stop()
    assert "reception" not in [thread.name for thread in threading.enumerate()]


def test_the_engine_that_is_swapped_in_receives_instead(
    setup: Callable[[Optional[bool]], Setup],
) -> None:
    it = setup(None)
    other: Any = Inference()
    it.receiver.follow(other)
    assert other.feed is it.receiver
    assert it.inference.feed is None
    it.receiver.stop()
    assert other.feed is None


def test_the_engine_that_is_swapped_in_while_nothing_is_received_waits(
    setup: Callable[[Optional[bool]], Setup],
) -> None:
    it = setup(None)
    it.receiver.stop()
    other: Any = Inference()
    it.receiver.follow(other)
    assert other.feed is None
    it.receiver.start(other)
    assert other.feed is it.receiver


def test_after_it_was_stopped_it_begins_anew(setup: Callable[[Optional[bool]], Setup]) -> None:
    it = setup(None)
    it.images(30, 5 * PERIOD)
    assert it.hands_over
    it.receiver.stop()
    inference: Any = it.inference
    it.receiver.start(inference)
    assert it.inference.feed is it.receiver
    it.images(100, 0.5 * PERIOD)
    assert it.inference.feed is it.receiver
