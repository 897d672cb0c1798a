"""SIGINT, SIGTERM and SIGHUP end the process in every state, at once and in order."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from lifecycle_msgs.msg import Transition

from test.trt_inference.ros.client import TIMEOUT, Client, NodeProcess, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.expected import encoded
from test.trt_inference.ros.faults.shared_memory import left_of, segments_of
from test.trt_inference.ros.faults.slow_bundle import ENDLESS, write_slow_bundle

PICTURE = encoded("red", (5, 5), 2)
BETWEEN = 0.01  # seconds between two signals, or two frames
WORKED = 0.5  # CPU seconds in which a node is in the midst of configuring the slow bundle

both_signals = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@both_signals
@pytest.mark.parametrize("state", ["unconfigured", "inactive", "active"])
def test_a_signal_ends_it_in_every_state_while_frames_arrive(
    start_node: Start, shared_color_bundle: Path, number: signal.Signals, state: str
) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    bring(client, state)
    assert client.state() == state
    end(node, client, number)


@both_signals
def test_a_signal_ends_it_while_it_configures_a_larger_model(
    start_node: Start, tmp_path: Path, number: signal.Signals
) -> None:
    node, client = start_node(bundle=write_slow_bundle(tmp_path / "slow", ENDLESS))
    assert client.state() == "unconfigured"
    seen = psutil.Process(node.process.pid)

    def worked() -> float:
        return sum(seen.cpu_times()[:2])

    before = worked()
    answer = client.begin(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: worked() > before + WORKED)
    assert not answer.done()
    end(node, client, number)


@pytest.mark.parametrize(
    ("state", "shutdown"),
    [
        ("unconfigured", Transition.TRANSITION_UNCONFIGURED_SHUTDOWN),
        ("inactive", Transition.TRANSITION_INACTIVE_SHUTDOWN),
        ("active", Transition.TRANSITION_ACTIVE_SHUTDOWN),
    ],
)
def test_the_shutdown_transition_frees_all_and_a_signal_ends_the_process(
    start_node: Start, shared_color_bundle: Path, state: str, shutdown: int
) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    bring(client, state)
    assert client.request(shutdown)
    assert client.state() == "finalized"
    assert client.spin(TIMEOUT, until=lambda: client.count_subscribers("image") == 0)
    assert not client.request(Transition.TRANSITION_CONFIGURE)
    assert client.state() == "finalized"
    end(node, client, signal.SIGTERM)


def test_a_terminal_that_is_closed_ends_it(start_node: Start, shared_color_bundle: Path) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    bring(client, "active")
    end(node, client, signal.SIGHUP)


def test_what_was_started_with_nohup_stays_when_the_terminal_is_closed(
    start_node: Start, shared_color_bundle: Path
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which a new process inherits
    try:
        node, client = start_node(bundle=shared_color_bundle)
    finally:
        signal.signal(signal.SIGHUP, before)
    bring(client, "active")
    node.process.send_signal(signal.SIGHUP)
    client.detect(client.image(PICTURE))
    assert node.is_alive
    end(node, client, signal.SIGTERM)


def bring(client: Client, state: str) -> None:
    """Lead an unconfigured node to a state; an active one has worked."""
    if state != "unconfigured":
        client.transition(Transition.TRANSITION_CONFIGURE)
    if state == "active":
        client.transition(Transition.TRANSITION_ACTIVATE)
        client.detect(client.image(PICTURE))


def end(node: NodeProcess, client: Client, number: signal.Signals) -> None:
    """Send the signal, again and again as an impatient person does, and frames all the time."""
    process = node.process
    segments = segments_of(process.pid)
    assert segments, "the middleware's files are not where this test looks for them"
    sent = time.monotonic()
    while process.poll() is None and time.monotonic() < sent + TIMEOUT:
        process.send_signal(number)
        client.publish(client.image(PICTURE))
        time.sleep(BETWEEN)
    assert process.returncode == os.EX_OK, node.log
    assert "Traceback" not in node.log
    assert left_of(segments) == []
