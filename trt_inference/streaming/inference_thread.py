"""The newest-frame mailbox and the one thread that owns the engine."""

import threading
from abc import ABC, abstractmethod
from typing import Callable, Generic, List, Optional, Sequence, TypeVar

from trt_inference.errors import Interrupted
from trt_inference.inference.detector import Detector
from trt_inference.streaming.mailbox import Feed, Mailbox

_PERIOD = 0.1  # seconds between two looks at what may interrupt the loading

_Item = TypeVar("_Item")


class Work(ABC, Generic[_Item]):
    """What is done with the newest items, in two parts. An exception of either ends the thread."""

    @abstractmethod
    def start(self, detector: Detector, items: Sequence[_Item]) -> bool:
        """Begin to detect, in one run; False where no item can be used, and nothing has begun."""

    @abstractmethod
    def finish(self, detector: Detector) -> None:
        """Wait for the run that was started first, and do what is to be done with its results."""


class InferenceThread(Generic[_Item]):
    """Opens a detector, hands it each item with the newest frame, and closes it: all on one
    thread, because a CUDA context belongs to the thread that made it.

    With a detector that takes more than one frame at a time, the next item is prepared while the
    GPU works on the one before. Items are finished in their order, and as soon as there is none
    to start meanwhile.

    Args:
        open_detector: makes the detector.
        work: what is done with the detector and the items. An exception of closing the detector
            ends the thread, too.
        on_fault: called on the thread with that exception, after the detector was closed.
        patience: seconds that an item waits for those of other sources, to be run with them,
            where the detector runs several at once.
    """

    def __init__(
        self,
        open_detector: Callable[[], Detector],
        work: Work[_Item],
        on_fault: Callable[[Exception], None],
        patience: float = 0.0,
    ) -> None:
        self._open_detector = open_detector
        self._work = work
        self._on_fault = on_fault
        self._mailbox: Mailbox[_Item] = Mailbox(patience)
        self._opened = threading.Event()
        self._worked_off = threading.Event()
        self._predecessor: Optional[InferenceThread[_Item]] = None
        self._open_error: Optional[Exception] = None
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self.detector: Optional[Detector] = None

    def start(self, is_told_to_end: Callable[[], bool] = lambda: False) -> Detector:
        """Start, and wait until the detector is open.

        Args:
            is_told_to_end: asked again and again meanwhile.

        Raises:
            Interrupted: before it was open. Loading cannot be stopped; the thread goes on with it.
            Exception: whatever ``open_detector`` raised.
        """
        self._thread.start()
        while not self._opened.wait(_PERIOD):
            if is_told_to_end():
                raise Interrupted("told to end while the engine is being loaded")
        if self._open_error is not None:
            self._thread.join()
            raise self._open_error
        if self.detector is None:
            raise RuntimeError("the inference thread ended before it opened its detector")
        return self.detector

    def submit(self, item: _Item, source: int = 0) -> bool:
        """Hand over the newest item of a source; True when one was dropped, this or an older
        one of the same source."""
        return self._mailbox.put(item, source)

    def attach(self, feed: Optional[Feed]) -> None:
        """Have the thread get its items at ``feed`` while it has nothing to do; None: from those
        who submit them."""
        self._mailbox.attach(feed)

    def succeed(self, predecessor: "InferenceThread[_Item]") -> None:
        """Take over, before the first ``submit``: what waits at the predecessor is worked on
        here, once the predecessor has finished what it has started. It then ends by itself."""
        self._predecessor = predecessor
        for source, item in predecessor._mailbox.close().items():
            self._mailbox.put(item, source)

    def drain(self, timeout: float) -> bool:
        """Wait for the item in work; False when it takes longer than ``timeout`` seconds."""
        return self._mailbox.drain(timeout)

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    def stop(self, timeout: float = 5.0) -> bool:
        """End the thread and close the detector; False when it did not end in time, or is still
        loading, which may take minutes."""
        self._mailbox.close()
        if self._thread.ident is not None and not self._opened.is_set():
            return False
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
                finally:
                    self._worked_off.set()
        except Exception as error:  # of closing, which often fails after a fault of the device
            fault = fault or error
        return fault

    def _loop(self, detector: Detector) -> None:
        started = 0
        items = self._take(detector, wait=True)
        while items or started:
            if items and self._work.start(detector, items):
                started += 1
            if started and not items:
                self._work.finish(detector)
                started -= 1
            # More than one where the engine takes fewer runs at once than before.
            while started >= detector.depth:
                self._work.finish(detector)
                started -= 1
            items = self._take(detector, wait=started == 0)

    def _take(self, detector: Detector, wait: bool) -> List[_Item]:
        items = self._mailbox.take(detector.batch, wait)
        if self._predecessor is not None:
            self._predecessor._worked_off.wait()
            self._predecessor = None
        return items
