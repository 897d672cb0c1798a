"""What takes effect on the next frame, while images go on."""

from pathlib import Path
from typing import Dict, List

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from examples.shapes.monitor import stamp_of
from test.color_bundle import CELL, LABELS, SIZE, picture
from test.trt_inference.ros.client import TIMEOUT, Client
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.messages.image_message_reader import MessageReader
from trt_inference.ros.messages.result_messages import message_to_detections

SCALE = 4  # pixels of the image for one of the engine's input
CELLS = {"red": (2, 3), "green": (5, 1), "blue": (0, 7)}  # row, column


def three_cells() -> np.ndarray:
    """One cell of each color on grey."""
    pixels = picture("red", CELLS["red"], SCALE)
    for color in ("green", "blue"):
        other = picture(color, CELLS[color], SCALE)
        mask = (other != 128).any(axis=2)
        pixels[mask] = other[mask]
    return pixels


def found(client: Client) -> Dict[str, List[float]]:
    """The boxes that the node finds now, by label."""
    detections = message_to_detections(client.detect(client.image(three_cells())), LABELS)
    return {LABELS[n]: box.tolist() for n, box in zip(detections.class_ids, detections.xyxy)}


def box_of(color: str) -> List[float]:
    row, column = CELLS[color]
    return [side * CELL * SCALE for side in (column, row, column + 1, row + 1)]


@pytest.fixture
def client(start_node: Start, shared_color_bundle: Path) -> Client:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    assert found(client) == {color: pytest.approx(box_of(color)) for color in CELLS}
    return client


def test_classes_are_chosen_by_name(client: Client) -> None:
    assert client.set_parameter("classes", ["blue", "red"]) == ""
    assert set(found(client)) == {"blue", "red"}
    reason = client.set_parameter("classes", ["red", "purple"])
    assert "colors has no purple, it has blue, green, red" in reason
    assert set(found(client)) == {"blue", "red"}
    assert client.set_parameter("classes", [""]) == ""  # all
    assert set(found(client)) == set(CELLS)


def test_small_boxes_are_left_out(client: Client) -> None:
    assert client.set_parameter("minimum_box_size", CELL * SCALE + 1.0) == ""
    assert found(client) == {}
    assert client.set_parameter("minimum_box_size", CELL * SCALE - 1.0) == ""
    assert set(found(client)) == set(CELLS)
    assert "minimum_box_size" in client.set_parameter("minimum_box_size", -1.0)


def test_only_the_region_is_looked_at_and_boxes_stay_in_pixels_of_the_image(client: Client) -> None:
    side = SIZE * SCALE
    # The upper half: it is letterboxed into the input as a picture of 64x32, whose cells are two.
    assert client.set_parameter("region_of_interest", [0, 0, side, side // 2]) == ""
    assert set(found(client)) == {"red", "blue"}
    # A quarter of the size of the input, in which each cell of the picture has four of the input.
    row, column = CELLS["green"]
    region = [column * CELL * SCALE, row * CELL * SCALE, SIZE, SIZE]
    assert client.set_parameter("region_of_interest", region) == ""
    boxes = message_to_detections(client.detect(client.image(three_cells())), LABELS)
    assert {LABELS[number] for number in boxes.class_ids} == {"green"}
    left, top, right, bottom = box_of("green")
    assert (boxes.xyxy[:, :2] >= [left, top]).all() and (boxes.xyxy[:, 2:] <= [right, bottom]).all()
    for bad in ([0, 0, 10], [0, 0, 10, 0], [-1, 0, 10, 10]):
        assert "no region" in client.set_parameter("region_of_interest", bad)
    assert client.set_parameter("region_of_interest", [0, 0, 0, 0]) == ""
    assert set(found(client)) == set(CELLS)


def test_a_region_outside_of_the_image_rejects_it_and_the_node_goes_on(client: Client) -> None:
    assert client.set_parameter("region_of_interest", [5000, 0, 10, 10]) == ""
    client.send(client.image(three_cells()))
    assert client.wait_for_count("rejected", 1) >= 1
    assert client.set_parameter("region_of_interest", [0, 0, 0, 0]) == ""
    assert set(found(client)) == set(CELLS)


def test_debug_image_shows_the_boxes_and_is_limited_in_rate(client: Client) -> None:
    pictures: List[Image] = []
    client.create_subscription(Image, "detector/debug_image", pictures.append, 10)
    assert client.set_parameter("debug_image_rate", 1000.0) == ""

    def arrived() -> bool:
        found(client)
        return bool(pictures)

    assert client.spin(TIMEOUT, until=arrived)
    shown = MessageReader().read(pictures[-1]).bgr()
    before = three_cells()
    assert shown.shape == before.shape
    assert (shown != before).any(axis=2).sum() > 0
    assert pictures[-1].header.frame_id == "front_camera"
    assert stamp_of(pictures[-1].header) in client.record.detections
    assert client.set_parameter("debug_image_rate", 0.0) == ""
    before_that = set(client.record.detections)
    for _ in range(5):
        found(client)
    client.spin(0.5)
    assert {stamp_of(one.header) for one in pictures} <= before_that


def test_compressed_images_are_subscribed_to(start_node: Start, shared_color_bundle: Path) -> None:
    _, client = start_node(bundle=shared_color_bundle, image_transport="compressed")
    client.start()
    publisher = client.create_publisher(CompressedImage, "image/compressed", 10)
    encoded = cv2.imencode(".png", three_cells())[1].tobytes()
    message = CompressedImage(format="png", data=encoded)
    message.header.stamp.sec = 1

    def answered() -> bool:
        publisher.publish(message)
        return stamp_of(message.header) in client.record.detections

    assert client.spin(TIMEOUT, until=answered)
    detections = message_to_detections(client.record.detections[stamp_of(message.header)], LABELS)
    assert {LABELS[number] for number in detections.class_ids} == set(CELLS)


def test_class_id_is_the_number_of_the_class_where_that_is_asked_for(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle, label_policy="index")
    client.start()
    [detection] = client.detect(client.image(picture("red", (1, 1)))).detections
    assert detection.results[0].hypothesis.class_id == str(LABELS.index("red"))
