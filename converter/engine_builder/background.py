"""Run long library calls on a thread of their own, so that Ctrl-C works meanwhile."""

import atexit
import contextlib
import os
import signal
import sys
import threading
from typing import Callable, Generic, Iterator, Optional, TypeVar

from trt_inference.errors import TrtInferenceError

Value = TypeVar("Value")
_LOOK_UP = 0.1  # seconds
_INTERRUPTED = 130  # as a shell reports it


def _nothing() -> None:
    pass


def run(
    work: Callable[[], Value],
    cancel: Callable[[], None],
    can_cancel: bool,
    tick: Callable[[], None] = _nothing,
) -> Value:
    """Run ``work``, and return what it returns or raise its error.

    Args:
        cancel: asks the work to end soon, after Ctrl-C.
        can_cancel: whether the work obeys that. Otherwise, and after a second Ctrl-C, it is left
            alone and ends with the process.
        tick: is called now and then while the work runs.

    Raises:
        KeyboardInterrupt: after Ctrl-C.
    """
    running = _Running(work)
    try:
        running.start()
        return running.wait(tick)
    except KeyboardInterrupt:
        try:
            cancel()
            if can_cancel:
                running.wait_for_end()
        finally:  # also after a second one
            if running.is_alive:
                atexit.register(_leave, running)
        raise


class _Running(Generic[Value]):
    """The thread, and its value or error."""

    def __init__(self, work: Callable[[], Value]) -> None:
        self._work = work
        self._value: Optional[Value] = None
        self._error: Optional[BaseException] = None
        # Not by join(): one that Ctrl-C interrupts takes the thread for ended.
        self._ended = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        return not self._ended.is_set()

    def wait(self, tick: Callable[[], None]) -> Value:
        while not self._ended.wait(_LOOK_UP):
            tick()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]

    def wait_for_end(self) -> None:
        while not self._ended.wait(_LOOK_UP):
            pass  # where Ctrl-C is heard

    def _run(self) -> None:
        try:
            self._value = self._work()
        except TrtInferenceError as error:
            # Without the frames, whose objects of TensorRT must not outlive the CUDA context.
            self._error = error.with_traceback(None)
        except BaseException as error:  # it belongs to the thread that waits
            self._error = error
        finally:
            self._ended.set()


@contextlib.contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that the block cleans up: a node sends it to end
    the build that it started."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(running: _Running) -> None:
    """End the process while a build still runs: its libraries cannot be unloaded under it."""
    if running.is_alive:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_INTERRUPTED)
