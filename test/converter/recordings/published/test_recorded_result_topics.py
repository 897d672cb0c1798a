"""Which topics of a recording hold the results of its images."""

from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence

import pytest

from converter.errors import RecordingError
from converter.recordings.published.recorded_result_topics import choose_result_topics
from converter.recordings.recordings import Recordings
from test.converter.recordings.bags import PERIOD, START, BagMessage
from test.converter.replay.recorded_robot import (
    IMAGES,
    RESULTS,
    image_of,
    label_info,
    recorded,
    result_of,
)

TRUTH = "/ground_truth"


def robot(
    topics: Sequence[str] = (RESULTS,), images: int = 30, first_result: int = 0
) -> List[BagMessage]:
    """One camera, and the same results on some topics."""
    results = [
        result_of(number, topic=topic) for topic in topics for number in range(first_result, images)
    ]
    return [*map(image_of, range(images)), *results]


def choose(
    folder: Path,
    messages: Iterable[BagMessage],
    asked: Sequence[str] = (),
    images: Sequence[str] = (IMAGES,),
    task: str = "detection",
) -> Any:
    with Recordings([recorded(folder / "bag", messages)]) as recordings:
        return choose_result_topics(recordings, images, asked, task)


def pairs(chosen: Any) -> Dict[str, str]:
    return dict(chosen.pairs)


def test_there_may_be_no_results(tmp_path: Path) -> None:
    assert choose(tmp_path, map(image_of, range(5))) is None


def test_results_of_another_task_are_none(tmp_path: Path) -> None:
    assert choose(tmp_path, robot(), task="classification") is None


def test_ground_truth_is_taken_only_when_it_is_asked_for(tmp_path: Path) -> None:
    messages = robot([RESULTS, TRUTH])
    chosen = choose(tmp_path, messages)
    assert pairs(chosen) == {IMAGES: RESULTS}
    assert any(TRUTH in note for note in chosen.notes)
    assert pairs(choose(tmp_path / "asked", messages, [TRUTH])) == {IMAGES: TRUTH}


def test_ground_truth_alone_is_no_result_of_a_robot(tmp_path: Path) -> None:
    assert choose(tmp_path, robot([TRUTH])) is None


@pytest.mark.parametrize("name", ["/drawn/groundtruth", "/sim/GT/boxes", "/camera/truth"])
def test_other_names_of_the_truth_are_known(tmp_path: Path, name: str) -> None:
    assert choose(tmp_path, robot([name])) is None


@pytest.mark.parametrize("name", ["/gtx/detections", "/camera/truthful", "/unlabeled_objects"])
def test_names_that_only_look_like_it_are_not(tmp_path: Path, name: str) -> None:
    assert pairs(choose(tmp_path, robot([name]))) == {IMAGES: name}


def test_a_topic_with_label_info_beside_it_is_taken_before_others(tmp_path: Path) -> None:
    messages = [*robot(["/other/boxes", RESULTS]), label_info({0: "cat"})]
    chosen = choose(tmp_path, messages)
    assert pairs(chosen) == {IMAGES: RESULTS}
    assert any("/other/boxes" in note for note in chosen.notes)


def test_of_several_the_user_must_choose(tmp_path: Path) -> None:
    messages = robot(["/other/boxes", RESULTS])
    with pytest.raises(RecordingError, match=r"/other/boxes.*--recorded TOPIC") as caught:
        choose(tmp_path, messages)
    assert RESULTS in str(caught.value)
    asked = choose(tmp_path / "asked", messages, ["other/boxes"])
    assert pairs(asked) == {IMAGES: "/other/boxes"}


def test_a_topic_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=f"no topic /nothing.*: {RESULTS}"):
        choose(tmp_path, robot(), ["/nothing"])


def test_a_topic_of_another_type_is_refused_with_those_that_fit(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=f"sensor_msgs/msg/Image.*: {RESULTS}"):
        choose(tmp_path, robot(), [IMAGES])


def test_images_are_no_class_maps_of_themselves(tmp_path: Path) -> None:
    messages = [*map(image_of, range(3)), image_of(1, "/detector/segmentation")]
    with pytest.raises(RecordingError, match=r"images that are looked at.*: /detector/seg"):
        choose(tmp_path, messages, [IMAGES], task="segmentation")


def test_where_no_topic_fits_all_are_listed(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"among its topics: /camera/image_raw \(sensor_msgs"):
        choose(tmp_path, map(image_of, range(3)), ["/nothing"])


def shifted(message: BagMessage, nanoseconds: int) -> BagMessage:
    """With another stamp in its header."""
    stamp = message.message.header.stamp
    total = stamp.sec * 10**9 + stamp.nanosec + nanoseconds
    stamp.sec, stamp.nanosec = divmod(total, 10**9)
    return message


@pytest.mark.parametrize("asked", [(), (RESULTS,)])
def test_changed_stamps_are_told_with_an_example_of_both(
    tmp_path: Path, asked: Sequence[str]
) -> None:
    results = [shifted(result_of(number), 17) for number in range(30)]
    with pytest.raises(RecordingError) as caught:
        choose(tmp_path, [*map(image_of, range(30)), *results], asked)
    seconds = START // 10**9
    assert f"{seconds}.000000017 (frame_id 'camera')" in str(caught.value)
    assert f"{seconds}.000000000 (frame_id 'camera')" in str(caught.value)
    assert "--against" in str(caught.value)


