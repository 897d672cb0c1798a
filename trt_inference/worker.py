"""The newest-frame mailbox and the one thread that owns the engine."""

from __future__ import annotations

import threading
from typing import Callable, Generic, Optional, Protocol, TypeVar

from trt_inference.detector import Detector

Item = TypeVar("Item")
Item_contra = TypeVar("Item_contra", contravariant=True)


class Mailbox(Generic[Item]):
    """Holds at most one item: a new one replaces one that was not taken yet."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: Optional[Item] = None
        self._busy = False
        self._closed = False

    def put(self, item: Item) -> bool:
        """Leave ``item``; True when it replaced an older one, or the mailbox is closed."""
        with self._condition:
            if self._closed:
                return True
            replaced = self._item is not None
            self._item = item
            self._condition.notify_all()
            return replaced

    def take(self, wait: bool = True) -> Optional[Item]:
        """Wait for an item and mark the mailbox busy until the next call that waits; None when
        it is closed. Without ``wait``, None when there is nothing."""
        with self._condition:
            if not wait:
                item, self._item = self._item, None
                return item
            self._busy = False
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._item is not None or self._closed)
            item, self._item = self._item, None
            self._busy = item is not None
            return item

    def drain(self, timeout: float) -> bool:
        """Wait until nothing is waiting or being worked on; False after ``timeout`` seconds."""
        with self._condition:
            return self._condition.wait_for(lambda: self._item is None and not self._busy, timeout)

    def close(self) -> None:
        """Wake the taker, which gets None. What was not taken is thrown away."""
        with self._condition:
            self._closed = True
            self._item = None
            self._condition.notify_all()


class Work(Protocol[Item_contra]):
    """What is done with each item, in two parts. An exception of either ends the thread."""

    def start(self, detector: Detector, item: Item_contra) -> bool:
        """Begin to detect; False where the item cannot be used, and nothing has begun."""

    def finish(self, detector: Detector) -> None:
        """Wait for the item that was started first, and do what is to be done with its result."""


class InferenceThread(Generic[Item]):
    """Opens a detector, hands it each item with the newest frame, and closes it: all on one
    thread, because a CUDA context belongs to the thread that made it.

    With a detector that takes more than one frame at a time, the next item is prepared while the
    GPU works on the one before. Items are finished in their order, and as soon as there is none
    to start meanwhile.

    Args:
        open_detector: makes the detector.
        work: what is done with the detector and each item. An exception of closing the detector
            ends the thread, too.
        on_fault: called on the thread with that exception, after the detector was closed.
    """

    def __init__(
        self,
        open_detector: Callable[[], Detector],
        work: Work[Item],
        on_fault: Callable[[Exception], None],
    ) -> None:
        self._open_detector = open_detector
        self._work = work
        self._on_fault = on_fault
        self._mailbox: Mailbox[Item] = Mailbox()
        self._opened = threading.Event()
        self._open_error: Optional[Exception] = None
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self.detector: Optional[Detector] = None

    def start(self) -> Detector:
        """Start, and wait until the detector is open.

        Raises:
            Exception: whatever ``open_detector`` raised.
        """
        self._thread.start()
        self._opened.wait()
        if self._open_error is not None:
            self._thread.join()
            raise self._open_error
        if self.detector is None:
            raise RuntimeError("the inference thread ended before it opened its detector")
        return self.detector

    def submit(self, item: Item) -> bool:
        """Hand over the newest item; True when one was dropped, this or an older one."""
        return self._mailbox.put(item)

    def drain(self, timeout: float) -> bool:
        """Wait for the item in work; False when it takes longer than ``timeout`` seconds."""
        return self._mailbox.drain(timeout)

    def stop(self, timeout: float = 5.0) -> bool:
        """End the thread and close the detector; False when it did not end in time."""
        self._mailbox.close()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.detector = self._open_detector()
        except Exception as error:  # handed to the thread that waits in start()
            self._open_error = error
            return
        finally:
            self._opened.set()
        fault = self._work_until_closed(self.detector)
        self._mailbox.close()
        self._mailbox.take()  # the item at which it failed is in work no longer
        if fault is not None:
            self._on_fault(fault)

    def _work_until_closed(self, detector: Detector) -> Optional[Exception]:
        """Work on items until the mailbox is closed; the first thing that went wrong, if any."""
        fault: Optional[Exception] = None
        try:
            with detector:
                try:
                    self._loop(detector)
                except Exception as error:  # handed to on_fault, once the detector is closed
                    fault = error
        except Exception as error:  # of closing, which often fails after a fault of the device
            fault = fault or error
        return fault

    def _loop(self, detector: Detector) -> None:
        started = 0
        while (item := self._mailbox.take(wait=started == 0)) is not None or started:
            if item is not None and self._work.start(detector, item):
                started += 1
            if started and (item is None or started >= detector.depth):
                self._work.finish(detector)
                started -= 1
