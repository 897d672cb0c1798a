"""Several cameras on one engine."""

from contextlib import ExitStack
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image

from examples.shapes.monitor import MonitorError, stamp_of
from test.color_bundle import CELL, LABELS, picture
from test.trt_inference.ros.client import NODE, TIMEOUT, Client, wait_until
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.messages.result_messages import message_to_detections

Cameras = Tuple[Client, Dict[str, Client]]
SCALES = {"front": 10, "rear": 3, "side": 1}  # each has images of its own size
COLORS = {"front": "red", "rear": "green", "side": "blue"}
TOGETHER = 20  # images of each camera


@pytest.fixture
def cameras(start_node: Start, shared_color_bundle: Path) -> Iterator[Cameras]:
    """An active node with a client for it, and one in the namespace of each camera."""
    topics = [f"{name}/image" for name in SCALES]
    _, client = start_node(
        bundle=shared_color_bundle, image_topics=topics, camera_timeout=1.0, image_depth=TOGETHER
    )
    with ExitStack() as stack:
        clients = {name: Client(f"{client.get_namespace()}/{name}") for name in SCALES}
        for one in clients.values():
            stack.callback(one.destroy_node)
        client.start()
        yield client, clients


def image_of(name: str, client: Client) -> Image:
    return client.image(picture(COLORS[name], (2, 5), SCALES[name]))


def check(name: str, client: Client, stamp: Tuple[int, int]) -> None:
    """See that the camera's own image was answered, in its own pixels."""
    message = client.record.detections[stamp]
    found = message_to_detections(message, LABELS)
    assert [LABELS[number] for number in found.class_ids] == [COLORS[name]]
    expected = np.array([5, 2, 6, 3]) * CELL * SCALES[name]
    np.testing.assert_allclose(found.xyxy, expected[None], atol=0.01 * SCALES[name])
    assert message.header.frame_id == "front_camera"  # that of the client's images


def test_each_camera_gets_its_own_results_in_its_own_namespace(cameras: Cameras) -> None:
    _, clients = cameras
    for name, client in clients.items():
        image = image_of(name, client)
        client.detect(image)
        check(name, client, stamp_of(image.header))


def test_images_that_come_together_are_all_answered_each_on_its_own(cameras: Cameras) -> None:
    _, clients = cameras
    for name, client in clients.items():  # until all know of each other
        client.detect(image_of(name, client))
    for _ in range(TOGETHER):
        images = {name: image_of(name, client) for name, client in clients.items()}
        for name, client in clients.items():
            client.send(images[name])
        for name, client in clients.items():
            client.answer(images[name])
            check(name, client, stamp_of(images[name].header))


def test_a_bad_image_does_not_harm_those_that_come_with_it(cameras: Cameras) -> None:
    _, clients = cameras
    for name, client in clients.items():
        client.detect(image_of(name, client))
    for _ in range(5):
        clients["front"].send(clients["front"].image(picture("red", (0, 0)), "no_such_encoding"))
        image = image_of("rear", clients["rear"])
        clients["rear"].detect(image)
        check("rear", clients["rear"], stamp_of(image.header))


def test_diagnostics_name_the_camera_that_is_silent(cameras: Cameras) -> None:
    client, clients = cameras
    statuses: Dict[str, DiagnosticStatus] = {}

    def hear(message: DiagnosticArray) -> None:
        statuses.update({one.name.partition(": ")[2]: one for one in message.status})

    client.create_subscription(DiagnosticArray, "/diagnostics", hear, 10)
    topic = f"{client.get_namespace()}/rear/image"
    front = clients["front"]

    def status_of(name: str) -> DiagnosticStatus:
        return statuses.get(f"camera {client.get_namespace()}/{name}/image", DiagnosticStatus())

    def is_reported() -> bool:
        front.detect(image_of("front", front))
        # On a busy machine the images of the other one may be late now and then, too.
        is_late = "no image" in status_of("front").message
        return status_of("rear").level == DiagnosticStatus.WARN and not is_late

    assert client.spin(TIMEOUT, until=is_reported)
    assert f"no image on {topic}" in status_of("rear").message
    assert "monitor (reliable" in status_of("rear").message  # who could publish it


