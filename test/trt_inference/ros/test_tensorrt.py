"""The node with TensorRT, on the double in a real process: engines that are missing or built
while the node runs, and a GPU that is lost."""

import json
from pathlib import Path

import pytest
from lifecycle_msgs.msg import Transition

from test.color_bundle import offer_precisions, picture, write_color_bundle
from test.tensorrt_bundle import add_engine
from test.tensorrt_double import install
from test.trt_inference.ros.client import ROOT, Client, NodeProcess, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.session.swapper import Swapper
from trt_inference.engines.tensorrt.engine_memory import EngineMemory

VERSION = "10.3.0"
RED = picture("red", (2, 3))
LIMIT = 60.0  # seconds against hanging
SITE = ROOT / "test" / "tensorrt_double" / "site"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_color_bundle(tmp_path / "colors")


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Processes that are started have the double; a file of this name with a fault in it breaks its
    GPU."""
    file = tmp_path / "fault"
    monkeypatch.setenv("PYTHONPATH", f"{SITE}:{ROOT}")
    monkeypatch.setenv("TENSORRT_DOUBLE", VERSION)
    monkeypatch.setenv("TENSORRT_DOUBLE_FAULT", str(file))
    return file


def with_engine(bundle: Path) -> Path:
    with install(VERSION):
        add_engine(bundle)
    return bundle


def test_detections_come_from_tensorrt(start_node: Start, fault: Path, bundle: Path) -> None:
    node, client = start_node(bundle=with_engine(bundle))
    client.start()
    assert client.detect(client.image(RED)).detections[0].results[0].hypothesis.class_id == "red"
    assert wait_until(lambda: "configured: colors fp32" in node.log)
    assert "TensorRT 10.3.0" in node.log and "as a CUDA graph" in node.log


def test_an_engine_with_code_of_its_own_needs_the_parameter_that_allows_it(
    start_node: Start, fault: Path, bundle: Path
) -> None:
    with install(VERSION):
        add_engine(bundle, options={"version_compatible": True})
    node, client = start_node(bundle=bundle)
    assert not client.request(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: "set the node's parameter engine_host_code_allowed" in node.log)
    assert client.state() == "unconfigured"
    assert client.set_parameter("engine_host_code_allowed", True)  # not any more
    _, allowed = start_node(bundle=bundle, engine_host_code_allowed=True)
    allowed.start()
    assert allowed.detect(allowed.image(RED)).detections


def test_missing_engine_fails_to_configure_with_the_command_that_builds_it(
    start_node: Start, fault: Path, bundle: Path
) -> None:
    node, client = start_node(bundle=bundle)
    with pytest.raises(RuntimeError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: f"trt-inference build {bundle} --precision fp32" in node.log)
    assert client.state() == "unconfigured"
    with_engine(bundle)
    client.start()
    assert client.detect(client.image(RED)).detections


def test_engine_that_does_not_fit_fails_to_configure_with_figures_and_the_node_lives_on(
    start_node: Start, fault: Path, bundle: Path
) -> None:
    with install(VERSION):
        add_engine(bundle, measured=EngineMemory(context=7 << 30).content())
    node, client = start_node(bundle=bundle)
    with pytest.raises(RuntimeError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: "configure failed: fp32-trt10.3.0" in node.log)
    assert "7.0GiB to compute in" in node.log and "6.0GiB of 8.0GiB are free" in node.log
    assert client.state() == "unconfigured"
    with install(VERSION):
        add_engine(bundle, measured=EngineMemory(measured=7 << 30).content())
    client.start()
    assert client.detect(client.image(RED)).detections
    assert "may not fit into the GPU's memory: it takes about 7.0GiB" in node.log


def test_missing_engine_is_built_beside_the_node_which_then_activates_itself(
    start_node: Start, fault: Path, bundle: Path
) -> None:
    node, client = start_node(bundle=bundle, build_if_missing=True, autostart=True)
    assert client.state() in ("unconfigured", "active")  # it answers while the engine is built
    assert client.detect(client.image(RED)).detections
    assert "is being built" in node.log and "the fp32 engine is built" in node.log
    assert list(bundle.glob("engines/fp32-trt10.3.0-sm87-*.engine"))


def test_build_that_fails_is_reported_and_the_node_goes_on(
    start_node: Start, fault: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bundle / "engines").write_text("in the way of the folder", "utf-8")
    node, client = start_node(bundle=bundle, build_if_missing=True, autostart=True)
    assert wait_until(lambda: "could not be built" in node.log, LIMIT)
    assert client.state() == "unconfigured"
    assert node.is_alive


def test_a_batch_is_built_for_as_many_cameras_as_there_are_and_serves_them(
    start_node: Start, fault: Path, bundle: Path
) -> None:
    names = ("front", "rear")
    _, client = start_node(
        bundle=bundle,
        build_if_missing=True,
        autostart=True,
        image_topics=[f"{name}/image" for name in names],
    )
    cameras = {name: Client(f"{client.get_namespace()}/{name}") for name in names}
    try:
        for _ in range(3):
            for color, camera in zip(("red", "blue"), cameras.values()):
                message = camera.detect(camera.image(picture(color, (1, 1))))
                assert message.detections[0].results[0].hypothesis.class_id == color
    finally:
        for camera in cameras.values():
            camera.destroy_node()
    [sidecar] = bundle.glob("engines/*.json")
    assert json.loads(sidecar.read_text("utf-8"))["batch"] == 2


def test_another_precision_is_exchanged_and_a_missing_engine_leaves_the_one_in_use(
    start_node: Start, fault: Path, bundle: Path
) -> None:
    offer_precisions(bundle, "fp32", "fp16", "int8")
    with install(VERSION):
        for precision in ("fp32", "fp16"):
            add_engine(bundle, precision)
    _, client = start_node(bundle=bundle, precision="fp32", hot_swap=True)
    client.start()
    swapper = Swapper(client)
    for precision in ("fp16", "fp32", "fp16"):
        assert client.detect(client.image(RED)).detections
        assert swapper.reason(precision=precision) == ""
        assert client.detect(client.image(RED)).detections
    assert "--precision int8" in swapper.reason(precision="int8")  # the command that builds it
    assert client.detect(client.image(RED)).detections
    assert client.state() == "active"


def test_lost_gpu_ends_the_process_so_that_it_is_started_anew(
    start_node: Start, fault: Path, bundle: Path
) -> None:
    node, client = start_node(bundle=with_engine(bundle))
    client.start()
    assert client.detect(client.image(RED)).detections
    break_gpu(fault)
    assert wait_until(lambda: _send_until_it_ends(client, node))
    assert node.process.wait(LIMIT) == 3
    assert "must be restarted" in node.log


def test_gpu_that_is_lost_while_an_engine_is_exchanged_ends_the_process_too(
    start_node: Start, fault: Path, bundle: Path
) -> None:
    node, client = start_node(bundle=with_engine(bundle), hot_swap=True)
    client.start()
    assert client.detect(client.image(RED)).detections
    break_gpu(fault)
    Swapper(client).ask(precision="fp32")
    assert client.spin(LIMIT, until=lambda: not node.is_alive), node.log
    assert node.process.returncode == 3


def test_gpu_that_is_lost_while_the_node_is_inactive_ends_the_process_too(
    start_node: Start, fault: Path, bundle: Path
) -> None:
    node, client = start_node(bundle=with_engine(bundle), hot_swap=True)
    client.transition(Transition.TRANSITION_CONFIGURE)
    break_gpu(fault)
    Swapper(client).ask(precision="fp32")
    assert client.spin(LIMIT, until=lambda: not node.is_alive), node.log
    assert node.process.returncode == 3
    assert "it ends, to be started anew" in node.log


def break_gpu(fault: Path) -> None:
    """Have the next synchronisation fail, on whatever thread: the file appears with its content."""
    unfinished = fault.with_name("unfinished")
    unfinished.write_text("illegal address", "utf-8")
    unfinished.rename(fault)


def _send_until_it_ends(client: Client, node: NodeProcess) -> bool:
    client.publish(client.image(RED))
    return not node.is_alive


def test_tensorrt_without_a_gpu_is_reported(start_node: Start, bundle: Path) -> None:
    node, client = start_node(bundle=bundle, backend="tensorrt")
    with pytest.raises(RuntimeError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: "backend tensorrt: " in node.log)
    assert client.set_parameter("backend", "auto") == ""
    client.start()
    assert client.detect(client.image(RED)).detections
