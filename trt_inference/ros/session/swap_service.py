"""Another bundle or precision while the node runs: requests, one after the other."""

import threading
import time
import traceback
from typing import Callable, Dict, NamedTuple, Optional

from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future

from trt_inference.errors import TrtInferenceError
from trt_inference.printable import OwnLines, printable
from trt_inference.ros.diagnostics.limits import Limits
from trt_inference.ros.rclpy_tools.executor_calls import ExecutorCalls
from trt_inference.ros.session.swap_values import read_values, shown_values

TIME_TO_END = 0.5  # seconds for the thread, when the node ends; it cannot be stopped


class SwapRequest(NamedTuple):
    """What is asked for.

    Attributes:
        values: of the parameters bundle and precision, or one of them.
        on_end: called on the executor with the reason why what was in use goes on, or nothing.
    """

    values: Dict[str, str]
    on_end: Callable[[str], None]


class _Running(NamedTuple):
    """A swap that goes on, for people, and since when: on a steady clock, in seconds, and on that
    of the wall."""

    wanted: str
    began: float
    clock_time: str

    @property
    def age(self) -> float:
        return time.monotonic() - self.began


class SwapService:
    """The service ``~/swap``, which answers once another engine is in use, or has failed.

    It is a ``rcl_interfaces/SetParametersAtomically`` with the parameters ``bundle`` and
    ``precision``, or one of them, as strings: a type that every ROS installation has. An engine is
    loaded on a thread of its own, and the executor goes on meanwhile. Nothing can stop a library
    that does not return: its swap is then reported, and all others are refused as busy.

    Attributes:
        last: the outcome of the last request, for people; empty before the first.
    """

    def __init__(
        self,
        node: Node,
        calls: ExecutorCalls,
        swap: Callable[[Dict[str, str]], str],
        reason_against: Callable[[], str],
    ) -> None:
        """
        Args:
            swap: called on the thread with what is asked for: loads it, swaps it with what is in
                use, and returns a description of it. Raises TrtInferenceError.
            reason_against: why the service must not be used, or nothing.
        """
        self._node, self._calls, self._swap = node, calls, swap
        self._refuse = reason_against
        self.last = self._failure = ""
        self._limit = Limits.swap_limit
        self._running: Optional[_Running] = None
        self._waiting: Optional[SwapRequest] = None
        self._thread: Optional[threading.Thread] = None
        # Of a group of its own, so that others are served while a request waits for its answer.
        node.create_service(
            SetParametersAtomically, "~/swap", self._serve, callback_group=ReentrantCallbackGroup()
        )

    @property
    def problem(self) -> str:
        """What is to be a warning: a swap that takes too long, or the last one, which failed."""
        running = self._running
        if running is not None and self._is_too_long(running):
            return f"the swap to {running.wanted} takes {running.age:.1f} s"
        return self._failure

    @property
    def reason_against_request(self) -> str:
        """Why ``request`` would be of no use now, or nothing."""
        running = self._running
        return _busy(running) if running is not None and self._is_too_long(running) else ""

    def request(self, request: SwapRequest) -> None:
        """Swap, and do not wait for it: after the swap that goes on, and instead of an earlier
        request that waits for the same."""
        if self._running is None:
            self._begin(request)
        else:
            self._waiting = request

    def apply(self, limits: Limits) -> None:
        """Take other limits."""
        self._limit = limits.swap_limit

    def forget(self) -> None:
        """Report nothing more about the last request."""
        self.last = self._failure = ""

    def stop(self) -> None:
        """Wait a moment for the swap that goes on, when the node ends."""
        if self._thread is not None:
            self._thread.join(TIME_TO_END)

    def _is_too_long(self, running: _Running) -> bool:
        return 0 < self._limit < running.age

    async def _serve(
        self,
        request: SetParametersAtomically.Request,
        response: SetParametersAtomically.Response,
    ) -> SetParametersAtomically.Response:
        """Called on the executor, which does other work while this waits."""
        values, reason = read_values(request.parameters)
        reason = self._refuse() or reason
        if not reason and self._running is not None:
            reason = _busy(self._running)
        if not reason:
            answer: Future[str] = Future(executor=self._node.executor)
            self._begin(SwapRequest(values, answer.set_result))
            reason = await answer or ""
        response.result = SetParametersResult(successful=not reason, reason=printable(reason))
        return response

    def _begin(self, request: SwapRequest) -> None:
        wanted = shown_values(request.values)
        self._running = _Running(wanted, time.monotonic(), time.strftime("%H:%M:%S"))
        self._thread = threading.Thread(
            target=self._work, args=(request, self._running), name="swap", daemon=True
        )
        self._thread.start()

    def _work(self, request: SwapRequest, running: _Running) -> None:
        """Called on the thread."""
        reason = self._run(request.values, running)
        self._calls.submit(lambda: self._end(request, reason))

    def _end(self, request: SwapRequest, reason: str) -> None:
        self._running = None
        waiting, self._waiting = self._waiting, None
        try:
            request.on_end(reason)
        finally:
            if waiting is not None:
                self._begin(waiting)

    def _run(self, values: Dict[str, str], running: _Running) -> str:
        """Why it is not possible; nothing when it is done."""
        try:
            now = self._swap(values)
        except TrtInferenceError as error:
            return self._fail(running, str(error))
        except Exception as error:  # of a library: whoever asks gets an answer
            self._node.get_logger().error(OwnLines(traceback.format_exc()))
            return self._fail(running, repr(error))
        self.last, self._failure = f"{running.wanted} in {running.age:.1f} s", ""
        self._node.get_logger().info(f"swapped in {running.age:.1f} s: {now}")
        return ""

    def _fail(self, running: _Running, reason: str) -> str:
        wanted = running.wanted
        self.last = self._failure = f"swap to {wanted} failed: {reason}"
        self._node.get_logger().error(f"swap to {wanted} failed, what was in use goes on: {reason}")
        return reason or "it failed without a reason"


def _busy(running: _Running) -> str:
    return (
        f"busy since {running.clock_time}: the swap to {running.wanted} has been going on for "
        f"{running.age:.1f} s; ask again when it is done"
    )
