"""The results in an MCAP file, read back with other libraries."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader

from converter.replay.differences.difference import (
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    ComparedImage,
    Difference,
    FoundThing,
)
from converter.replay.files.annotations_file import annotations_file
from test.converter.replay.planted_results import (
    LABELS,
    NOON,
    TOPIC,
    boxes,
    compared,
    recorded_image,
)
from test.converter.replay.read_back import ReadMessage, read_mcap
from test.full_disk import largest_file
from trt_inference.inference.results import Classification, Segmentation
from trt_inference.viewing.drawing import class_color

ONE = boxes((10, 20, 40, 60, 0.75, 1))
TWO = boxes((10, 20, 42, 60, 0.5, 1), (50.5, 0, 70, 30, 0.25, 2))
NONE = boxes()


def written(
    folder: Path, *images: ComparedImage, labels: list[str] = LABELS
) -> dict[str, list[ReadMessage]]:
    file = folder / "detections.mcap"
    with annotations_file(file, labels, ("shapes fp32", "shapes int8")) as results:
        for image in images:
            results.add(image)
    return read_mcap(file)


def corners(annotation: Any) -> list[tuple[float, float]]:
    return [(point.x, point.y) for point in annotation.points]


def time_of(stamp: Any) -> int:
    """In nanoseconds, of protobuf or of ROS."""
    if hasattr(stamp, "seconds"):
        return int(stamp.seconds * 10**9 + stamp.nanos)
    return int(stamp.sec * 10**9 + stamp.nanosec)


def test_topics_lie_below_that_of_the_images_and_have_the_names_of_their_schemas(
    tmp_path: Path,
) -> None:
    messages = written(tmp_path, compared(recorded_image(), ONE, TWO))
    assert {topic: (one[0].schema, one[0].encoding) for topic, one in messages.items()} == {
        f"{TOPIC}/baseline/annotations": ("foxglove.ImageAnnotations", "protobuf"),
        f"{TOPIC}/baseline/detections": ("vision_msgs/msg/Detection2DArray", "cdr"),
        f"{TOPIC}/candidate/annotations": ("foxglove.ImageAnnotations", "protobuf"),
        f"{TOPIC}/candidate/detections": ("vision_msgs/msg/Detection2DArray", "cdr"),
        f"{TOPIC}/differences": ("foxglove.ImageAnnotations", "protobuf"),
    }


def test_messages_have_the_log_time_and_the_header_of_the_image(tmp_path: Path) -> None:
    """Without that, no viewer shows them on their image."""
    image = recorded_image(NOON + 123, log_time=NOON + 9_000_000, frame_id="front_optical")
    messages = written(tmp_path, compared(image, ONE, TWO))
    for topic, (message,) in messages.items():
        assert message.log_time == NOON + 9_000_000, topic
        if message.encoding == "protobuf":
            stamps = [one.timestamp for one in (*message.content.points, *message.content.texts)]
            assert {time_of(one) for one in (message.content.timestamp, *stamps)} == {NOON + 123}
        else:
            headers = [message.content.header, *(one.header for one in message.content.detections)]
            assert {(time_of(one.stamp), one.frame_id) for one in headers} == {
                (NOON + 123, "front_optical")
            }


def test_detections_are_those_that_a_robot_would_publish(tmp_path: Path) -> None:
    messages = written(tmp_path, compared(recorded_image(), ONE, TWO))
    found = messages[f"{TOPIC}/candidate/detections"][0].content.detections
    assert [one.results[0].hypothesis.class_id for one in found] == ["dog", "traffic light"]
    assert [one.results[0].hypothesis.score for one in found] == [0.5, 0.25]
    assert [
        (one.bbox.center.position.x, one.bbox.center.position.y, one.bbox.size_x, one.bbox.size_y)
        for one in found
    ] == [(26, 40, 32, 40), (60.25, 15, 19.5, 30)]
    assert len(messages[f"{TOPIC}/baseline/detections"][0].content.detections) == 1


def test_real_ros_reads_the_detections(tmp_path: Path) -> None:
    serialization = pytest.importorskip("rclpy.serialization", reason="there is no ROS")
    from vision_msgs.msg import Detection2DArray

    file = tmp_path / "detections.mcap"
    with annotations_file(file, LABELS, ("", "")) as results:
        results.add(compared(recorded_image(), ONE, TWO))
    with file.open("rb") as stream:
        topics = [f"{TOPIC}/candidate/detections"]
        ((_, _, message),) = make_reader(stream).iter_messages(topics)
    read = serialization.deserialize_message(message.data, Detection2DArray)
    assert [one.results[0].hypothesis.class_id for one in read.detections] == [
        "dog",
        "traffic light",
    ]
    assert read.detections[1].bbox.size_x == 19.5
    assert read.detections[1].results[0].pose.pose.orientation.w == 1.0


def test_the_definition_of_messages_is_whole_and_that_of_ros_2(tmp_path: Path) -> None:
    written(tmp_path, compared(recorded_image(), ONE, TWO))
    with (tmp_path / "detections.mcap").open("rb") as stream:
        summary = make_reader(stream).get_summary()
    assert summary is not None
    (schema,) = [one for one in summary.schemas.values() if one.encoding == "ros2msg"]
    first, *others = schema.data.decode().split("=" * 80 + "\n")
    assert first == "std_msgs/Header header\nvision_msgs/Detection2D[] detections\n"
    assert "MSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n" in others


def test_boxes_are_loops_in_the_color_of_their_class_with_name_and_score(tmp_path: Path) -> None:
    messages = written(tmp_path, compared(recorded_image(), ONE, TWO))
    drawn = messages[f"{TOPIC}/candidate/annotations"][0].content
    loop = drawn.points[0].DESCRIPTOR.fields_by_name["type"].enum_type.values_by_name["LINE_LOOP"]
    assert [one.type for one in drawn.points] == [loop.number] * 2
    assert corners(drawn.points[1]) == [(50.5, 0), (70, 0), (70, 30), (50.5, 30)]
    color = drawn.points[1].outline_color
    blue, green, red = class_color(2)
    assert (color.r, color.g, color.b, color.a) == pytest.approx(
        (red / 255, green / 255, blue / 255, 1)
    )
    assert [one.text for one in drawn.texts] == ["dog 0.50", "traffic light 0.25"]
    assert all(12 <= one.position.y <= 80 for one in drawn.texts), "a caption is not in the image"


def test_boxes_without_a_place_are_not_drawn(tmp_path: Path) -> None:
    """A recording may hold them; the message keeps them as they are."""
    odd = boxes((np.nan, 0, 5, 5, 0.5, 0), (0, 0, np.inf, 5, 0.5, 0), (1, 2, 3, 4, 0.5, 1))
    messages = written(tmp_path, compared(recorded_image(), odd, odd))
    drawn = messages[f"{TOPIC}/candidate/annotations"][0].content
    assert [corners(one)[0] for one in drawn.points] == [(1, 2)]
    assert [one.text for one in drawn.texts] == ["dog 0.50"]
    assert len(messages[f"{TOPIC}/candidate/detections"][0].content.detections) == 3


def test_differences_mark_only_what_differs(tmp_path: Path) -> None:
    lost = FoundThing(0, 0.9, (1, 2, 3, 4))
    new = FoundThing(1, 0.8, (5, 6, 7, 8))
    before, after = FoundThing(1, 0.7, (10, 10, 20, 20)), FoundThing(1, 0.4, (13, 10, 23, 20))
    dog = FoundThing(1, 0.6, (30, 30, 40, 40))
    differences = (
        Difference(LOST, 1.0, lost, None),
        Difference(NEW, 0.9, None, new),
        Difference(OTHER_CLASS, 0.8, dog, FoundThing(2, 0.55, (30, 30, 40, 41))),
        Difference(MOVED, 0.2, before, after),
        Difference(SCORE_SHIFTED, 0.1, before, after),
    )
    messages = written(tmp_path, compared(recorded_image(), TWO, TWO, differences))
    drawn = messages[f"{TOPIC}/differences"][0].content
    assert [one.text for one in drawn.texts] == [
        "lost: person 0.90",
        "new: dog 0.80",
        "dog → traffic light 0.55",
        "moved: dog 0.40, dog 0.70 → 0.40",
    ]
    upper_left = [corners(one)[0] for one in drawn.points]
    assert upper_left == [(1, 2), (5, 6), (30, 30), (10, 10), (13, 10)]
    red, green = drawn.points[0].outline_color, drawn.points[1].outline_color
    assert red.r > 2 * max(red.g, red.b)
    assert green.g > 2 * max(green.r, green.b)


def test_an_image_without_a_finding_or_difference_has_annotations_of_its_stamp(
    tmp_path: Path,
) -> None:
    """Lichtblick shows no image whose annotations it misses, and reads the stamp of single ones."""
    messages = written(tmp_path, compared(recorded_image(NOON + 7), NONE, NONE))
    for name in ("baseline/annotations", "candidate/annotations", "differences"):
        drawn = messages[f"{TOPIC}/{name}"][0].content
        assert [time_of(one.timestamp) for one in drawn.points] == [NOON + 7]
        assert drawn.points[0].outline_color.a == 0
        assert not drawn.texts
    assert messages[f"{TOPIC}/candidate/detections"][0].content.detections == []


def test_an_image_without_a_result_of_the_baseline_tells_so(tmp_path: Path) -> None:
    """Otherwise the boxes of the image before would stay on it."""
    messages = written(tmp_path, compared(recorded_image(), None, ONE))
    for name in ("baseline/annotations", "differences"):
        drawn = messages[f"{TOPIC}/{name}"][0].content
        assert [one.text for one in drawn.texts] == ["no result of the baseline"]
    assert f"{TOPIC}/baseline/detections" not in messages
    assert len(messages[f"{TOPIC}/candidate/detections"][0].content.detections) == 1


def test_each_camera_has_its_topics_and_all_its_images_in_order(tmp_path: Path) -> None:
    images = [
        compared(recorded_image(NOON + step * 10**8, topic), ONE, TWO)
        for step in range(3)
        for topic in ("/front", "/rear")
    ]
    messages = written(tmp_path, *images)
    assert len(messages) == 10
    for topic, found in messages.items():
        times = [NOON + step * 10**8 + 5_000_000 for step in range(3)]
        assert [one.log_time for one in found] == times, topic


def test_class_maps_are_images_whose_values_are_the_classes(tmp_path: Path) -> None:
    maps = [
        Segmentation(np.arange(80 * 100).reshape(80, 100).astype(np.uint8) % modulus)
        for modulus in (3, 2)
    ]
    thing = FoundThing(2, 0.25, is_share=True)
    difference = Difference(LOST, 1.0, thing, None)
    messages = written(tmp_path, compared(recorded_image(), *maps, (difference,)))
    assert set(messages) == {
        f"{TOPIC}/baseline/segmentation",
        f"{TOPIC}/candidate/segmentation",
        f"{TOPIC}/differences",
    }
    for side, class_map in zip(("baseline", "candidate"), maps, strict=True):
        (message,) = messages[f"{TOPIC}/{side}/segmentation"]
        assert message.schema == "sensor_msgs/msg/Image"
        image = message.content
        assert (image.width, image.height, image.step, image.encoding) == (100, 80, 100, "mono8")
        assert image.header.frame_id == "camera"
        np.testing.assert_array_equal(image.data.reshape(80, 100), class_map.class_map)
    drawn = messages[f"{TOPIC}/differences"][0].content
    assert [one.text for one in drawn.texts] == ["lost: traffic light, 25.0 % of the image"]


def test_classes_of_images_are_listed_on_them(tmp_path: Path) -> None:
    result = Classification(np.array([0.75, 0.125], np.float32), np.array([2, 0], np.int32))
    other = Difference(OTHER_CLASS, 1.0, FoundThing(2, 0.75), FoundThing(0, 0.5))
    messages = written(tmp_path, compared(recorded_image(), result, result, (other,)))
    (message,) = messages[f"{TOPIC}/candidate/classification"]
    assert message.schema == "vision_msgs/msg/Classification"
    found = message.content.results
    assert [(one.class_id, one.score) for one in found] == [
        ("traffic light", 0.75),
        ("person", 0.125),
    ]
    sides = [messages[f"{TOPIC}/{side}/annotations"][0] for side in ("baseline", "candidate")]
    for side in sides:
        assert [one.text for one in side.content.texts] == ["traffic light 0.75", "person 0.12"]
    drawn = messages[f"{TOPIC}/differences"][0].content
    assert [one.text for one in drawn.texts] == ["other class: traffic light 0.75 → person 0.50"]
    below, above = ([one.position.y for one in side.content.texts] for side in sides)
    assert max(above) < min(below), "the lists of both sides cover each other"


@pytest.mark.parametrize(
    ("stamp", "seconds_of_ros", "seconds_of_annotation"),
    [
        (-1, -1, 0),
        (-(2**70), -(2**31), 0),
        (2**31 * 10**9, 2**31 - 1, 2**31),
        (2**70, 2**31 - 1, 2**32 - 1),
    ],
)
def test_a_stamp_that_does_not_fit_gives_the_nearest_that_does(
    tmp_path: Path, stamp: int, seconds_of_ros: int, seconds_of_annotation: int
) -> None:
    image = recorded_image(stamp, log_time=stamp)
    messages = written(tmp_path, compared(image, ONE, TWO))
    header = messages[f"{TOPIC}/candidate/detections"][0].content.header
    assert header.stamp.sec == seconds_of_ros
    drawn = messages[f"{TOPIC}/candidate/annotations"][0]
    assert drawn.content.timestamp.seconds == seconds_of_annotation
    assert drawn.log_time == max(0, min(stamp, 2**64 - 1))


def test_foreign_text_neither_breaks_the_file_nor_fills_the_image(tmp_path: Path) -> None:
    labels = ["a\x1b[31m\nb", "x" * 10_000, "\udc80"]
    found = boxes(*((10, 10, 20, 20, 0.5, one) for one in (0, 1, 2, 3, -1)))
    image = recorded_image(topic="/\udcff/image", frame_id="\udc80" * 10)
    messages = written(tmp_path, compared(image, found, found), labels=labels)
    (drawn,) = messages["/\\udcff/image/candidate/annotations"]
    texts = [one.text for one in drawn.content.texts]
    assert texts[0] == "a\\x1b[31m\\x0ab 0.50"
    assert len(texts[1]) < 200
    assert texts[3:] == ["3 0.50", "-1 0.50"]


def test_labels_that_come_up_later_are_named(tmp_path: Path) -> None:
    labels = ["person"]
    file = tmp_path / "detections.mcap"
    with annotations_file(file, labels, ("", "")) as results:
        results.add(compared(recorded_image(), NONE, NONE))
        labels.append("bicycle")
        results.add(compared(recorded_image(NOON + 1), NONE, boxes((1, 2, 3, 4, 0.5, 1))))
    message = read_mcap(file)[f"{TOPIC}/candidate/detections"][1]
    assert message.content.detections[0].results[0].hypothesis.class_id == "bicycle"


def test_the_file_names_what_was_compared(tmp_path: Path) -> None:
    written(tmp_path, compared(recorded_image(), ONE, TWO))
    with (tmp_path / "detections.mcap").open("rb") as stream:
        (metadata,) = make_reader(stream).iter_metadata()
    assert metadata.metadata == {"baseline": "shapes fp32", "candidate": "shapes int8"}


def test_what_was_written_before_an_error_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "detections.mcap"
    with pytest.raises(KeyboardInterrupt), annotations_file(file, LABELS, ("", "")) as results:
        results.add(compared(recorded_image(), ONE, TWO))
        raise KeyboardInterrupt
    assert len(read_mcap(file)) == 5


class _Interrupted(io.BytesIO):
    """A file into which something is just being written when Ctrl-C comes."""

    def write(self, data: Any) -> int:
        raise KeyboardInterrupt


def test_ctrl_c_while_the_sdk_writes_is_not_lost(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK takes what is raised in there for an error of the disk."""
    monkeypatch.setattr(Path, "open", lambda *_: _Interrupted())
    with pytest.raises(KeyboardInterrupt):
        with annotations_file(Path("detections.mcap"), LABELS, ("", "")) as results:
            results.add(compared(recorded_image(), ONE, TWO))
            pytest.fail("it goes on as if nothing had happened")
    assert capfd.readouterr() == ("", "")


def test_a_full_disk_is_an_error_that_names_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The SDK reports it on the terminal, if at all."""
    file = tmp_path / "detections.mcap"
    noise = np.random.default_rng(1).integers(0, 255, (1000, 1000), np.uint8)
    image = compared(recorded_image(), Segmentation(noise), Segmentation(noise))
    with largest_file(2_000_000), pytest.raises(OSError, match=file.name):
        with annotations_file(file, LABELS, ("", "")) as results:
            for _ in range(100):
                results.add(image)
            pytest.fail("it goes on as if nothing had happened")
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_not_there_is_an_error_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "detections.mcap"
    with pytest.raises(FileNotFoundError, match="missing"), annotations_file(
        file, LABELS, ("", "")
    ):
        pass


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, compared(recorded_image(), ONE, TWO))
    written(tmp_path, compared(recorded_image(), ONE, TWO))
    assert capfd.readouterr() == ("", "")
