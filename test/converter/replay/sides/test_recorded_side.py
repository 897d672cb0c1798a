"""What the robot published, as one side of a replay."""

import itertools
import queue
import random
import struct
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np
import pytest

from converter.recordings.recorded_image import RecordedImage
from converter.recordings.recorded_message import Excerpt
from converter.recordings.recordings import Recordings
from converter.replay.sides.recorded_side import open_recorded_side
from test.converter.recordings.bags import (
    PERIOD,
    START,
    BagMessage,
    classification_message,
    image_message,
    new,
    write_mcap,
)
from test.converter.replay.recorded_robot import (
    HEIGHT,
    IMAGES,
    LABELS,
    RESULTS,
    WIDTH,
    Found,
    box_of,
    found_in,
    image_of,
    images_in,
    label_info,
    look_at,
    recorded,
    result_of,
)

INFO = label_info(dict(enumerate(LABELS)))


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_each_image_has_what_was_published_of_it(tmp_path: Path, storage: str) -> None:
    messages = [INFO, *(make(number) for number in range(50) for make in (image_of, result_of))]
    looked = look_at(recorded(tmp_path / "bag", messages, storage))
    assert [looked.found(number) for number in range(50)] == [found_in(n) for n in range(50)]
    assert looked.notes == ()
    assert looked.side.title == "recorded"
    assert looked.side.details == RESULTS
    assert looked.side.score_threshold == 0.25
    assert looked.side.labels == LABELS


def test_planted_edits_are_what_the_side_gives(tmp_path: Path) -> None:
    """Exactly the results that were edited differ, and as they were edited."""
    edits: Dict[int, Found] = {
        3: [],
        10: [*found_in(10), ((2.0, 2.0, 4.0, 4.0), "dog", 0.25)],
        20: [(box_of(20), "dog", 0.75), *found_in(20)[1:]],
        30: [((30.5, 1.25, 40.5, 21.25), "cat", 0.75), *found_in(30)[1:]],
        40: [(box_of(40), "cat", 0.625), *found_in(40)[1:]],
    }
    results = [result_of(number, edits.get(number)) for number in range(50)]
    bag = recorded(tmp_path / "bag", [INFO, *map(image_of, range(50)), *results])
    looked = look_at(bag)
    differing = {n: looked.found(n) for n in range(50) if looked.found(n) != found_in(n)}
    assert differing == edits


def test_what_the_robot_dropped_has_no_result(tmp_path: Path) -> None:
    results = [result_of(number) for number in range(0, 50, 5)]
    looked = look_at(recorded(tmp_path / "bag", [INFO, *map(image_of, range(50)), *results]))
    missing = [number for (_, number), result in looked.results.items() if result is None]
    assert missing == [number for number in range(50) if number % 5]
    assert looked.notes == ()


@pytest.mark.parametrize("late", [-0.4, 0.0, 10.0])
def test_results_are_found_whenever_they_were_recorded(tmp_path: Path, late: float) -> None:
    results = [result_of(number, late=late) for number in range(30)]
    looked = look_at(recorded(tmp_path / "bag", [INFO, *map(image_of, range(30)), *results]))
    assert [looked.found(number) for number in range(30)] == [found_in(n) for n in range(30)]


def test_results_out_of_order_are_found(tmp_path: Path) -> None:
    delays = random.Random(1)
    results = [result_of(number, late=delays.uniform(-2, 8)) for number in range(100)]
    assert results != sorted(results, key=lambda one: one.log_time)
    looked = look_at(recorded(tmp_path / "bag", [INFO, *map(image_of, range(100)), *results]))
    assert [looked.found(number) for number in range(100)] == [found_in(n) for n in range(100)]


def test_results_that_come_a_minute_late_are_told(tmp_path: Path) -> None:
    results = [result_of(number, late=60.0 if number < 5 else 0.0) for number in range(40)]
    looked = look_at(recorded(tmp_path / "bag", [INFO, *map(image_of, range(40)), *results]))
    # The first one is the next that is read, so that it is found all the same.
    assert [number for number in range(40) if looked.found(number) is None] == [1, 2, 3, 4]
    (note,) = looked.notes
    assert note.startswith(f"4 results on {RESULTS} belong to no image")


def test_results_without_an_image_are_counted(tmp_path: Path) -> None:
    images = [image_of(number) for number in range(60) if number not in (7, 8)]
    bag = recorded(tmp_path / "bag", [INFO, *images, *map(result_of, range(80))])
    (note,) = look_at(bag).notes
    assert note.startswith(f"22 results on {RESULTS} belong to no image")


