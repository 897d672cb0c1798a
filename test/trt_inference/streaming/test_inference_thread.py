"""The newest frame wins, and one thread owns the detector from opening to closing."""

import queue
import threading
import time
from collections import deque
from typing import Any, Callable, Deque, Iterator, List, Sequence

import numpy as np
import pytest

from test.worker_bench import A_MOMENT, SOON, Bench, Resource
from trt_inference.streaming.inference_thread import InferenceThread, Work
from trt_inference.streaming.mailbox import Feed


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.let_end(1000)
    assert bench.thread.stop(SOON)


def test_newest_item_wins_and_each_dropped_one_is_told(bench: Bench) -> None:
    bench.thread.start()
    bench.submit_and_wait_for_its_begin("0")
    dropped = [bench.thread.submit(str(number)) for number in range(1, 6)]
    assert dropped == [False, True, True, True, True]  # 1 waits, then each replaces the last
    bench.let_end(2)
    assert bench.thread.drain(SOON)
    assert bench.items() == ["0", "5"]


def test_every_item_is_either_worked_on_or_told_as_dropped(bench: Bench) -> None:
    bench.let_end(1000)
    bench.thread.start()
    dropped = sum(bench.thread.submit(str(number)) for number in range(1000))
    assert bench.thread.drain(SOON)
    assert len(bench.items()) + dropped == 1000
    assert bench.items() == sorted(set(bench.items()), key=int)
    assert bench.items()[-1] == "999"


def test_detector_is_opened_used_and_closed_on_one_thread_that_is_not_the_callers(
    bench: Bench,
) -> None:
    bench.let_end()
    detector: Any = bench.thread.start()
    bench.thread.submit("0")
    assert bench.thread.drain(SOON)
    assert bench.thread.stop(SOON)
    [(_, used_on)] = bench.done
    assert detector.opened_on == used_on == detector.closed_on
    assert detector.opened_on != threading.get_ident()


def test_error_of_opening_reaches_the_caller_of_start() -> None:
    def fail() -> Any:
        raise ValueError("no such bundle")

    bench = Bench(fail)
    with pytest.raises(ValueError, match="no such bundle"):
        bench.thread.start()
    assert bench.faults == []
    assert bench.thread.stop(SOON)


def test_fault_is_told_after_the_detector_was_closed(bench: Bench) -> None:
    bench.thread.start()
    bench.submit_and_wait_for_its_begin("fail")
    bench.let_end()
    assert bench.faulted.wait(SOON)
    [(error, closed)] = bench.faults
    assert str(error) == "the device is lost"
    assert closed


def test_after_a_fault_items_are_dropped_and_nothing_is_waited_for(bench: Bench) -> None:
    bench.thread.start()
    bench.submit_and_wait_for_its_begin("fail")
    assert bench.thread.submit("waits") is False
    bench.let_end()
    assert bench.faulted.wait(SOON)
    assert bench.thread.submit("late") is True
    assert bench.thread.drain(SOON) is True
    assert bench.items() == []


def test_error_of_closing_is_told_as_a_fault() -> None:
    bench = Bench(lambda: Resource(RuntimeError("cannot free")))
    bench.thread.start()
    assert bench.thread.stop(SOON)
    [(error, _)] = bench.faults
    assert str(error) == "cannot free"


def test_fault_is_not_hidden_by_an_error_of_closing_after_it() -> None:
    bench = Bench(lambda: Resource(RuntimeError("cannot free")))
    bench.thread.start()
    bench.submit_and_wait_for_its_begin("fail")
    bench.let_end()
    assert bench.faulted.wait(SOON)
    [(error, _)] = bench.faults
    assert str(error) == "the device is lost"


def test_drain_waits_for_the_item_in_work_and_the_one_behind_it(bench: Bench) -> None:
    bench.thread.start()
    assert bench.thread.drain(0) is True  # nothing to do
    bench.submit_and_wait_for_its_begin("0")
    bench.thread.submit("1")
    assert bench.thread.drain(A_MOMENT) is False
    bench.let_end()
    assert bench.thread.drain(A_MOMENT) is False
    bench.let_end()
    assert bench.thread.drain(SOON) is True
    assert bench.items() == ["0", "1"]


def test_stop_while_idle_closes_the_detector(bench: Bench) -> None:
    detector: Any = bench.thread.start()
    assert bench.thread.stop(SOON) is True
    assert detector.closed_on is not None
    assert bench.faults == []


def test_stop_while_busy_ends_the_item_in_work_and_throws_the_waiting_one_away(
    bench: Bench,
) -> None:
    detector: Any = bench.thread.start()
    bench.submit_and_wait_for_its_begin("0")
    bench.thread.submit("1")
    assert bench.thread.stop(A_MOMENT) is False  # it is told that the thread has not ended
    assert detector.closed_on is None
    bench.let_end()
    assert bench.thread.stop(SOON) is True
    assert bench.items() == ["0"]
    assert detector.closed_on is not None


