"""A file system that does not answer: the executor goes on, and the process ends when told to."""

import signal
from pathlib import Path
from typing import Tuple

import pytest
from lifecycle_msgs.msg import Transition

from test.color_bundle import picture, write_color_bundle
from test.trt_inference.ros.client import TIMEOUT
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.session.held_bundles import FILES, MODULE, HeldBundles
from test.trt_inference.ros.session.swapper import Swapper

RED = picture("red", (2, 3))


@pytest.fixture
def held(tmp_path: Path) -> Tuple[HeldBundles, Path]:
    """A bundle that cannot be read."""
    bundle, files = write_color_bundle(tmp_path / "held"), HeldBundles(tmp_path)
    files.hold(bundle, FILES)
    return files, bundle


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_process_ends_while_it_configures(
    start_node: Start, held: Tuple[HeldBundles, Path], tmp_path: Path, number: signal.Signals
) -> None:
    files, bundle = held
    node, _ = start_node(command=(MODULE, str(tmp_path)), bundle=bundle, autostart=True)
    files.wait_until_it_is_asked_for(bundle, FILES)
    node.process.send_signal(number)
    assert node.process.wait(TIMEOUT) == 0
    assert "told to end while a bundle is being read" in node.log
    assert "Traceback" not in node.log


def test_a_slow_file_system_configures_in_the_end(
    start_node: Start, held: Tuple[HeldBundles, Path], tmp_path: Path
) -> None:
    files, bundle = held
    _, client = start_node(command=(MODULE, str(tmp_path)), bundle=bundle)
    answer = client.begin(Transition.TRANSITION_CONFIGURE)
    files.wait_until_it_is_asked_for(bundle, FILES)
    assert not answer.done()
    files.let_go(bundle, FILES)
    assert client.spin(TIMEOUT, until=answer.done)
    assert client.state() == "inactive"


def test_a_parameter_is_refused_and_images_go_on(
    start_node: Start, held: Tuple[HeldBundles, Path], shared_color_bundle: Path, tmp_path: Path
) -> None:
    files, bundle = held
    node, client = start_node(
        command=(MODULE, str(tmp_path)), bundle=shared_color_bundle, hot_swap=True
    )
    client.start()
    assert "could not be read within 1 s" in client.set_parameter("bundle", str(bundle), TIMEOUT)
    assert client.detect(client.image(RED)).detections
    for _ in range(3):  # no thread for each
        assert "an earlier read has not ended" in client.set_parameter("bundle", str(bundle))
    swapper = Swapper(client)
    asked = swapper.ask(bundle=str(bundle))
    assert client.detect(client.image(RED)).detections
    assert not asked.done()
    files.let_go(bundle, FILES)
    assert swapper.answer(asked).successful
    assert client.set_parameter("precision", "fp32") == ""
    assert node.is_alive
