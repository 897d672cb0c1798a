"""The newest item of each source, the sources in turn, and waiting only where it is worth it."""

import threading
from types import SimpleNamespace
from typing import Callable, List, Optional

import pytest

from test.worker_bench import SOON
from trt_inference.streaming import mailbox as mailbox_module
from trt_inference.streaming.mailbox import Mailbox

PATIENCE = 0.3  # seconds on a clock that goes on only when a test lets it
PERIOD = 2.2 * PATIENCE  # between two items of a source


class Clock:
    """In the place of the module ``time``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Waiting:
    """What a taker's wait with a limit does: ``meanwhile``, else it passes on the clock at once."""

    def __init__(self, clock: Clock) -> None:
        self.meanwhile: Optional[Callable[[], object]] = None
        self._clock = clock

    def condition(self) -> threading.Condition:
        waiting = self

        class Condition(threading.Condition):
            def wait(self, timeout: Optional[float] = None) -> bool:
                assert timeout is not None, "nothing would end this wait"
                return waiting.wait(timeout)

        return Condition()

    def wait(self, timeout: float) -> bool:
        happens, self.meanwhile = self.meanwhile, None
        if happens is None:
            self._clock.now += timeout
        else:
            happens()
        return happens is not None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of all mailboxes."""
    it = Clock()
    monkeypatch.setattr(mailbox_module, "time", it)
    return it


@pytest.fixture
def waiting(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """How all mailboxes wait."""
    it = Waiting(clock)
    monkeypatch.setattr(mailbox_module, "threading", SimpleNamespace(Condition=it.condition))
    return it


def used_to_come_together(clock: Clock) -> Mailbox[str]:
    """A mailbox that has seen the sources 0 and 1 at the same time."""
    mailbox: Mailbox[str] = Mailbox(PATIENCE)
    mailbox.put("left", 0)
    mailbox.put("right", 1)
    assert mailbox.take(2) == ["left", "right"]
    clock.now += PERIOD  # the next items are other ones than those
    return mailbox


def test_a_new_item_replaces_one_of_its_own_source_only() -> None:
    mailbox: Mailbox[str] = Mailbox()
    dropped = [mailbox.put(*put) for put in (("a", 0), ("b", 1), ("A", 0))]
    assert dropped == [False, False, True]
    assert mailbox.take(3) == ["A", "b"]


def test_a_fast_source_takes_nothing_from_slow_ones() -> None:
    mailbox: Mailbox[str] = Mailbox()
    served = []
    mailbox.put("slow", 1)
    for _ in range(4):
        for number in range(10):
            mailbox.put(f"fast {number}", 0)
        served += mailbox.take()
        if served[-1] == "slow":
            mailbox.put("slow", 1)
    assert served == ["slow", "fast 9", "slow", "fast 9"]


def test_no_more_are_taken_than_can_be_run_at_once() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for source in range(5):
        mailbox.put(source, source)
    assert [mailbox.take(2), mailbox.take(2), mailbox.take(2)] == [[0, 1], [2, 3], [4]]


def test_sources_that_come_together_are_waited_for(clock: Clock, waiting: Waiting) -> None:
    mailbox = used_to_come_together(clock)
    mailbox.put("left", 0)
    assert mailbox.take(2, wait=False) == []  # meanwhile something else can be done
    waiting.meanwhile = lambda: mailbox.put("right", 1)
    assert mailbox.take(2) == ["left", "right"]


def test_a_late_source_is_waited_for_only_so_long_and_only_once(
    clock: Clock, waiting: Waiting
) -> None:
    mailbox = used_to_come_together(clock)
    begun = clock.now
    mailbox.put("left", 0)
    assert mailbox.take(2) == ["left"]
    assert clock.now == pytest.approx(begun + PATIENCE)
    begun = clock.now
    mailbox.put("left", 0)
    assert mailbox.take(2) == ["left"]
    assert clock.now == begun


def test_nobody_waits_until_a_newer_item_of_its_own_source_comes(
    clock: Clock, waiting: Waiting
) -> None:
    mailbox: Mailbox[int] = Mailbox(100.0)  # as when somebody does not know the period
    begun = clock.now
    mailbox.put(-1, 0)
    mailbox.put(-1, 1)
    assert mailbox.take(2) == [-1, -1]  # the sources come together, but then one stops
    for number in range(5):
        clock.now = begun + (number + 1) * PATIENCE
        assert mailbox.put(number, 0) is False
        assert mailbox.take(2) == [number]
        assert clock.now < begun + (number + 2) * PATIENCE


def test_sources_that_were_never_there_together_are_not_waited_for(
    clock: Clock, waiting: Waiting
) -> None:
    mailbox: Mailbox[str] = Mailbox(PATIENCE)
    for source in (0, 1, 0, 1):
        begun = clock.now
        mailbox.put("alone", source)
        assert mailbox.take(2) == ["alone"]
        assert clock.now == begun
        clock.now += PERIOD


def test_one_at_a_time_never_waits(clock: Clock, waiting: Waiting) -> None:
    mailbox = used_to_come_together(clock)
    begun = clock.now
    mailbox.put("left", 0)
    assert mailbox.take(1) == ["left"]
    assert clock.now == begun


def test_what_has_waited_long_enough_already_is_taken_at_once(clock: Clock) -> None:
    mailbox = used_to_come_together(clock)
    mailbox.put("left", 0)
    clock.now += PATIENCE  # as when the engine was busy
    assert mailbox.take(2, wait=False) == ["left"]


@pytest.mark.parametrize("held", [[], ["left"]])
def test_closing_wakes_whoever_waits_and_gives_back_what_was_not_taken(
    held: List[str], clock: Clock
) -> None:
    mailbox = used_to_come_together(clock)  # its clock stands still: the taker waits for ever
    for item in held:
        mailbox.put(item, 0)
    taken: List[List[str]] = []
    taker = threading.Thread(target=lambda: taken.append(mailbox.take(2)))
    taker.start()
    assert list(mailbox.close().values()) == held
    taker.join(SOON)
    assert taken == [[]]
    assert mailbox.put("late", 0) is True