def test_frame_may_be_a_bare_array() -> None:
    # An array is not simply equal or unequal to something else.
    taken: List[np.ndarray] = []

    class Take(Work[np.ndarray]):
        def start(self, detector: Any, frames: Sequence[np.ndarray]) -> bool:
            taken.extend(frames)
            return False

        def finish(self, detector: Any) -> None:
            raise AssertionError("nothing was started")

    thread: InferenceThread[np.ndarray] = InferenceThread(
        Resource,  # type: ignore[arg-type]
        Take(),
        lambda error: None,
    )
    thread.start()
    frame = np.zeros((4, 4, 3), np.uint8)
    thread.submit(frame)
    assert thread.drain(SOON)
    assert thread.stop(SOON)
    assert len(taken) == 1
    assert taken[0] is frame


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (1, ["start 0", "finish 0", "start 1", "finish 1"]),
        (2, ["start 0", "start 1", "finish 0", "finish 1"]),
    ],
)
def test_next_item_is_prepared_while_the_device_works_on_one(
    depth: int, expected: List[str]
) -> None:
    events: List[str] = []
    waiting: Deque[str] = deque()

    class Note(Work[str]):
        def start(self, detector: Any, items: Sequence[str]) -> bool:
            [item] = items
            events.append(f"start {item}")
            waiting.append(item)
            if item == "0":
                thread.submit("1")  # it comes while 0 is being worked on
            return True

        def finish(self, detector: Any) -> None:
            events.append(f"finish {waiting.popleft()}")

    thread: InferenceThread[str] = InferenceThread(
        lambda: Resource(depth=depth),  # type: ignore[arg-type, return-value]
        Note(),
        lambda error: None,
    )
    thread.start()
    thread.submit("0")
    assert thread.drain(SOON)
    assert thread.stop(SOON)
    assert events == expected


def test_all_runs_are_finished_before_another_begins_where_fewer_are_taken_than_before() -> None:
    """As by an engine on a server that fails."""
    events: List[str] = []
    waiting: Deque[str] = deque()
    detector = Resource(depth=3)
    # What comes while an item is being started or finished.
    follows = {"start 0": "1", "start 1": "2", "finish 0": "3"}

    class Note(Work[str]):
        def note(self, event: str) -> None:
            events.append(event)
            if event in follows:
                thread.submit(follows[event])

        def start(self, detector: Any, items: Sequence[str]) -> bool:
            waiting.extend(items)
            self.note(f"start {items[0]}")
            return True

        def finish(self, detector: Any) -> None:
            item = waiting.popleft()
            if item == "0":
                detector.depth = 1
            self.note(f"finish {item}")

    thread: InferenceThread[str] = InferenceThread(
        lambda: detector,  # type: ignore[arg-type, return-value]
        Note(),
        lambda error: None,
    )
    thread.start()
    thread.submit("0")
    assert thread.drain(SOON)
    assert thread.stop(SOON)
    assert events == [
        *("start 0", "start 1", "start 2"),
        *("finish 0", "finish 1", "finish 2"),
        *("start 3", "finish 3"),
    ]


def test_a_run_whose_start_leaves_no_room_for_another_is_finished_first() -> None:
    events: List[str] = []
    detector = Resource(depth=2)

    class Note(Work[str]):
        def start(self, detector: Any, items: Sequence[str]) -> bool:
            events.append(f"start {items[0]}")
            if items[0] == "0":
                detector.depth = 1
                thread.submit("1")
            return True

        def finish(self, detector: Any) -> None:
            events.append("finish")

    thread: InferenceThread[str] = InferenceThread(
        lambda: detector,  # type: ignore[arg-type, return-value]
        Note(),
        lambda error: None,
    )
    thread.start()
    thread.submit("0")
    assert thread.drain(SOON)
    assert thread.stop(SOON)
    assert events == ["start 0", "finish", "start 1", "finish"]


def test_item_that_cannot_be_used_is_not_waited_for(bench: Bench) -> None:
    bench.thread.start()
    bench.thread.submit("unusable")
    assert bench.thread.drain(SOON)
    bench.let_end()
    bench.submit_and_wait_for_its_begin("0")
    assert bench.thread.drain(SOON)
    assert bench.items() == ["0"]


def test_item_after_stop_is_told_as_dropped(bench: Bench) -> None:
    bench.thread.start()
    bench.thread.stop(SOON)
    assert bench.thread.submit("late") is True
    assert bench.items() == []


def test_stop_before_start_and_twice_is_harmless(bench: Bench) -> None:
    assert Bench().thread.stop() is True
    bench.thread.start()
    assert bench.thread.stop(SOON) is True
    assert bench.thread.stop(SOON) is True


