"""A server answers for the node: who has computed is told, in results, labels and diagnostics."""

from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Set

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition

from examples.shapes.monitor import MonitorError
from test.color_bundle import picture, write_color_bundle
from test.triton_double import TritonDouble
from test.trt_inference.ros.batch_bundle import write_batch_bundle
from test.trt_inference.ros.client import TIMEOUT, Client, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.servers.asking_node import LONG_DEADLINE, MACHINE, SERVER
from test.trt_inference.ros.servers.conftest import Ask
from test.trt_inference.ros.session.swapper import Swapper
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import ServerOptions
from trt_inference.ros.session.swap import Swap


def test_results_are_the_servers_and_everybody_is_told_so(ask: Ask, double: TritonDouble) -> None:
    node = ask(double.url)
    node.detect_until(SERVER)
    assert {node.who_answers() for _ in range(20)} == {SERVER}
    node.wait_for_method(f"colors fp32, Triton 2.51.0 at {double.url}, version 1 of colors")
    values = node.wait_for_images(SERVER, 20)
    assert values["answered by"] == SERVER
    assert values["breaker"] == "closed"
    values = node.diagnostics.wait_for(None, "")
    assert values["engine"] == f"Triton 2.51.0 at {double.url}, version 1 of colors"
    assert values["why this precision"] == f"version 1 of colors at {double.url}"


def test_without_a_server_the_node_configures_and_asks_it_once_it_is_there(
    ask: Ask, double: TritonDouble
) -> None:
    double.stop()
    node = ask(double.url)
    assert node.who_answers() == MACHINE
    node.diagnostics.wait_for(DiagnosticStatus.WARN, double.url, "server")
    node.wait_for_method(f"instead of Triton at {double.url}")
    double.start()
    node.detect_until(SERVER)
    node.wait_for_method("version 1 of colors")
    node.diagnostics.wait_for(DiagnosticStatus.OK, "running", "server")


def test_another_model_is_refused_and_the_node_configures_once_the_server_has_the_right_one(
    prepare_node: Ask, shared_color_bundle: Path, tmp_path: Path
) -> None:
    defaults = {"score_threshold": 0.4, "iou_threshold": 0.5, "max_detections": 10}
    other = write_color_bundle(tmp_path / "colors", defaults=defaults)
    with TritonDouble(other) as server:
        node = prepare_node(server.url)
        with pytest.raises(MonitorError):
            node.client.transition(Transition.TRANSITION_CONFIGURE)
        assert wait_until(lambda: "configure failed: " in node.process.log)
        [reason] = [line for line in node.process.log.splitlines() if "configure failed: " in line]
        assert server.url in reason and "export-triton" in reason
        assert node.client.state() == "unconfigured"
        server.add(shared_color_bundle, 2)
        node.client.start()
        node.connect()
        node.wait_for_method("version 2 of colors")


def test_a_server_that_is_no_address_is_refused_without_its_password(prepare_node: Ask) -> None:
    node = prepare_node("robot:s3cret@gpu:8001")
    with pytest.raises(MonitorError):
        node.client.transition(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: "configure failed: server_url 'gpu:8001'" in node.process.log)
    assert "s3cret" not in node.process.log


def test_images_of_several_cameras_are_asked_for_at_once(start_node: Start, tmp_path: Path) -> None:
    names = ("front", "rear")
    bundle = write_batch_bundle(tmp_path / "batch")
    with TritonDouble(bundle) as server, ExitStack() as stack:
        _, client = start_node(
            bundle=bundle,
            backend="triton",
            server_url=server.url,
            server_deadline=LONG_DEADLINE,
            image_topics=[f"{name}/image" for name in names],
            batch_deadline=0.5,
            image_reliability="reliable",
            score_threshold=0.0,
        )
        cameras = {name: Client(f"{client.get_namespace()}/{name}") for name in names}
        for camera in cameras.values():
            stack.callback(camera.destroy_node)
        client.start()
        for camera in cameras.values():
            camera.detect(camera.image(picture("red", (2, 3))))

        def sizes() -> Set[int]:
            images = {name: one.image(picture("red", (2, 3))) for name, one in cameras.items()}
            for name, camera in cameras.items():
                camera.send(images[name])
            for name, camera in cameras.items():
                camera.answer(images[name])
            return {len(one.images) for one in server.received}

        assert wait_until(lambda: len(names) in sizes())
        server.stop()
        for _ in range(5):
            sizes()  # each image has its result


def test_a_swap_takes_the_model_of_the_other_bundle_or_leaves_what_was(
    ask: Ask, double: TritonDouble, tmp_path: Path
) -> None:
    defaults = {"score_threshold": 0.4, "iou_threshold": 0.5, "max_detections": 10}
    served = write_color_bundle(tmp_path / "served", defaults=defaults)
    strange = write_color_bundle(tmp_path / "strange", needs_nms=False)
    double.add(served, 2)
    node = ask(double.url, hot_swap=True, server_model="colors")
    node.wait_for_method("version 1 of colors")
    swapper = Swapper(node.client)
    assert "export-triton" in swapper.reason(bundle=str(strange))
    assert node.who_answers() == SERVER
    assert swapper.reason(bundle=str(served)) == ""
    assert node.who_answers() == SERVER
    node.wait_for_method("version 2 of colors")
    double.stop()
    node.detect_until(MACHINE)
    assert swapper.reason(bundle=str(strange)) == ""  # nobody tells that the server has it not
    assert node.who_answers() == MACHINE
    assert node.client.spin(TIMEOUT, until=lambda: "strange" in node.methods[-1])


def test_the_executor_checks_a_swap_without_asking_the_server(
    double: TritonDouble, shared_color_bundle: Path
) -> None:
    settings = SimpleNamespace(
        bundle=shared_color_bundle,
        backend="triton",
        precision="auto",
        engine_options=lambda: EngineOptions(server=ServerOptions(double.url)),
    )
    parameters: Any = SimpleNamespace(
        settings=lambda **values: settings,
        folders=SimpleNamespace(resolve=lambda folder: folder),
        live=lambda bundle: None,
    )
    reads: Any = SimpleNamespace(wait_briefly=lambda read, name: read())
    bundle = load_bundle(shared_color_bundle)
    resources: Any = SimpleNamespace(loaded=SimpleNamespace(bundle=bundle))
    calls: Any = None
    Swap(parameters, calls, reads, lambda: resources).check({"precision": "auto"})
    assert double.asked == []