def test_one_result_without_an_image_is_told_as_one(tmp_path: Path) -> None:
    images = [image_of(number) for number in range(60) if number != 7]
    bag = recorded(tmp_path / "bag", [INFO, *images, *map(result_of, range(60))])
    (note,) = look_at(bag).notes
    assert note.startswith(f"1 result on {RESULTS} belongs to no image: none with that stamp was")


def test_results_of_images_that_are_left_out_on_purpose_are_not_counted(tmp_path: Path) -> None:
    messages = [INFO, *(make(number) for number in range(50) for make in (image_of, result_of))]
    with Recordings([recorded(tmp_path / "bag", messages)]) as recordings:
        excerpt = Excerpt(every=10)
        side = open_recorded_side(recordings, [IMAGES], [], LABELS, "detection", excerpt)
        assert side is not None
        assert all(side.look(image) for image in images_in(recordings, every=10))
        assert side.after_reading() == ()


def test_a_second_result_of_an_image_is_told_and_does_not_count(tmp_path: Path) -> None:
    again = [result_of(number, [], late=0.03) for number in range(5)]
    messages = [INFO, *map(image_of, range(30)), *map(result_of, range(30)), *again]
    looked = look_at(recorded(tmp_path / "bag", messages))
    assert [looked.found(number) for number in range(30)] == [found_in(n) for n in range(30)]
    (note,) = looked.notes
    assert note.startswith(f"5 times there is another result on {RESULTS} with the same stamp")


def with_stamps(stamps: List[int]) -> List[BagMessage]:
    """Images and results in which ``found_in`` was found, with these stamps in their headers."""
    messages = [INFO]
    for number, stamp in enumerate(stamps):
        for one in (image_of(number), result_of(number)):
            seconds, nanoseconds = divmod(stamp, 10**9)
            one.message.header.stamp.sec, one.message.header.stamp.nanosec = seconds, nanoseconds
            messages.append(one)
    return messages


def test_an_image_without_a_stamp_of_its_own_gets_no_result_of_another(tmp_path: Path) -> None:
    """As of a driver that sets none at first, and one that gives the same stamp again."""
    stamps = [0] * 5 + [START + number * PERIOD for number in range(5, 30)]
    stamps[21] = stamps[22] = stamps[20]
    bag = recorded(tmp_path / "bag", with_stamps(stamps))
    with Recordings([bag]) as recordings:
        side = open_recorded_side(recordings, [IMAGES], [], LABELS, "detection")
        assert side is not None
        results = [side.look(image) for image in images_in(recordings)]
        notes = side.after_reading()
    assert [n for n, one in enumerate(results) if one is None] == [0, 1, 2, 3, 4, 21, 22]
    for number, result in enumerate(results):
        if result is not None:
            assert tuple(result.published.xyxy[0]) == box_of(number)
    assert any(note.startswith(f"7 images of {IMAGES} have a stamp of 0, or") for note in notes)


def test_cameras_with_the_same_stamps_are_told_apart_by_their_frames(tmp_path: Path) -> None:
    """Their topics are crossed: what they are called decides nothing."""
    cameras = {"/left/image": ("left", "/right/detections"), "/right/image": ("right", "/left/x")}
    messages: List[BagMessage] = []
    for images, (frame, results) in cameras.items():
        for number in range(30):
            found = [(box_of(number), frame, 0.5)]
            messages.append(image_of(number, images, frame))
            messages.append(result_of(number, found, topic=results, frame_id=frame))
    looked = look_at(recorded(tmp_path / "bag", messages), list(cameras), labels=("left", "right"))
    for images, (frame, _) in cameras.items():
        got = [looked.found(number, images) for number in range(30)]
        assert got == [[(box_of(number), frame, 0.5)] for number in range(30)]


def test_a_detector_of_two_cameras_tells_them_apart_by_their_frames(tmp_path: Path) -> None:
    messages: List[BagMessage] = []
    for frame in ("left", "right"):
        for number in range(30):
            found = [(box_of(number), frame, 0.5)]
            messages.append(image_of(number, f"/{frame}/image", frame))
            messages.append(result_of(number, found, frame_id=frame))
    topics = ["/left/image", "/right/image"]
    looked = look_at(recorded(tmp_path / "bag", messages), topics, labels=("left", "right"))
    for topic, frame in zip(topics, ("left", "right")):
        got = [looked.found(number, topic) for number in range(30)]
        assert got == [[(box_of(number), frame, 0.5)] for number in range(30)]
    assert looked.notes == ()


def test_a_detector_without_frame_id_is_understood(tmp_path: Path) -> None:
    results = [result_of(number, frame_id="") for number in range(30)]
    looked = look_at(recorded(tmp_path / "bag", [*map(image_of, range(30)), *results]))
    assert [looked.found(number) for number in range(30)] == [found_in(n) for n in range(30)]