@pytest.mark.parametrize("late", [-20.0, 20.0])
def test_results_that_were_recorded_at_another_time_do_not_belong_to_the_images(
    late: float, tmp_path: Path
) -> None:
    """As of two recordings that were put into one. Each side is shorter than the time between."""
    results = [result_of(number, late=late) for number in range(30)]
    with pytest.raises(RecordingError, match="was recorded within 15 s of it"):
        choose(tmp_path, [*map(image_of, range(30)), *results])


def test_messages_without_a_stamp_do_not_belong_together(tmp_path: Path) -> None:
    messages = robot()
    for message in messages:
        message.message.header.stamp.sec = message.message.header.stamp.nanosec = 0
    with pytest.raises(RecordingError, match=r"no result .* are 0, which stands for none"):
        choose(tmp_path, messages)


@pytest.mark.parametrize("first", [0, 500])
def test_a_robot_that_begins_late_is_understood(tmp_path: Path, first: int) -> None:
    chosen = choose(tmp_path, robot(images=510, first_result=first))
    assert pairs(chosen) == {IMAGES: RESULTS}


def test_each_camera_has_its_own_results(tmp_path: Path) -> None:
    """Cameras that do not wait for each other, of which one has no detector. Two stamps agree by
    chance."""
    messages = []
    offsets = {"front": 0, "rear": PERIOD // 3, "top": PERIOD // 2}
    for camera, offset in offsets.items():
        for number in range(40):
            images = image_of(number, f"/{camera}/image")
            results = result_of(number, topic=f"/detector_{camera}/detections")
            chance = camera == "rear" and number in (7, 8)
            for message in (images, results)[: 1 if camera == "top" else 2]:
                messages.append(shifted(message, 0 if chance else offset))
    chosen = choose(tmp_path, messages, images=[f"/{camera}/image" for camera in offsets])
    assert pairs(chosen) == {
        "/front/image": "/detector_front/detections",
        "/rear/image": "/detector_rear/detections",
    }
    assert any("/top/image" in note for note in chosen.notes)


@pytest.mark.parametrize("frame_id", ["camera", ""])
def test_cameras_that_are_alike_in_all_but_their_place_are_told_apart(
    tmp_path: Path, frame_id: str
) -> None:
    messages = []
    for camera in ("left", "right"):
        for number in range(30):
            messages.append(image_of(number, f"/{camera}/image"))
            results = f"/{camera}/detector/detections"
            messages.append(result_of(number, topic=results, frame_id=frame_id))
    chosen = choose(tmp_path, messages, images=["/left/image", "/right/image"])
    assert pairs(chosen) == {
        "/left/image": "/left/detector/detections",
        "/right/image": "/right/detector/detections",
    }


def two_cameras(
    results: str, frame_id: str, frames: Sequence[str] = ("left", "right")
) -> List[BagMessage]:
    """Cameras that take their images at the same times, of which one has a detector."""
    messages = []
    for number in range(30):
        messages.append(result_of(number, topic=results, frame_id=frame_id))
        for side, frame in zip(("left", "right"), frames):
            messages.append(image_of(number, f"/{side}/image", frame))
    return messages


@pytest.mark.parametrize("frames", [("left", "right"), ("camera", "camera")])
def test_results_of_one_camera_are_not_those_of_another_with_the_same_stamps(
    tmp_path: Path, frames: Sequence[str]
) -> None:
    """The detector has left the frame_id out, or the cameras have the same."""
    frame_id = "" if frames[0] == "left" else frames[0]
    topics = ["/left/image", "/right/image"]
    beside = two_cameras("/left/detections", frame_id, frames)
    chosen = choose(tmp_path, beside, images=topics)
    assert pairs(chosen) == {"/left/image": "/left/detections"}
    (note,) = chosen.notes
    assert "no recorded results for the images of /right/image" in note
    elsewhere = two_cameras(RESULTS, frame_id, frames)
    with pytest.raises(RecordingError, match=r"/left/image, /right/image\. Choose .* --topic"):
        choose(tmp_path / "elsewhere", elsewhere, images=topics)
    one = choose(tmp_path / "one", elsewhere, images=topics[1:])
    assert pairs(one) == {"/right/image": RESULTS}


def test_compressed_images_have_the_results_of_those_that_are_not(tmp_path: Path) -> None:
    topics = [IMAGES, f"{IMAGES}/compressed"]
    messages = [*robot(), *(image_of(number, topics[1]) for number in range(30))]
    assert pairs(choose(tmp_path, messages, images=topics)) == dict.fromkeys(topics, RESULTS)


def test_class_maps_are_found_among_the_images(tmp_path: Path) -> None:
    maps = [image_of(number, "/detector/segmentation") for number in range(30)]
    chosen = choose(tmp_path, [*map(image_of, range(30)), *maps], task="segmentation")
    assert pairs(chosen) == {IMAGES: "/detector/segmentation"}


def test_hostile_names_cannot_draw_on_the_terminal(tmp_path: Path) -> None:
    names = ["/a\x1b[2J\nerror", "/b" + "x" * 10_000]
    with pytest.raises(RecordingError) as caught:
        choose(tmp_path, robot(names))
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_reading_ends_once_it_is_clear(tmp_path: Path) -> None:
    """A recording of hours is not read through to find out what belongs together."""
    bag = recorded(tmp_path / "bag", robot(images=600))
    with Recordings([bag]) as recordings:
        read: List[float] = []
        original = recordings.messages

        def counting(topics: Any, start: float = 0.0, end: Optional[float] = None) -> Any:
            for message in original(topics, start, end):
                read.append(message.seconds)
                yield message

        recordings.messages = counting
        assert choose_result_topics(recordings, [IMAGES], [], "detection") is not None
    assert max(read) < 5
