"""No image comes: the log and /diagnostics name the topic, those that exist, and what to do."""

from pathlib import Path
from typing import List

import pytest
from sensor_msgs.msg import CompressedImage, Image

from test.color_bundle import picture
from test.trt_inference.ros.client import TIMEOUT, camera_messages, wait_until
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.cameras.image_topics import ImageTopic, how_to_get_images, list_topics

WANTED = ImageTopic("/image", "raw")


def test_the_image_topics_that_exist_are_named_when_none_comes(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, camera_timeout=0.5)
    messages = camera_messages(client)
    namespace = client.get_namespace()
    client.create_publisher(Image, "another/debug_image", 1)
    client.create_publisher(CompressedImage, "another/debug_image/compressed", 1)
    publisher = client.create_publisher(Image, "front/image_raw", 1)
    client.create_publisher(CompressedImage, "rear/image_raw/compressed", 1)
    client.destroy_publisher(client._images)  # as if nobody published where the node looks
    client.start()
    front = f"{namespace}/front/image_raw"
    assert wait_until(lambda: front in node.log)
    line = next(line for line in node.log.splitlines() if front in line)
    assert f"no image on {namespace}/image for " in line
    assert f"{namespace}/rear/image_raw/compressed" in line
    assert "debug_image" not in line, "no detector's drawing is a camera"
    assert "at launch, or remap image:=" in line
    assert client.spin(TIMEOUT, until=lambda: any(front in one for one in messages))
    client.destroy_publisher(publisher)
    client.create_publisher(Image, "later/image_raw", 1)
    assert wait_until(lambda: f"{namespace}/later/image_raw" in node.log), "it has changed"
    assert sum(front in line for line in node.log.splitlines()) == 1


def test_the_transport_is_named_that_the_topic_has(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, camera_timeout=0.5)
    client.destroy_publisher(client._images)
    client.create_publisher(CompressedImage, "image/compressed", 1)
    client.start()
    name = f"{client.get_namespace()}/image/compressed"
    assert wait_until(lambda: f"set image_transport to compressed, as {name} is" in node.log)


def test_a_camera_that_works_or_is_not_judged_is_not_complained_about(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, camera_timeout=0.0)
    client.start()
    client.detect(client.image(picture("red", (1, 1))))
    client.spin(2.5)
    assert "no image on" not in node.log
    assert client.set_parameter("camera_timeout", 1.0) == ""
    assert wait_until(lambda: "no image on" in node.log)


@pytest.mark.parametrize(
    ("topics", "given", "expected"),
    [
        ([], "image", "start a camera, with the same ROS_DOMAIN_ID"),
        (
            [ImageTopic("/a/image_raw", "raw"), ImageTopic("/b", "raw")],
            "image",
            "set image_topic:=/a/image_raw at launch, or remap image:=/a/image_raw",
        ),
        (
            [ImageTopic("/a/compressed", "compressed")],
            "image",
            "set image_topic:=/a and image_transport:=compressed at launch, or remap image:=/a",
        ),
        ([ImageTopic("/a", "raw")], "/front/image", "set image_topics, or remap /front/image:=/a"),
        (
            [ImageTopic("/a", "raw"), ImageTopic("/image/compressed", "compressed")],
            "image",
            "set image_transport to compressed, as /image/compressed is",
        ),
    ],
)
def test_the_remedy_suits_what_there_is(
    topics: List[ImageTopic], given: str, expected: str
) -> None:
    assert how_to_get_images(topics, given, WANTED) == expected


def test_ten_topics_are_named_at_most() -> None:
    topics = [ImageTopic(f"/camera_{number}/image", "raw") for number in range(12)]
    text = list_topics(topics)
    assert text.count("/camera_") == 10
    assert text.endswith("/camera_9/image and 2 more")
    assert list_topics([]) == "there is no image topic"