def test_no_engine_runs_while_nobody_wants_results(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle, image_topics=["other/image"])
    other = Client(f"{client.get_namespace()}/other")
    try:
        client.start()
        other.detect(other.image(picture("red", (0, 0))))
        [subscription] = [
            one for one in other.subscriptions if one.topic_name.endswith("/detections")
        ]
        other.destroy_subscription(subscription)
        before = client.wait_for_count("inferred", 1)

        def is_idle() -> bool:
            other.send(other.image(picture("red", (0, 0))))
            return int(client.record.diagnostics.get("unwatched", 0)) > 0

        assert client.spin(TIMEOUT, until=is_idle)
        assert client.set_parameter("infer_without_subscribers", True) == ""

        def is_busy() -> bool:
            other.send(other.image(picture("red", (0, 0))))
            return int(client.record.diagnostics["inferred"]) > before + 5

        assert client.spin(TIMEOUT, until=is_busy)
    finally:
        other.destroy_node()


@pytest.mark.parametrize(
    ("topics", "reason"),
    [
        (["a", "a"], "a is there twice"),
        (["", "a"], "an empty topic"),
        ([f"camera{number}/image" for number in range(33)], "33 topics are too many"),
    ],
)
def test_topics_that_make_no_sense_are_refused(
    start_node: Start, shared_color_bundle: Path, topics: List[str], reason: str
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    assert reason in client.set_parameter("image_topics", topics)


WRONG_TOPICS = (
    (["left/image", "/left/other"], "same namespace"),
    (["image_left", "image_right"], "same namespace"),
    (["what is this"], "image_topics: 'what is this' cannot be a topic"),
    (["a" * 300], "cannot be a topic: "),
    ([f"{'a' * 220}/image"], "debug_image/compressed' cannot be a topic: "),
    (["/a//b"], "image_topics: '/a//b' cannot be a topic"),
    (["a/~/b"], "image_topics: 'a/~/b' cannot be a topic"),
    (["{nothing}/b"], "image_topics: '{nothing}/b' cannot be a topic"),
    (["a/"], "image_topics: 'a/' cannot be a topic"),
    (["x\n[INFO] forged"], r"image_topics: 'x\x0a[INFO] forged' cannot be a topic"),
)


def test_results_that_would_mix_and_names_that_are_none_fail_to_configure(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    for given, reason in WRONG_TOPICS:
        topics = [topic.replace("/left/", f"{client.get_namespace()}/left/") for topic in given]
        assert client.set_parameter("image_topics", topics) == ""
        seen = len(node.log)
        assert not client.request(Transition.TRANSITION_CONFIGURE), topics
        assert wait_until(lambda seen=seen, reason=reason: reason in node.log[seen:]), node.log
        assert client.state() == "unconfigured"
    assert "Traceback" not in node.log


@pytest.mark.parametrize("transport", ["raw", "compressed"])
@pytest.mark.parametrize("is_remapped", [False, True])
def test_the_pictures_of_the_node_itself_are_no_camera(
    start_node: Start, shared_color_bundle: Path, transport: str, is_remapped: bool
) -> None:
    remapping = ("-r", "image:=detector/debug_image") if is_remapped else ()
    node, client = start_node(
        command=(NODE, "--ros-args", *remapping, "--"),
        bundle=shared_color_bundle,
        image_transport=transport,
        image_topics=[""] if is_remapped else ["a/image", "a/detector/debug_image"],
    )
    with pytest.raises(MonitorError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: "are this node's own" in node.log), node.log
    assert client.state() == "unconfigured"


def test_an_empty_list_of_cameras_is_the_one_on_the_topic_image(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    # Other tools tell an empty list of texts from one of bytes; so the type is given here.
    empty = Parameter("image_topics", Parameter.Type.STRING_ARRAY, []).to_parameter_msg()
    answer = client.call(SetParameters, "detector/set_parameters", parameters=[empty])
    assert answer.results[0].successful
    client.start()
    assert client.detect(client.image(picture("red", (1, 1)))).detections
