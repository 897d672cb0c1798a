"""Which topics are looked at where none is named, and what is said of names that are not there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.errors import RecordingError
from converter.recordings.choose_image_topics import choose_image_topics
from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import (
    START,
    BagMessage,
    compressed_message,
    image_message,
    text_messages,
    write_bag,
)
from test.trt_inference.images.image_fields import encoded, smooth

COLORS = image_message(smooth(4, 4, 3))
PICTURE = compressed_message(encoded(".jpg", smooth(4, 4, 3)), format="bgr8; jpeg compressed bgr8")
DEPTH = image_message(np.zeros((4, 4), np.uint16), encoding="16UC1")
GREY = image_message(np.zeros((4, 4), np.uint8), encoding="mono8")


@pytest.fixture
def open_bag(tmp_path: Path):
    opened = []

    def open_it(*topics: "tuple[str, Any]") -> Recordings:
        written = [BagMessage(topic, START, message) for topic, message in topics]
        opened.append(Recordings([write_bag(tmp_path / "bag", [*written, *text_messages(1)])]))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


def test_all_cameras_are_looked_at(open_bag: Any) -> None:
    chosen = choose_image_topics(
        open_bag(("/right/image_raw", COLORS), ("/left/image", GREY), ("/c/compressed", PICTURE)),
        [],
    )
    assert chosen.names == ("/c/compressed", "/left/image", "/right/image_raw")
    assert chosen.left_out == ()


def test_what_no_camera_for_a_detector_publishes_is_left_out_and_named(open_bag: Any) -> None:
    recordings = open_bag(
        ("/a", COLORS),
        ("/a/compressed", PICTURE),
        ("/depth", DEPTH),
        ("/depth/compressed", compressed_message(b"", format="16UC1; png compressed ")),
        ("/depth/compressedDepth", compressed_message(b"", format="16UC1; compressedDepth png")),
        ("/float", image_message(np.zeros((4, 4), np.float32), encoding="32FC1")),
        ("/detector/debug_image", COLORS),
        ("/detector/debug_image/compressed", PICTURE),
        ("/detector/segmentation", GREY),
    )
    chosen = choose_image_topics(recordings, [])
    assert chosen.names == ("/a",)
    reasons = dict(sentence.split(" is left out: ") for sentence in chosen.left_out)
    assert reasons == {
        "/a/compressed": "/a has the same images, not compressed",
        "/depth": "the node does not take encoding '16UC1'",
        "/depth/compressed": "the node does not take encoding '16UC1'",
        "/depth/compressedDepth": "images of depth",
        "/float": "the node does not take encoding '32FC1'",
        "/detector/debug_image": "images in which a detector has drawn",
        "/detector/debug_image/compressed": "images in which a detector has drawn",
        "/detector/segmentation": "classes of pixels, as a detector publishes them",
    }


def test_compressed_images_stand_in_for_raw_ones_that_are_left_out(open_bag: Any) -> None:
    odd = image_message(np.zeros((4, 4), np.uint8), encoding="h264")
    chosen = choose_image_topics(open_bag(("/a", odd), ("/a/compressed", PICTURE)), [])
    assert chosen.names == ("/a/compressed",)
    assert chosen.left_out == ("/a is left out: the node does not take encoding 'h264'",)


def test_a_camera_whose_first_images_are_damaged_is_taken(tmp_path: Path) -> None:
    broken = BagMessage("/b", START, b"\0\1\0\0", "sensor_msgs/msg/Image")
    with Recordings([write_bag(tmp_path / "bag", [broken] * 7)]) as recordings:
        assert choose_image_topics(recordings, []).names == ("/b",)


@pytest.mark.parametrize("asked", ["/depth", "depth", "//depth"])
def test_topics_that_are_asked_for_are_taken_as_they_are(asked: str, open_bag: Any) -> None:
    recordings = open_bag(("/b", COLORS), ("/depth", DEPTH), ("relative", COLORS))
    assert choose_image_topics(recordings, [asked]).names == ("/depth",)
    assert choose_image_topics(recordings, [asked, "/b", "depth"]).names == ("/depth", "/b")
    assert choose_image_topics(recordings, ["/relative"]).names == ("relative",)


def test_a_topic_that_is_not_there_gives_those_that_are(open_bag: Any) -> None:
    recordings = open_bag(("/b", COLORS), ("/a\x1b[2J", PICTURE))
    for asked, told in [
        ("/camera", "topic /camera is not in the recording."),
        ("/c\n\x1b", r"topic /c\x0a\x1b is not in the recording."),
        ("/texts", "topic /texts has messages of type std_msgs/msg/String."),
    ]:
        with pytest.raises(RecordingError) as caught:
            choose_image_topics(recordings, [asked, "/b"])
        assert str(caught.value) == (
            f"{told}\nIt has these topics of images:\n"
            r"  /a\x1b[2J (sensor_msgs/msg/CompressedImage, 1 message)"
            "\n  /b (sensor_msgs/msg/Image, 1 message)"
        )


def test_a_recording_without_cameras_gives_its_topics(open_bag: Any) -> None:
    with pytest.raises(RecordingError) as caught:
        choose_image_topics(open_bag(), [])
    assert str(caught.value) == (
        "the recording has no images of a camera.\n"
        "It has these topics, none of images:\n  /texts (std_msgs/msg/String, 1 message)"
    )


def test_a_recording_of_depth_alone_says_why_it_is_left_out(open_bag: Any) -> None:
    with pytest.raises(RecordingError, match="/depth is left out: the node does not take"):
        choose_image_topics(open_bag(("/depth", DEPTH)), [])


def test_a_long_list_of_topics_is_shortened(open_bag: Any) -> None:
    recordings = open_bag(*((f"/camera_{number}" + "x" * 5000, GREY) for number in range(40)))
    with pytest.raises(RecordingError) as caught:
        choose_image_topics(recordings, ["/other"])
    lines = str(caught.value).splitlines()
    assert len(lines) == 33
    assert lines[-1] == "  and 10 more"
    assert max(map(len, lines)) < 400
