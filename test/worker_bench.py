"""An inference thread whose work goes on step by step, as a test lets it."""

import threading
from collections import deque
from typing import Any, Callable, Deque, List, Optional, Sequence, Tuple

from trt_inference.streaming.inference_thread import InferenceThread, Work

SOON = 60.0  # seconds against hanging
A_MOMENT = 0.05  # seconds, to see that nothing happens


class Resource:
    """In the place of a detector: it notes on which threads it was opened and closed."""

    def __init__(
        self, close_error: Optional[Exception] = None, depth: int = 1, batch: int = 1
    ) -> None:
        self.depth, self.batch = depth, batch
        self.opened_on = threading.get_ident()
        self.closed_on: Optional[int] = None
        self._close_error = close_error

    def __enter__(self) -> "Resource":
        return self

    def __exit__(self, *exception: object) -> None:
        self.closed_on = threading.get_ident()
        if self._close_error is not None:
            raise self._close_error


class Bench(Work[str]):
    """An inference thread whose work goes on step by step, as the test lets it."""

    def __init__(self, open_detector: Callable[[], Any] = Resource) -> None:
        self._started: Deque[str] = deque()
        self.done: List[Tuple[str, int]] = []
        self.faults: List[Tuple[Exception, bool]] = []
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.faulted = threading.Event()
        self.thread: InferenceThread[str] = InferenceThread(open_detector, self, self._on_fault)

    def submit_and_wait_for_its_begin(self, item: str) -> None:
        assert self.thread.submit(item) is False
        assert self.begun.acquire(timeout=SOON)

    def let_end(self, count: int = 1) -> None:
        for _ in range(count):
            self.may_end.release()

    def start(self, detector: Any, items: Sequence[str]) -> bool:
        [item] = items
        if item == "unusable":
            return False
        self.begun.release()
        self._started.append(item)
        return True

    def finish(self, detector: Any) -> None:
        item = self._started.popleft()
        assert self.may_end.acquire(timeout=SOON)
        if item == "fail":
            raise RuntimeError("the device is lost")
        self.done.append((item, threading.get_ident()))

    def _on_fault(self, error: Exception) -> None:
        resource: Any = self.thread.detector
        self.faults.append((error, resource.closed_on is not None))
        self.faulted.set()

    def items(self) -> List[str]:
        return [item for item, _ in self.done]
