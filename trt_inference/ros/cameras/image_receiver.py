"""Which thread receives the images: the one that runs the engine, or one of its own."""

import threading
import time
from typing import Any, Callable, Optional

from trt_inference.ros.cameras.image_waiter import ImageWaiter
from trt_inference.ros.rclpy_tools.failed_callbacks import FailedCallbacks
from trt_inference.streaming.inference_thread import InferenceThread
from trt_inference.streaming.mailbox import Feed

# The part of a camera's period that an image may take, where the thread that runs the engine is to
# receive the next one in time; and of how many more images than not it takes longer, until another
# thread receives them.
_LARGEST_PART = 0.8
_LATE = 10
LONGEST_WORK = 1.0  # seconds at one image, from which on another thread receives as well
_TURN = 0.05  # seconds between two looks at whether it is worth to wait for one's turn
_PAUSE = 1.0  # seconds after a failure


class ImageReceiver(Feed):
    """Has images received while the node is active.

    With one camera, and an engine that is done before the next image comes, the inference thread
    waits for the images itself. Where it is not done in time, a thread of its own receives them
    from then on, so that the newest image is received while the engine works, and those before it
    are counted as dropped; at an engine that hangs, nobody else would see that images come.
    """

    def __init__(
        self,
        waiter: ImageWaiter,
        hands_over: Optional[bool],
        logger: Any,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """
        Args:
            hands_over: True: a thread of its own receives; False: the inference thread does; None:
                it does until it comes too late.
            clock: seconds.
        """
        self._waiter, self._hands_over = waiter, hands_over
        self._logger, self._clock = logger, clock
        self._failures = FailedCallbacks(logger)
        self._one_waits = threading.Lock()  # at the waiter: after a swap the former may still
        self._lock = threading.Lock()  # of what follows
        self._received_at = float("-inf")  # the last image
        self._done_at: Optional[float] = None  # with it, unless it was received just now
        self._late = 0
        self._inference: Optional[InferenceThread] = None
        self._thread: Optional[threading.Thread] = None
        self._is_active = False

    def start(self, inference: InferenceThread) -> None:
        """Receive images, and have ``inference`` get them."""
        self._received_at, self._done_at, self._late = float("-inf"), None, 0
        with self._lock:
            self._is_active = True
            if self._hands_over:
                self._start_thread()
        self.follow(inference)

    def follow(self, inference: InferenceThread) -> None:
        """Have another one get the images, after a swap."""
        with self._lock:
            if self._inference is not None:
                self._inference.attach(None)
            self._inference = inference
            if self._is_active and self._thread is None:
                inference.attach(self)

    def stop(self) -> None:
        """Receive no more. An image that has come before is handed over."""
        with self._lock:
            self._is_active = False
            thread, self._thread = self._thread, None
            if self._inference is not None:
                self._inference.attach(None)
        self._waiter.wake()
        if thread is not None:
            thread.join()

    def wait(self, is_over: Callable[[], bool]) -> None:
        """Called on the inference thread, when it has nothing to do."""
        while not self._one_waits.acquire(timeout=_TURN):
            if is_over():  # the thread that waits instead may do so for ever
                return
        try:
            if not is_over():
                self._wait_here()
        finally:
            self._one_waits.release()

    def look(self) -> None:
        """Have another thread receive where the engine is at one image for too long. To be called
        again and again."""
        if self._hands_over is not None or self._done_at is not None:
            return
        if LONGEST_WORK < self._clock() - self._received_at < float("inf"):
            self._have_a_thread_receive()

    def wake(self) -> None:
        """Called on any thread."""
        self._waiter.wake()

    def _wait_here(self) -> None:
        if self._hands_over is None and self._late >= _LATE:
            self._have_a_thread_receive()
            return
        if self._done_at is None:
            self._done_at = self._clock()
        if self._waiter.wait():
            self._judge(self._done_at, self._clock())

    def _judge(self, done_at: float, received_at: float) -> None:
        """Note whether the last image was done in time for this one."""
        period, taken = received_at - self._received_at, done_at - self._received_at
        is_late = taken > _LARGEST_PART * period
        self._late = max(0, self._late + (1 if is_late else -1))
        self._received_at, self._done_at = received_at, None

    def _have_a_thread_receive(self) -> None:
        with self._lock:
            if not self._is_active or self._thread is not None:
                return
            if self._inference is not None:
                self._inference.attach(None)
            self._start_thread()
        self._logger.info(
            "images are received on a thread of their own from now on: the engine is not done "
            "before the next one comes"
        )

    def _start_thread(self) -> None:
        self._thread = threading.Thread(target=self._run, name="reception", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._is_active:
            try:
                with self._one_waits:
                    self._waiter.wait()
            except Exception:  # the boundary to rclpy, whose errors have no common base
                self._failures.log()
                time.sleep(_PAUSE)
