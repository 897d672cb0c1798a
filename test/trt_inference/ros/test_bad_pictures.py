"""Compressed images that are damaged or odd: the node logs them, counts them, goes on."""

import struct
from pathlib import Path
from typing import Any, List

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage

from examples.shapes.monitor import stamp_of
from test.color_bundle import picture
from test.trt_inference.ros.client import TIMEOUT, Client, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.image_messages import compressed_message

END = b"\xff\xd9"
PICTURE = picture("red", (2, 3), scale=4)


def jpeg(*way: int) -> bytes:
    return bytes(cv2.imencode(".jpg", PICTURE, way)[1].tobytes())


def bad_pictures() -> List[bytes]:
    """The first is cut in half and closed with an end."""
    whole, progressive = jpeg(), jpeg(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    png = bytes(cv2.imencode(".png", PICTURE)[1].tobytes())
    noise = np.random.default_rng(1).integers(0, 256, PICTURE.shape, np.uint8)
    noisy = bytes(cv2.imencode(".jpg", noise)[1].tobytes())
    return [
        noisy[: len(noisy) // 2].rstrip(b"\xff") + END,
        progressive[: progressive.rindex(b"\xff\xda")] + END,
        whole[:-2] + bytes(10_000),
        of_size(whole, 30_000, 30_000),
        of_size(whole, 0, 256),
        png[:-12] + png[:100],
        b"",
    ]


def of_size(picture: bytes, height: int, width: int) -> bytes:
    """With another size in its header."""
    at = picture.index(b"\xff\xc0") + 5
    return picture[:at] + struct.pack(">HH", height, width) + picture[at + 4 :]


def test_bad_pictures_are_counted_and_the_next_good_one_answered(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, image_transport="compressed")
    client.start()
    publisher = client.create_publisher(CompressedImage, "image/compressed", 10)
    answer(client, publisher, jpeg(), 1)
    for count, data in enumerate(bad_pictures(), 1):
        publisher.publish(compressed_message(data, "jpeg\x1b[31m"))
        client.wait_for_count("rejected", count)
    assert wait_until(lambda: "is cut: some of its pixels are missing" in node.log)
    answer(client, publisher, jpeg() + bytes(1_000_000), 2)
    answer(client, publisher, jpeg() + jpeg(cv2.IMWRITE_JPEG_QUALITY, 10), 3)
    assert client.counters_at_rest()["rejected"] == len(bad_pictures())
    assert node.is_alive
    assert "Traceback" not in node.log


def answer(client: Client, publisher: Any, data: bytes, second: int) -> None:
    """A good picture is answered; it is sent until the middleware has found the node."""
    message = compressed_message(data)
    message.header.stamp.sec = second

    def is_answered() -> bool:
        publisher.publish(message)
        return stamp_of(message.header) in client.record.detections

    assert client.spin(TIMEOUT, until=is_answered)
    [found] = client.record.detections[stamp_of(message.header)].detections
    assert found.results[0].hypothesis.class_id == "red"
