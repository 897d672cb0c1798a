"""The newest item of each source, the sources in turn, and waiting only where it is worth it."""

from __future__ import annotations

import threading
import time
from typing import Callable

import pytest

from test.worker_bench import A_MOMENT, SOON
from trt_inference.streaming.mailbox import Mailbox

PATIENCE = 0.3  # seconds: long enough to see whether somebody waited
PERIOD = 2.2 * PATIENCE  # between two items of a source


def seconds(call: Callable[[], object]) -> float:
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


def later(delay: float, call: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(delay, call)
    timer.start()
    return timer


def used_to_come_together() -> Mailbox[str]:
    """A mailbox that has seen the sources 0 and 1 at the same time."""
    mailbox: Mailbox[str] = Mailbox(PATIENCE)
    mailbox.put("left", 0)
    mailbox.put("right", 1)
    assert mailbox.take(2) == ["left", "right"]
    time.sleep(PERIOD)  # the next items are other ones than those
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


def test_sources_that_come_together_are_waited_for() -> None:
    mailbox = used_to_come_together()
    mailbox.put("left", 0)
    assert mailbox.take(2, wait=False) == []  # meanwhile something else can be done
    timer = later(A_MOMENT, lambda: mailbox.put("right", 1))
    assert mailbox.take(2) == ["left", "right"]
    timer.join()


def test_a_late_source_is_waited_for_only_so_long_and_only_once() -> None:
    mailbox = used_to_come_together()
    mailbox.put("left", 0)
    assert seconds(lambda: mailbox.take(2)) >= PATIENCE * 0.9
    mailbox.put("left", 0)
    assert seconds(lambda: mailbox.take(2)) < PATIENCE / 2


def test_nobody_waits_until_a_newer_item_of_its_own_source_comes() -> None:
    mailbox: Mailbox[int] = Mailbox(100.0)  # as when somebody does not know the period
    replaced: list[bool] = []
    mailbox.put(-1, 0)
    mailbox.put(-1, 1)
    assert mailbox.take(2) == [-1, -1]  # the sources come together, but then one stops

    def send() -> None:
        for number in range(5):
            time.sleep(PATIENCE)
            replaced.append(mailbox.put(number, 0))

    sender = threading.Thread(target=send)
    sender.start()
    assert [mailbox.take(2) for _ in range(5)] == [[number] for number in range(5)]
    sender.join(SOON)
    assert not any(replaced)


def test_sources_that_were_never_there_together_are_not_waited_for() -> None:
    mailbox: Mailbox[str] = Mailbox(PATIENCE)
    for source in (0, 1, 0, 1):
        mailbox.put("alone", source)
        assert seconds(lambda: mailbox.take(2)) < PATIENCE / 2
        time.sleep(PATIENCE)


def test_one_at_a_time_never_waits() -> None:
    mailbox = used_to_come_together()
    mailbox.put("left", 0)
    assert seconds(lambda: mailbox.take(1)) < PATIENCE / 2


def test_what_has_waited_long_enough_already_is_taken_at_once() -> None:
    mailbox = used_to_come_together()
    mailbox.put("left", 0)
    time.sleep(PATIENCE)  # as when the engine was busy
    assert mailbox.take(2, wait=False) == ["left"]


@pytest.mark.parametrize("held", [[], ["left"]])
def test_closing_wakes_whoever_waits_and_gives_back_what_was_not_taken(held: list[str]) -> None:
    mailbox = used_to_come_together()
    for item in held:
        mailbox.put(item, 0)
    taken: list[list[str]] = []
    taker = threading.Thread(target=lambda: taken.append(mailbox.take(2)))
    taker.start()
    assert list(mailbox.close().values()) == held
    taker.join(SOON)
    assert taken == [[]]
    assert mailbox.put("late", 0) is True
