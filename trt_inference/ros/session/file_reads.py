"""Reading of files beside the executor: a file system that does not answer must not hold it up."""

import threading
from concurrent.futures import Future, wait
from typing import Callable, Optional, Tuple, TypeVar

from trt_inference.errors import BundleError, Interrupted

READ_LIMIT = 1.0  # seconds that the executor waits at most
_PERIOD = 0.1  # seconds between two looks at what is waited for

_Result = TypeVar("_Result")


class FileReads:
    """Runs functions that read files on threads of their own. Called on one thread, the executor's.

    A read that the system does not finish cannot be stopped: its thread is left behind.
    """

    def __init__(self) -> None:
        self._left_behind: Optional[threading.Thread] = None

    def wait_for(self, read: Callable[[], _Result], is_told_to_end: Callable[[], bool]) -> _Result:
        """The result of ``read``, however long that takes.

        Args:
            is_told_to_end: asked again and again meanwhile.

        Raises:
            Interrupted: told to end before the result was there.
            Exception: whatever ``read`` raised.
        """
        result, _ = _begin(read)
        while not wait([result], _PERIOD).done:
            if is_told_to_end():
                raise Interrupted("told to end while a bundle is being read")
        return result.result()

    def wait_briefly(self, read: Callable[[], _Result], what: str) -> _Result:
        """The result of ``read``, if it is there within ``READ_LIMIT`` seconds.

        Args:
            what: is read, for people.

        Raises:
            BundleError: it takes longer, or an earlier one has not ended, so that none is begun.
            Exception: whatever ``read`` raised.
        """
        if self._left_behind is not None and self._left_behind.is_alive():
            raise BundleError(
                f"{what} is not read: an earlier read has not ended, as its file system does not "
                "answer. Repair that, or start the node anew"
            )
        result, thread = _begin(read)
        # In pieces: a library that lets no Python run meanwhile takes one of them at most.
        pieces = range(round(READ_LIMIT / _PERIOD))
        if not any(wait([result], _PERIOD).done for _ in pieces):
            self._left_behind = thread
            raise BundleError(
                f"{what} could not be read within {READ_LIMIT:.0f} s: its file system does not "
                "answer. Repair that, or try again"
            )
        return result.result()


def _begin(read: Callable[[], object]) -> Tuple[Future, threading.Thread]:
    result: Future = Future()

    def run() -> None:
        try:
            result.set_result(read())
        except Exception as error:  # handed to the thread that waits
            result.set_exception(error)

    thread = threading.Thread(target=run, name="files", daemon=True)
    thread.start()
    return result, thread