def test_numbers_are_named_by_the_recorded_label_info(tmp_path: Path) -> None:
    """Not by the bundle, whose labels have another order."""
    results = [result_of(n, [(box_of(n), str(n % 3), 0.5)]) for n in range(30)]
    info = label_info({0: "cow", 1: "dog", 2: "cat"}, threshold=0.5)
    looked = look_at(recorded(tmp_path / "bag", [info, *map(image_of, range(30)), *results]))
    names = [label for n in range(30) for _, label, _ in looked.found(n)]
    assert names == ["cow", "dog", "cat"] * 10
    assert looked.side.score_threshold == 0.5
    assert looked.notes == ()


def test_numbers_without_label_info_are_those_of_the_bundle_with_a_note(tmp_path: Path) -> None:
    results = [result_of(n, [(box_of(n), str(n % 2), 0.5)]) for n in range(30)]
    looked = look_at(recorded(tmp_path / "bag", [*map(image_of, range(30)), *results]))
    assert [label for n in range(4) for _, label, _ in looked.found(n)] == ["cat", "dog"] * 2
    (note,) = looked.notes
    assert "no label_info was recorded" in note
    assert looked.side.score_threshold is None


def test_names_that_the_bundle_does_not_have_stay(tmp_path: Path) -> None:
    """They are known from the start, though there is no label_info."""
    results = [result_of(n, [(box_of(n), "cow" if n > 25 else "dog", 0.5)]) for n in range(30)]
    bag = recorded(tmp_path / "bag", [*map(image_of, range(30)), *results])
    with Recordings([bag]) as recordings:
        side = open_recorded_side(recordings, [IMAGES], [], LABELS, "detection")
        assert side is not None
        assert side.labels == ("cat", "dog", "cow")
    looked = look_at(bag)
    assert [looked.found(n)[0][1] for n in (25, 26)] == ["dog", "cow"]


def test_a_threshold_that_was_changed_is_told(tmp_path: Path) -> None:
    later = label_info(dict(enumerate(LABELS)), threshold=0.5, time=START + 20 * PERIOD)
    messages = [INFO, later, *map(image_of, range(30)), *map(result_of, range(30))]
    looked = look_at(recorded(tmp_path / "bag", messages))
    assert looked.side.score_threshold is None
    assert looked.notes == ("The robot's score threshold was not the same all the time: 0.25, 0.5",)


def test_what_detected_is_in_the_details(tmp_path: Path) -> None:
    info = new(
        "vision_msgs/msg/VisionInfo",
        header=INFO.message.header,
        method="shapes fp16 tensorrt",
        database_location="",
        database_version=1,
    )
    described = BagMessage("/detector/vision_info", START, info)
    messages = [INFO, described, *map(image_of, range(30)), *map(result_of, range(30))]
    looked = look_at(recorded(tmp_path / "bag", messages))
    assert looked.side.details == f"{RESULTS} by shapes fp16 tensorrt"


def test_results_that_cannot_be_read_are_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    results = list(map(result_of, range(30)))
    for number in (4, 5):
        cut = results[number]
        results[number] = cut._replace(message=cut.data[:-60], type=cut.message_type)
    looked = look_at(recorded(tmp_path / "bag", [INFO, *map(image_of, range(30)), *results]))
    assert [number for number in range(30) if looked.found(number) is None] == [4, 5]
    (note,) = looked.notes
    assert note.startswith(f"2 of the results on {RESULTS} cannot be read")


def test_detections_that_are_left_out_are_told(tmp_path: Path) -> None:
    results = list(map(result_of, range(30)))
    results[2].message.detections[0].results[0].hypothesis.score = float("nan")
    looked = look_at(recorded(tmp_path / "bag", [INFO, *map(image_of, range(30)), *results]))
    assert looked.found(2) == found_in(2)[1:]
    (note,) = looked.notes
    assert note.endswith("left out: 1 with a score of NaN or infinity")
    assert "Of 60 recorded" in note


def test_the_class_of_each_image_is_given(tmp_path: Path) -> None:
    messages = [label_info({0: "cow", 1: "cat"}, "/detector/label_info")]
    for number in range(30):
        stamp = START + number * PERIOD
        content = classification_message([("cow", 0.25), ("cat", 0.5)], stamp)
        messages += [image_of(number), BagMessage("/detector/classification", stamp, content)]
    looked = look_at(recorded(tmp_path / "bag", messages), task="classification")
    result = looked.results[IMAGES, 17]
    assert result is not None
    assert [looked.side.labels[one] for one in result.published.class_ids] == ["cat", "cow"]
    assert result.published.scores.tolist() == [0.5, 0.25]


