"""What a node does with results that are no numbers, or have classes without a label."""

from contextlib import ExitStack
from pathlib import Path
from typing import List, Tuple

import numpy as np
import onnx
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Classification

from examples.shapes.monitor import stamp_of
from test.changed_bundles import number_classes, replace_model
from test.color_bundle import picture, write_color_bundle
from test.task_bundles import HEIGHT, WIDTH, write_classification_bundle
from test.trt_inference.ros.client import TIMEOUT, Client, NodeProcess, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.diagnostics.heard_statuses import Diagnostics
from test.trt_inference.ros.nan_bundle import write_nan_bundle
from test.trt_inference.ros.session.swapper import Swapper
from trt_inference.inference.finite import NOT_FINITE

LOWEST = -(2**31)


def red() -> np.ndarray:
    return picture("red", (2, 3))


def bright() -> np.ndarray:
    """A red cell that the network gives NaN for."""
    pixels = red()
    pixels[0, 0] = 255
    return pixels


def classes_of(client: Client, pixels: np.ndarray) -> List[str]:
    message = client.detect(client.image(pixels))
    return [detection.results[0].hypothesis.class_id for detection in message.detections]


def wait_for_log(process: NodeProcess, text: str) -> None:
    assert wait_until(lambda: text in process.log)


def test_a_result_of_nan_is_withheld_counted_and_an_error(
    start_node: Start, tmp_path: Path
) -> None:
    folder = write_nan_bundle(tmp_path / "colors")
    process, client = start_node(bundle=folder, image_reliability="reliable")
    drawn: List[CompressedImage] = []
    client.create_subscription(CompressedImage, "detector/debug_image/compressed", drawn.append, 10)
    client.start()
    diagnostics = Diagnostics(client)
    assert classes_of(client, red()) == ["red"]
    diagnostics.wait_for(DiagnosticStatus.OK, "running")
    bad = [client.image(bright()) for _ in range(3)]
    for image in bad:
        client.send(image)
        client.spin(0.2)
    values = diagnostics.wait_for(DiagnosticStatus.ERROR, "fp32 gives scores or boxes that are not")
    assert int(values["images with results that are not finite"]) >= 1
    assert client.counters_at_rest()["rejected"] >= 1
    name = f"camera {client.get_namespace()}/image"
    values = diagnostics.wait_for(None, f"rejected ({NOT_FINITE}: ", name)
    assert values[f"rejected: {NOT_FINITE}"] == values["rejected"]
    assert not {stamp_of(image.header) for image in bad} & set(client.record.detections)
    assert not {stamp_of(image.header) for image in bad} & {stamp_of(one.header) for one in drawn}
    assert "is not published" in process.log
    assert "fp32 gives scores or boxes that are not finite (NaN or infinity)" in process.log
    # The node goes on, and is well again.
    assert classes_of(client, red()) == ["red"]
    diagnostics.wait_for(DiagnosticStatus.OK, "running")
    assert client.state() == "active"


def test_what_is_left_of_it_is_published_where_that_is_asked_for(
    start_node: Start, tmp_path: Path
) -> None:
    process, client = start_node(bundle=write_nan_bundle(tmp_path / "colors"))
    client.start()
    diagnostics = Diagnostics(client)
    assert client.set_parameter("publish_non_finite", True) == ""
    assert classes_of(client, bright()) == []
    values = diagnostics.wait_for(DiagnosticStatus.WARN, "not finite")
    assert int(values["images with results that are not finite"]) >= 1
    assert "is published without them" in process.log
    assert client.counters_at_rest()["rejected"] == 0


