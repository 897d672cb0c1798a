"""Images of a recording in the place of a folder of images: which ones, and their pixels."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rich.console import Console
from rosbags.image import message_to_cvimage

from converter.commands.convert_options import ImagesFrom, QuantizeOptions
from converter.commands.images_of_recording import check_images_from, with_images
from converter.errors import DatasetError, RecordingError
from converter.inputs.dataset import load_dataset
from converter.inputs.recorded_pictures import RecordedPictures
from converter.inputs.sample import Sample
from converter.precision.precision_options import PrecisionOptions
from converter.recordings.parts_of_time import BETWEEN, CALIBRATED, MEASURED
from converter.terminal.progress import Progress
from test.color_bundle import LABELS
from test.converter.expected import coco
from test.converter.precision.models import scenes
from test.converter.recordings.bags import (
    COMPRESSIONS,
    PERIOD,
    START,
    BagMessage,
    compressed_message,
    image_message,
    image_messages,
    write_bag,
    write_mcap,
)
from test.full_disk import largest_file

TOPIC = "/camera/image_raw"
OTHER = "/rear/image_raw"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


class Taken:
    """The images of recordings, all read, and what was printed."""

    def __init__(
        self, *bags: Path, topics: Sequence[str] = (), annotations: Path | None = None, **most: Any
    ) -> None:
        options = QuantizeOptions(
            bundle=Path(),
            images=None,
            annotations=annotations,
            precision=PrecisionOptions(precisions=("int8",), **most),
            images_from=ImagesFrom(bags, tuple(topics)),
        )
        printed = io.StringIO()
        with with_images(options, Progress(Console(file=printed, width=1000))) as given:
            assert isinstance(given.images, RecordedPictures)
            self.pictures = given.images
            self.samples = load_dataset(given.images, annotations, LABELS, 10_000).samples
            self.pixels = [sample.read() for sample in self.samples]
        self.printed = printed.getvalue()

    def seconds(self, part: str = "") -> list[float]:
        """The stamps of the images since the first one."""
        chosen = [one for one in self.samples if part in ("", one.part)]
        return [seconds_of(one) for one in chosen]

    def numbers(self) -> list[int]:
        """What each picture of ``numbered`` shows."""
        return [int(pixels[0, 0, 0]) for pixels in self.pixels]


def seconds_of(sample: Sample) -> float:
    """Of its stamp, since ``START``."""
    seconds, _, nanoseconds = sample.name.rpartition("/")[2].partition(".")
    return int(seconds) - START // 10**9 + int(nanoseconds) / 10**9


def numbered(count: int) -> Iterator[np.ndarray]:
    """Small pictures that are all different."""
    return (np.full((4, 4, 3), number, np.uint8) for number in range(count))


def turned(jpeg: bytes) -> bytes:
    """With an orientation in EXIF, by which viewers turn it, and rosbags-image does."""
    tag = b"\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"  # 274: 6, a quarter to the right
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00" + tag + bytes(4)
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def camera_messages() -> list[BagMessage]:
    """An image of each kind, of 6x8 noise."""
    generator = np.random.default_rng(1)

    def noise(*shape: int) -> np.ndarray:
        return generator.integers(0, 256, shape, np.uint8)

    messages = [
        image_message(noise(6, 8, 3), encoding="bgr8"),
        image_message(noise(6, 8, 3), encoding="rgb8"),
        image_message(noise(6, 8, 4), encoding="bgra8"),
        image_message(noise(6, 8), encoding="mono8"),
        image_message(noise(6, 8), encoding="bayer_rggb8"),
        image_message(noise(6, 16), encoding="uyvy", size=(6, 8)),
        compressed_message(cv2.imencode(".png", noise(6, 8, 3))[1].tobytes(), format="png"),
        compressed_message(cv2.imencode(".jpg", noise(6, 8, 3))[1].tobytes()),
    ]
    return [
        BagMessage(f"/camera_{number}/image", START + number * PERIOD, message)
        for number, message in enumerate(messages)
    ]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
def test_pixels_are_those_that_the_node_gets(
    storage: str, compression: str, tmp_path: Path
) -> None:
    """By rosbags-image; the node is compared with it too."""
    if (storage, compression) == ("sqlite3", "chunk"):
        pytest.skip("sqlite3 has no chunks")
    messages = camera_messages()
    jpeg = messages[-1].message.data.tobytes()
    camera = messages[-1]._replace(topic="/turned", message=compressed_message(turned(jpeg)))
    taken = Taken(write_bag(tmp_path / "bag", [*messages, camera], storage, compression))
    found = {
        sample.name: pixels for sample, pixels in zip(taken.samples, taken.pixels, strict=True)
    }
    assert len(found) == len(messages) + 1
    expected = {one.topic: one.message for one in messages}
    expected["/turned"] = messages[-1].message  # as it is, without the orientation
    for topic, message in expected.items():
        pixels = found[f"{topic[1:]}/{START // 10**9}.000000000"]
        np.testing.assert_array_equal(pixels, message_to_cvimage(message, "bgr8"))


def test_single_files_and_several_bags_go_on_one_after_the_other(tmp_path: Path) -> None:
    first = write_mcap(tmp_path / "first.mcap", image_messages(numbered(3)))
    later = image_messages(numbered(3), start=START + 10**12)
    second = write_bag(tmp_path / "second", later)
    taken = Taken(first, second)
    assert set(taken.seconds()) <= {0, 0.1, 0.2, 1000, 1000.1, 1000.2}
    assert (taken.seconds()[0], taken.seconds()[-1]) == (0, 1000.2)
    assert "first.mcap" in str(taken.pictures) and "second" in str(taken.pictures)


def test_images_are_spread_over_the_recording(tmp_path: Path) -> None:
    """Twenty seconds: the first ones alone would be of its first three."""
    bag = write_bag(tmp_path / "bag", image_messages(numbered(200)))
    taken = Taken(bag, most_calibration=8, most_images=24)
    calibrated, measured = taken.seconds(CALIBRATED), taken.seconds(MEASURED)
    assert (len(calibrated), len(measured)) == (8, 24)
    for found in (calibrated, measured):  # in each quarter of the time
        counts, _ = np.histogram(found, bins=4, range=(0, 20))
        assert counts.tolist() == pytest.approx([len(found) / 4] * 4, abs=1)
    assert taken.seconds() == sorted(taken.seconds())
    assert "read images of the recording, 32 images" in taken.printed


def test_what_is_measured_on_is_no_neighbour_of_what_is_calibrated_on(tmp_path: Path) -> None:
    taken = Taken(write_bag(tmp_path / "bag", image_messages(numbered(200))))
    calibrated, measured = taken.seconds(CALIBRATED), taken.seconds(MEASURED)
    assert len(calibrated) >= 40 and len(measured) >= 80
    apart = min(abs(one - other) for one in calibrated for other in measured)
    assert apart >= 0.6  # an eighth of five seconds, less rounding
    assert taken.seconds(BETWEEN) == []
    assert "0.62 s or more away" in taken.pictures.division


def test_more_than_the_recording_has_takes_all_of_it(tmp_path: Path) -> None:
    """Where all of it is for one purpose, as with images to calibrate on that are others."""
    bag = write_bag(tmp_path / "bag", image_messages(numbered(30)))
    taken = Taken(bag, calibration_images=tmp_path, most_images=5000)
    assert taken.numbers() == list(range(30))
    taken = Taken(bag, calibration_images=tmp_path, most_images=3)
    assert taken.numbers() == [0, 10, 20]


def two_cameras(rear: int = 40) -> list[BagMessage]:
    """As they record beside each other; the rear one is dark."""
    front = image_messages(numbered(40))
    dark = image_messages(numbered(rear), OTHER, START + PERIOD // 2)
    return sorted([*front, *dark], key=lambda one: one.log_time)


def test_of_two_cameras_as_many_are_taken_of_each(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", two_cameras(rear=20))
    taken = Taken(bag, most_calibration=4, most_images=10)
    for part, expected in ((CALIBRATED, 2), (MEASURED, 5)):
        topics = [one.name.rpartition("/")[0] for one in taken.samples if one.part == part]
        assert topics.count("camera/image_raw") == topics.count("rear/image_raw") == expected


def test_topics_that_are_named_are_taken_alone(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", two_cameras())
    taken = Taken(bag, topics=[OTHER])
    assert taken.samples
    assert all(one.name.startswith("rear/image_raw/") for one in taken.samples)


def test_a_topic_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", two_cameras())
    with pytest.raises(RecordingError, match=rf"{TOPIC} [^\n]*\n *{OTHER} "):
        Taken(bag, topics=["/left/image_raw"])


def with_faults(places: Sequence[int], count: int = 40) -> Iterator[BagMessage]:
    """Images of which those at ``places`` have an encoding that no camera has."""
    for number, one in enumerate(image_messages(numbered(count))):
        faulty = replace(one.message, encoding="rgb24") if number in places else one.message
        yield one._replace(message=faulty)


def test_an_image_that_cannot_be_decoded_gives_way_to_the_next(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", with_faults([0, 10, 11]))
    taken = Taken(bag, topics=[TOPIC], calibration_images=tmp_path, most_images=4)
    assert taken.numbers() == [1, 12, 20, 30]
    (caution,) = (one for one in taken.printed.splitlines() if "caution" in one)
    assert f"3 images of {TOPIC} cannot be decoded (unsupported encoding)" in caution
    assert "at 0.000 s, encoding 'rgb24' is not supported" in caution


def test_where_there_is_no_other_image_there_are_fewer(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", with_faults(range(10, 20)))
    taken = Taken(bag, calibration_images=tmp_path, most_images=4)
    assert taken.numbers() == [0, 20, 30]
    assert "10 images" in taken.printed


def test_a_recording_of_which_no_image_can_be_decoded_is_refused(
    tmp_path: Path, temporary: Path
) -> None:
    bag = write_bag(tmp_path / "bag", with_faults(range(40)))
    with pytest.raises(RecordingError, match=r"bag' can be decoded.*'rgb24' is not supported"):
        Taken(bag, topics=[TOPIC])
    assert list(temporary.iterdir()) == []


def test_a_recording_without_images_is_refused(tmp_path: Path) -> None:
    text = BagMessage(
        "/chatter", START, b"\x00\x01\x00\x00\x02\x00\x00\x00a\x00", "std_msgs/msg/String"
    )
    with pytest.raises(RecordingError, match="/chatter"):
        Taken(write_bag(tmp_path / "bag", [text]))


def test_what_can_be_read_of_a_cut_bag_is_taken(tmp_path: Path) -> None:
    pictures = (np.full((64, 64, 3), number, np.uint8) for number in range(40))
    file = write_mcap(tmp_path / "cut.mcap", image_messages(pictures), chunk_bytes=20_000)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    taken = Taken(file, calibration_images=tmp_path)
    assert 10 < len(taken.samples) < 30
    assert taken.numbers() == list(range(len(taken.samples)))
    assert "caution: " in taken.printed and "cut.mcap" in taken.printed


def test_pictures_are_gone_afterwards(tmp_path: Path, temporary: Path) -> None:
    bag = write_bag(tmp_path / "bag", image_messages(numbered(8)))
    taken = Taken(bag)
    assert {one.file.parent.parent for one in taken.pictures.pictures} == {temporary}
    assert list(temporary.iterdir()) == []


def test_a_full_disk_is_reported_with_what_helps(tmp_path: Path, temporary: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), np.uint8)
    bag = write_bag(tmp_path / "bag", image_messages(noise))
    with largest_file(1000):
        with pytest.raises(DatasetError, match=r"File too large.*TMPDIR.*--max-images"):
            Taken(bag)
    assert list(temporary.iterdir()) == []


def annotated(folder: Path, names: Sequence[str], side: int = 4) -> Path:
    """Annotations of square images by these names, with boxes."""
    truths = (truth for _, truth in scenes(len(names)))
    content = coco(dict(zip(names, truths, strict=True)), (side, side))
    file = folder / "annotations.json"
    file.write_text(json.dumps(content), "utf-8")
    return file


def test_annotations_choose_the_images_that_they_name(tmp_path: Path) -> None:
    """Three of forty, by topic and stamp."""
    bag = write_bag(tmp_path / "bag", image_messages(numbered(40)))
    names = [f"camera/image_raw/{START // 10**9}.{tenth}00000000" for tenth in (3, 5)]
    names.append(f"camera/image_raw/{START // 10**9 + 2}.100000000")
    other_forms = [f"{names[0]}.jpg", f"val/camera_image_raw_{START + 5 * PERIOD}.png", names[2]]
    file = annotated(tmp_path, other_forms)
    taken = Taken(bag, annotations=file, calibration_images=tmp_path)
    assert taken.numbers() == [3, 5, 21]
    assert [one.image_id for one in taken.samples] == [7, 8, 9]
    assert [one.name for one in taken.samples] == names


def test_an_annotation_that_stands_for_two_images_is_left_out(tmp_path: Path) -> None:
    """They have one stamp, and nobody knows in which of them the boxes are."""
    first, *others = image_messages(numbered(8))
    again = others[3]._replace(message=first.message)
    bag = write_bag(tmp_path / "bag", [first, *others[:3], again, *others[4:]])
    stamps = [f"{START // 10**9}.{tenth}00000000" for tenth in (0, 2)]
    file = annotated(tmp_path, stamps)
    taken = Taken(bag, annotations=file, calibration_images=tmp_path)
    assert taken.numbers() == [2]
    assert [one.image_id for one in taken.samples] == [8]
    assert "caution: of 1 annotated image the stamp belongs to several images" in taken.printed


def test_annotations_of_other_images_are_refused_with_both_names(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", image_messages(numbered(4)))
    with pytest.raises(DatasetError) as error:
        Taken(bag, annotations=annotated(tmp_path, ["front/1.png"]))
    assert "names 'front/1.png'" in str(error.value)
    assert f"has 'camera/image_raw/{START // 10**9}.000000000.jpg'" in str(error.value)


def test_annotations_of_images_of_another_size_are_refused(tmp_path: Path) -> None:
    """Their boxes are elsewhere in the recorded ones."""
    bag = write_bag(tmp_path / "bag", image_messages(numbered(4)))
    file = annotated(tmp_path, [f"camera/image_raw/{START // 10**9}.000000000.png"], side=8)
    with pytest.raises(DatasetError, match="with 8x8 pixels, and the recording has 4x4"):
        Taken(bag, annotations=file)


def test_a_recording_beside_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="--images and --images-from are both given"):
        check_images_from(tmp_path, ImagesFrom((tmp_path,)))


def test_a_missing_library_is_reported_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_images_from(None, ImagesFrom((Path(),)))
    monkeypatch.setitem(sys.modules, "mcap", None)
    with pytest.raises(RecordingError, match=r"no mcap\. .* python3 -m pip install rosbags mcap"):
        check_images_from(None, ImagesFrom((Path(),)))
    check_images_from(Path(), None)
