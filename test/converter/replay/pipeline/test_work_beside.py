"""Work on a thread of its own: all items in order, and every error reaches who puts them."""

import time

import pytest

from converter.replay.pipeline.work_beside import WorkBeside
from trt_inference.errors import EngineError


class Desk:
    """Does work, and notes what was done and let go of."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = fails_at
        self.done: list[int] = []
        self.let_go: list[int] = []

    def work(self, item: int) -> None:
        if item == self.fails_at:
            raise OSError("disk full")
        self.done.append(item)

    def beside(self) -> WorkBeside[int]:
        return WorkBeside(self.work, self.let_go.append)


def test_all_items_are_done_in_order_when_the_block_ends() -> None:
    desk = Desk()
    with desk.beside() as beside:
        for item in range(1, 101):
            beside.put(item)
    assert desk.done == desk.let_go == list(range(1, 101))


@pytest.mark.parametrize("fails_at", [1, 50, 100])
def test_an_error_is_raised_and_what_follows_is_let_go_of_without_work(fails_at: int) -> None:
    desk = Desk(fails_at)
    put = 0
    with pytest.raises(OSError, match="disk full"), desk.beside() as beside:
        for item in range(1, 101):
            put = item
            beside.put(item)
    assert desk.done == list(range(1, fails_at))
    assert desk.let_go == list(range(1, put + 1))


def test_who_puts_learns_of_an_error_before_the_end_of_a_long_recording() -> None:
    desk = Desk(fails_at=1)
    with pytest.raises(OSError, match="disk full"), desk.beside() as beside:
        beside.put(1)
        while not desk.let_go:
            time.sleep(0.001)
        beside.put(2)
        pytest.fail("the recording goes on after the error")


def test_an_error_of_the_block_comes_before_one_of_the_work() -> None:
    desk = Desk(fails_at=1)
    with pytest.raises(EngineError), desk.beside() as beside:
        try:
            beside.put(1)
        finally:
            raise EngineError("lost")
    assert desk.let_go == [1]


def test_after_ctrl_c_nothing_more_is_done() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        while not beside._discards:  # the first one lasts until the block has ended
            time.sleep(0.001)
        done.append(item)

    with pytest.raises(KeyboardInterrupt):
        with WorkBeside(work, lambda item: None) as beside:
            for item in range(1, 10):
                beside.put(item)
            raise KeyboardInterrupt
    assert done in ([], [1])  # none, where the thread had not yet begun