def test_of_images_that_run_together_only_that_of_nan_is_withheld(
    start_node: Start, tmp_path: Path
) -> None:
    names = ("front", "rear")
    _, client = start_node(
        bundle=write_nan_bundle(tmp_path / "colors"),
        image_topics=[f"{name}/image" for name in names],
        batch_deadline=0.5,
        image_reliability="reliable",
        image_depth=10,
    )
    with ExitStack() as stack:
        cameras = {name: Client(f"{client.get_namespace()}/{name}") for name in names}
        for camera in cameras.values():
            stack.callback(camera.destroy_node)
        client.start()
        for camera in cameras.values():
            assert classes_of(camera, red()) == ["red"]
        bad: List[Tuple[int, int]] = []
        for _ in range(5):
            good, other = cameras["rear"].image(red()), cameras["front"].image(bright())
            cameras["front"].send(other)
            [detection] = cameras["rear"].detect(good).detections
            assert detection.results[0].hypothesis.class_id == "red"
            bad.append(stamp_of(other.header))
        # Those of one camera may still be on their way when those of the other have been answered.
        assert client.spin(TIMEOUT, until=lambda: _has_rejected(client))
        assert client.counters_at_rest()["rejected"] >= 1
        assert not set(bad) & set(cameras["front"].record.detections)


def test_a_classification_of_nan_is_withheld(start_node: Start, tmp_path: Path) -> None:
    folder = write_classification_bundle(tmp_path / "classes")
    _break_classifier(folder)
    _, client = start_node(bundle=folder, infer_without_subscribers=True)
    found: List[Classification] = []
    client.create_subscription(Classification, "detector/classification", found.append, 10)
    client.start()
    black = client.image(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert client.spin(TIMEOUT, until=lambda: _is_rejected(client, black))
    assert not found
    assert client.counters_at_rest()["rejected"] >= 1


def _is_rejected(client: Client, image: Image) -> bool:
    client.send(image)
    client.spin(0.2)
    return _has_rejected(client)


def _has_rejected(client: Client) -> bool:
    return client.record.diagnostics.get("rejected", "0") != "0"


def _break_classifier(folder: Path) -> None:
    """0 / 0 in a black picture: the means are divided by themselves."""
    model = onnx.load(str(folder / "fp32.onnx"))
    for node in model.graph.node:
        if node.op_type == "Div":
            node.input[1] = node.input[0]
    replace_model(folder, model)


def test_no_engine_is_exchanged_for_one_that_gives_nan_from_the_start(
    start_node: Start, color_bundle: Path, tmp_path: Path
) -> None:
    _, client = start_node(bundle=color_bundle, hot_swap=True)
    client.start()
    swapper = Swapper(client)
    broken = write_nan_bundle(tmp_path / "broken", nan_from=0)
    assert "not finite" in swapper.reason(bundle=str(broken))
    assert classes_of(client, red()) == ["red"]
    assert client.set_parameter("publish_non_finite", True) == ""
    assert swapper.reason(bundle=str(broken)) == ""
    assert classes_of(client, red()) == []
    assert client.state() == "active"


def test_a_node_is_configured_with_such_a_bundle_and_warns(
    start_node: Start, tmp_path: Path
) -> None:
    """There is no other engine that could go on, and another picture may be good."""
    broken = write_nan_bundle(tmp_path / "broken", nan_from=0)
    process, client = start_node(bundle=broken)
    client.transition(Transition.TRANSITION_CONFIGURE)
    assert "on a picture that is made up" in process.log and "not finite" in process.log


@pytest.mark.parametrize("policy", ["name", "index"])
def test_a_class_without_a_label_is_published_as_its_number(
    start_node: Start, color_bundle: Path, tmp_path: Path, policy: str
) -> None:
    process, client = start_node(bundle=color_bundle, label_policy=policy, hot_swap=True)
    client.start()
    diagnostics = Diagnostics(client)
    swapper = Swapper(client)
    assert classes_of(client, red()) == ["red" if policy == "name" else "2"]
    for number in (-1, 3, LOWEST):
        other = number_classes(write_color_bundle(tmp_path / f"other{number}"), (0, 1, number))
        assert swapper.reason(bundle=str(other)) == ""
        assert classes_of(client, red()) == [str(number)]
        wait_for_log(process, f"such as {number} where labels.txt has 0 to 2")
    values = diagnostics.wait_for(DiagnosticStatus.WARN, "classes without a label")
    assert int(values["images with classes without a label"]) >= 1
    assert client.state() == "active"
