"""A bundle that is none costs one line in the log: the node answers, and images go on."""

import signal
from pathlib import Path

import pytest
from lifecycle_msgs.msg import Transition

from test.hostile_bundles import BROKEN_MANIFESTS, BROKEN_MODELS, make_hostile
from test.trt_inference.ros.client import TIMEOUT, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.expected import assert_found, encoded
from test.trt_inference.ros.session.swapper import Swapper

CELL = (6, 0)
ALL = {
    **{f"manifest: {kind}": what for kind, what in BROKEN_MANIFESTS.items()},
    **{f"model: {kind}": what for kind, what in BROKEN_MODELS.items()},
}


@pytest.mark.parametrize("kind", ["manifest: FIFO", "manifest: endless", "model: FIFO"])
def test_a_node_that_starts_with_files_that_never_end_answers_and_can_be_mended(
    start_node: Start, color_bundle: Path, tmp_path: Path, kind: str
) -> None:
    make, _ = ALL[kind]
    hostile = make_hostile(color_bundle, tmp_path / "hostile", make)
    node, client = start_node(bundle=hostile, autostart=True)
    assert wait_until(lambda: "configure failed" in node.log)
    assert client.state() == "unconfigured"
    assert client.set_parameter("bundle", str(color_bundle)) == ""
    client.start()
    answer = client.detect(client.image(encoded("green", CELL, 3)))
    assert_found(answer, "green", CELL, 3)


def test_each_hostile_bundle_is_refused_in_a_line_while_images_go_on(
    start_node: Start, color_bundle: Path, tmp_path: Path
) -> None:
    node, client = start_node(bundle=color_bundle, hot_swap=True)
    client.start()
    swapper = Swapper(client)
    for number, (kind, (make, _)) in enumerate(ALL.items()):
        hostile = make_hostile(color_bundle, tmp_path / f"hostile-{number}", make)
        reason = swapper.reason(bundle=str(hostile))
        assert reason and "\n" not in reason and "Error(" not in reason, (kind, reason)
    for path in ("~nosuchuser/x", "x" * 5000, "/dev/null", "/"):
        assert swapper.reason(bundle=path)
    answer = client.detect(client.image(encoded("green", CELL, 3)))
    assert_found(answer, "green", CELL, 3)
    assert "Traceback" not in node.log
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(TIMEOUT) == 0


def test_a_hostile_bundle_that_is_set_leaves_the_executor_free(
    start_node: Start, color_bundle: Path, tmp_path: Path
) -> None:
    node, client = start_node(bundle=color_bundle)
    for number, (kind, (make, _)) in enumerate(ALL.items()):
        hostile = make_hostile(color_bundle, tmp_path / f"hostile-{number}", make)
        assert client.set_parameter("bundle", str(hostile)) == "", kind
        assert not client.request(Transition.TRANSITION_CONFIGURE), kind
        assert client.state() == "unconfigured"
    assert client.set_parameter("bundle", "~nosuchuser/x") == ""
    assert not client.request(Transition.TRANSITION_CONFIGURE)
    assert client.set_parameter("bundle", str(color_bundle)) == ""
    client.start()
    failures = [line for line in node.log.splitlines() if "configure failed" in line]
    assert len(failures) == len(ALL) + 1
    assert "Traceback" not in node.log
