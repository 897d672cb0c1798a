"""What others choose — paths, encodings, values — cannot forge a line of the log or control a
terminal, wherever the node shows it."""

import re
from pathlib import Path
from typing import Any, List

import pytest
from rcl_interfaces.msg import Log
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl import rcutils_logger
from rclpy.node import Node

from test.trt_inference.ros.client import TIMEOUT, Client, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.expected import encoded
from test.trt_inference.ros.session.swapper import Swapper
from trt_inference.printable import OwnLines
from trt_inference.ros.node import DetectorNode
from trt_inference.ros.rclpy_tools import printable_logger as module

FORGED = "x\n[FATAL] [1795935000.0] [safety]: STOP \x1b[2K\r\u202e\u2028"
SHOWN = r"x\x0a[FATAL] [1795935000.0] [safety]: STOP \x1b[2K\x0d\xe2\x80\xae\xe2\x80\xa8"
RECORD = re.compile(r"\[(DEBUG|INFO|WARN|ERROR|FATAL)\] \[\d+\.\d{9}\] \[[\w.]+\]: .+")


def listen_to_rosout(client: Client) -> List[Log]:
    found: List[Log] = []
    client.create_subscription(Log, "/rosout", found.append, 100)
    return found


def test_foreign_text_is_escaped_in_log_rosout_diagnostics_and_reasons(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, hot_swap=True)
    rosout, swapper = listen_to_rosout(client), Swapper(client)
    client.start()
    reasons = [
        swapper.reason(bundle=f"/{FORGED}"),
        client.set_parameter("classes", [FORGED]),
        client.set_parameter("bundle", f"/{FORGED}"),
        client.set_parameter("precision", FORGED),
    ]
    client.send(client.image(encoded("red", (5, 5), 2), encoding=FORGED))

    def is_all_told() -> bool:
        return "rejected (" in node.log and any("rejected (" in one.msg for one in rosout)

    assert client.spin(TIMEOUT, until=is_all_told), node.log

    def is_in_diagnostics() -> bool:
        return any(SHOWN in one for one in client.record.diagnostics.values())

    assert client.spin(TIMEOUT, until=is_in_diagnostics), client.record.diagnostics
    for text in [*filter(None, reasons), *(one.msg for one in rosout)]:
        assert text.isprintable(), repr(text)
    for line in node.log.splitlines():
        assert RECORD.fullmatch(line) and line.isprintable(), repr(line)
    assert node.log.count(SHOWN) >= 2
    assert "[FATAL]" not in {line.partition(" ")[0] for line in node.log.splitlines()}


def test_the_hash_of_a_type_forges_no_line(start_node: Start, shared_color_bundle: Path) -> None:
    """ROS's C library logs one that is ill-formed as it is."""
    srv = pytest.importorskip("type_description_interfaces.srv", reason="not on Humble")
    node, client = start_node(bundle=shared_color_bundle)
    kind, name = srv.GetTypeDescription, "sensor_msgs/msg/Image"
    service = "detector/get_type_description"
    infos = client.get_publishers_info_by_topic(f"{client.get_namespace()}/image")
    right = str(infos[0].topic_type_hash)
    wrong = (FORGED, f"{right}\n", f"{right}\n{FORGED}", "RIHS01_", right.upper(), "x" * 100000, "")
    for type_hash in (*wrong, right):
        for type_name in (name, FORGED):
            answer = client.call(kind, service, type_name=type_name, type_hash=type_hash)
            assert type_hash == right or not answer.successful
    assert all(RECORD.fullmatch(line) for line in node.log.splitlines()), node.log
    assert "[FATAL]" not in node.log


@pytest.fixture
def loud(ros: None) -> Any:
    """A detector in this process whose log is heard."""
    node, listener, found = DetectorNode(namespace="/loud"), Node("listener"), []
    listener.create_subscription(Log, "/rosout", found.append, 100)
    executor = SingleThreadedExecutor()
    executor.add_node(listener)

    def heard(text: str) -> Log:
        def is_there() -> bool:
            node.get_logger().info(f"a line of ours: {text}")
            executor.spin_once(timeout_sec=0.05)
            return any(text in one.msg for one in found)

        assert wait_until(is_there)
        return next(one for one in found if text in one.msg)

    yield node, heard
    executor.shutdown()
    listener.destroy_node()
    node.destroy_node()


def test_the_log_names_the_place_of_a_message_and_takes_all_severities_from_one(loud: Any) -> None:
    node, heard = loud
    found = heard("where")
    assert Path(found.file).name == Path(__file__).name
    assert found.function == "is_there"
    assert module.__file__ in str(rcutils_logger._internal_callers)
    for turn in range(2):
        node.get_logger().info("from a line of its own")
        node.get_logger().warning("from another")
        assert node.get_logger().error("from a third", once=True) is (turn == 0)


def test_a_traceback_keeps_its_lines_which_do_not_look_like_records(
    loud: Any, capfd: pytest.CaptureFixture
) -> None:
    node, _ = loud
    node.get_logger().error(OwnLines(f"failed:\nTraceback\n  {FORGED}"))
    [first, *others] = capfd.readouterr().err.splitlines()
    assert RECORD.fullmatch(first) and first.endswith("failed:")
    assert others[0] == "  | Traceback"
    assert all(line.startswith("  | ") and line.isprintable() for line in others)


def test_an_exception_in_a_transition_is_told_with_its_traceback(
    loud: Any, capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, _ = loud

    def fail() -> None:
        raise ValueError(FORGED)

    monkeypatch.setattr(node, "_configure", fail)
    node.trigger_configure()
    lines = capfd.readouterr().err.splitlines()
    assert any("configure failed unexpectedly:" in one for one in lines)
    assert any(one.startswith("  | ValueError: x") for one in lines)
    assert all(RECORD.fullmatch(one) or one.startswith("  | ") for one in lines)
    assert all(one.isprintable() for one in lines)
