"""A transition whose request or answer the middleware loses is asked for as often as it has to be,
and done once."""

import threading
from typing import Any, Callable, Iterator, List, Tuple

import pytest
from lifecycle_msgs.msg import Transition
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from examples.shapes import monitor as module
from examples.shapes.monitor import Monitor, MonitorError

NAMESPACE = "/lossy"
CONFIGURE, TIMEOUT = Transition.TRANSITION_CONFIGURE, 60.0
SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
Lose = Callable[[str, TransitionCallbackReturn], "Lossy"]


class Lossy(LifecycleNode):
    """Loses the first request for a transition, or the answer to it."""

    def __init__(self, lost: str, outcome: TransitionCallbackReturn) -> None:
        super().__init__("detector", namespace=NAMESPACE)
        self.configured: List[TransitionCallbackReturn] = []
        self.lost, self._outcome = lost, outcome
        service = self._service_change_state
        self._change, self._send = service.callback, service.send_response
        service.callback, service.send_response = self._answer, self._send_unless_lost

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.configured.append(self._outcome)
        return self._outcome

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return TransitionCallbackReturn.ERROR

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        return SUCCESS  # to unconfigured

    def _answer(self, request: Any, response: Any) -> Any:
        return response if self.lost == "request" else self._change(request, response)

    def _send_unless_lost(self, *answer: Any) -> None:
        lost, self.lost = self.lost, ""
        if not lost:
            self._send(*answer)


@pytest.fixture
def lose(ros: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lose]:
    monkeypatch.setattr(module, "_LOST", 1.0)
    running: List[Tuple[Lossy, SingleThreadedExecutor, threading.Thread]] = []

    def start(lost: str, outcome: TransitionCallbackReturn) -> Lossy:
        node, executor = Lossy(lost, outcome), SingleThreadedExecutor()
        executor.add_node(node)
        thread = threading.Thread(target=executor.spin, name="lossy")
        thread.start()
        running.append((node, executor, thread))
        return node

    yield start
    for node, executor, thread in running:
        executor.shutdown()
        thread.join()
        node.destroy_node()


@pytest.fixture
def monitor(ros: None) -> Iterator[Monitor]:
    monitor = Monitor(namespace=NAMESPACE, watches_messages=False)
    yield monitor
    monitor.destroy_node()


@pytest.mark.parametrize("lost", ["request", "answer", ""])
def test_a_transition_is_done_once_whatever_is_lost(
    lose: Lose, monitor: Monitor, lost: str
) -> None:
    node = lose(lost, SUCCESS)
    monitor.transition(CONFIGURE, TIMEOUT)
    assert node.configured == [SUCCESS]


@pytest.mark.parametrize("lost", ["request", "answer", ""])
def test_a_transition_that_fails_is_told_whatever_is_lost(
    lose: Lose, monitor: Monitor, lost: str
) -> None:
    lose(lost, FAILURE)
    with pytest.raises(MonitorError, match="refused to configure"):
        monitor.transition(CONFIGURE, TIMEOUT)


def test_a_changed_state_is_no_success_where_the_transition_leads_elsewhere(
    lose: Lose, monitor: Monitor
) -> None:
    node = lose("", SUCCESS)
    monitor.transition(CONFIGURE, TIMEOUT)
    node.lost = "answer"
    assert not monitor.change(Transition(id=Transition.TRANSITION_ACTIVATE), TIMEOUT)