@pytest.mark.parametrize("scale", [1, 60])
def test_class_maps_are_given_as_they_were_published(tmp_path: Path, scale: int) -> None:
    """The larger ones wait in less memory than they have."""
    height, width = HEIGHT * scale, WIDTH * scale
    maps = np.random.default_rng(0).integers(0, 3, (12, height, width), np.uint8)
    pixels = np.zeros((height, width, 3), np.uint8)
    messages = []
    for number, class_map in enumerate(maps):
        stamp = START + number * PERIOD
        image = image_message(pixels, stamp)
        content = image_message(class_map, stamp, encoding="mono8")
        messages.append(BagMessage(IMAGES, stamp, image))
        messages.append(BagMessage("/detector/segmentation", stamp + 3 * PERIOD, content))
    bag = recorded(tmp_path / "bag", messages)
    with Recordings([bag]) as recordings:
        side = open_recorded_side(recordings, [IMAGES], [], ("a", "b", "c"), "segmentation")
        assert side is not None
        for image, class_map in zip(images_in(recordings), maps):
            shown = image.__class__(**{**vars(image), "frame": image.frame._replace(pixels=pixels)})
            result = side.look(shown)
            assert result is not None
            np.testing.assert_array_equal(result.published.class_map, class_map)


def test_class_maps_of_another_size_are_not_compared(tmp_path: Path) -> None:
    messages = []
    for number in range(5):
        stamp = START + number * PERIOD
        content = image_message(np.zeros((HEIGHT, 2 * WIDTH), np.uint8), stamp, encoding="mono8")
        messages += [image_of(number), BagMessage("/detector/segmentation", stamp, content)]
    looked = look_at(recorded(tmp_path / "bag", messages), task="segmentation")
    assert set(looked.results.values()) == {None}
    assert any(
        "5 class maps on /detector/segmentation have another size" in n for n in looked.notes
    )


def with_stamp(template: BagMessage, number: int) -> BagMessage:
    """The same content for another image: a stamp is behind the four bytes of CDR's own header."""
    time = START + number * PERIOD
    stamp = struct.pack("<iI", *divmod(time, 10**9))
    data = template.data[:4] + stamp + template.data[12:]
    return BagMessage(template.topic, time, data, template.message_type)


@pytest.mark.parametrize("count", [800, pytest.param(10_000, marks=pytest.mark.long)])
def test_memory_does_not_grow_with_the_recording(tmp_path: Path, count: int) -> None:
    """The robot dropped every tenth image."""
    templates = image_of(0), result_of(0)
    messages = (
        with_stamp(template, number)
        for number in range(count)
        for template in templates[: 2 if number % 10 else 1]
    )
    chunk_bytes = 1 << 16  # of which two are read at a time
    every = itertools.chain([INFO], messages)
    bag = write_mcap(tmp_path / "bag.mcap", every, chunk_bytes=chunk_bytes)
    peaks: List[int] = []
    with Recordings([bag]) as recordings:
        side = open_recorded_side(recordings, [IMAGES], [], LABELS, "detection")
        assert side is not None
        tracemalloc.start()
        missing = 0
        for number, image in enumerate(images_in(recordings)):
            missing += side.look(image) is None
            if number in (count // 4, count - 1):
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.reset_peak()
        tracemalloc.stop()
    assert missing == count // 10
    assert peaks[1] < peaks[0] + 4 * chunk_bytes


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_results_are_looked_up_while_another_thread_reads_images(
    tmp_path: Path, storage: str
) -> None:
    messages = [INFO, *(make(number) for number in range(200) for make in (image_of, result_of))]
    bag = recorded(tmp_path / "bag", messages, storage)
    with Recordings([bag]) as recordings:
        side = open_recorded_side(recordings, [IMAGES], [], LABELS, "detection")
        assert side is not None
        waiting: queue.Queue[Optional[RecordedImage]] = queue.Queue(maxsize=3)

        def read() -> None:
            for image in images_in(recordings):
                waiting.put(image)
            waiting.put(None)

        with ThreadPoolExecutor(2) as threads:
            reading = threads.submit(read)
            inference = threads.submit(lambda: [*map(side.look, iter(waiting.get, None))])
            reading.result()
            found = inference.result()
        assert side.after_reading() == ()
        side.close()
    boxes = [result and result.published.xyxy[0].tolist() for result in found]
    assert boxes == [list(box_of(number)) for number in range(200)]


def test_a_side_can_be_closed_in_the_middle(tmp_path: Path) -> None:
    messages = [INFO, *(make(number) for number in range(50) for make in (image_of, result_of))]
    with Recordings([recorded(tmp_path / "bag", messages)]) as recordings:
        side = open_recorded_side(recordings, [IMAGES], [], LABELS, "detection")
        assert side is not None
        assert side.look(next(images_in(recordings))) is not None
        side.close()
        side.close()