def test_one_takes_over_what_waits_at_another_and_begins_when_that_has_finished(
    bench: Bench,
) -> None:
    successor = Bench()
    successor.let_end()
    for thread in (bench.thread, successor.thread):
        thread.start()
    bench.submit_and_wait_for_its_begin("0")
    bench.thread.submit("1")
    successor.thread.succeed(bench.thread)
    assert not successor.begun.acquire(timeout=A_MOMENT)
    bench.let_end()
    assert successor.begun.acquire(timeout=SOON)
    assert successor.thread.drain(SOON)
    assert (bench.items(), successor.items()) == (["0"], ["1"])
    assert bench.thread.stop(SOON)
    assert successor.thread.stop(SOON)


def test_one_takes_over_from_another_that_fails(bench: Bench) -> None:
    successor = Bench()
    successor.let_end()
    for thread in (bench.thread, successor.thread):
        thread.start()
    bench.submit_and_wait_for_its_begin("fail")
    successor.thread.succeed(bench.thread)
    successor.thread.submit("1")
    bench.let_end()
    assert successor.thread.drain(SOON)
    assert successor.items() == ["1"]
    assert successor.thread.stop(SOON)


def test_items_of_several_sources_are_run_at_once() -> None:
    taken: List[List[str]] = []
    first, go_on = threading.Event(), threading.Event()

    class Take(Work[str]):
        def start(self, detector: Any, items: Sequence[str]) -> bool:
            taken.append(list(items))
            first.set()
            assert go_on.wait(SOON)
            return False

        def finish(self, detector: Any) -> None:
            raise AssertionError("nothing was started")

    thread: InferenceThread[str] = InferenceThread(
        lambda: Resource(batch=2),  # type: ignore[arg-type, return-value]
        Take(),
        lambda error: None,
    )
    thread.start()
    thread.submit("first", 1)
    assert first.wait(SOON)
    for source, name in enumerate(("left", "middle", "right")):
        thread.submit(name, source)
    go_on.set()
    assert thread.drain(SOON)
    assert thread.stop(SOON)
    assert taken == [["first"], ["left", "middle"], ["right"]]


class Source(Feed):
    """Gives what the test has made ready, on the thread that waits for it."""

    def __init__(self, thread: "InferenceThread[str]") -> None:
        self._thread = thread
        self._ready: Any = queue.Queue()
        self.waited_on: List[int] = []

    def give(self, item: str) -> None:
        self._ready.put(item)

    def wait(self, is_over: Callable[[], bool]) -> None:
        self.waited_on.append(threading.get_ident())
        item = self._ready.get(timeout=SOON)
        if item:
            self._thread.submit(item)

    def wake(self) -> None:
        self._ready.put("")


def test_the_thread_itself_gets_the_items_of_a_feed(bench: Bench) -> None:
    bench.let_end(1000)
    bench.thread.start()
    source = Source(bench.thread)
    bench.thread.attach(source)  # to a thread that waits already
    for item in ("0", "1", "2"):
        source.give(item)
        assert bench.begun.acquire(timeout=SOON)
    assert bench.thread.drain(SOON)
    assert bench.items() == ["0", "1", "2"]
    assert {used_on for _, used_on in bench.done} == set(source.waited_on)


def test_without_its_feed_it_takes_what_is_submitted_again(bench: Bench) -> None:
    bench.let_end(1000)
    bench.thread.start()
    source = Source(bench.thread)
    bench.thread.attach(source)
    source.give("0")
    assert bench.begun.acquire(timeout=SOON)
    bench.thread.attach(None)  # while it waits there: it has to be woken
    bench.submit_and_wait_for_its_begin("1")
    assert bench.thread.drain(SOON)
    source.give("2")
    assert not bench.begun.acquire(timeout=A_MOMENT)
    assert bench.items() == ["0", "1"]


def test_a_thread_that_waits_at_its_feed_can_be_stopped(bench: Bench) -> None:
    bench.thread.start()
    source = Source(bench.thread)
    bench.thread.attach(source)
    end = time.monotonic() + SOON
    while not source.waited_on and time.monotonic() < end:
        time.sleep(0.01)
    assert source.waited_on
    assert bench.thread.drain(0) is True  # it waits, and works on nothing
    assert bench.thread.stop(SOON / 2) is True  # sooner than the source gives up


def test_what_a_feed_raises_is_a_fault(bench: Bench) -> None:
    class Broken(Source):
        def wait(self, is_over: Callable[[], bool]) -> None:
            raise RuntimeError("the middleware is gone")

    bench.thread.start()
    bench.thread.attach(Broken(bench.thread))
    assert bench.faulted.wait(SOON)
    [(error, closed)] = bench.faults
    assert str(error) == "the middleware is gone"
    assert closed
