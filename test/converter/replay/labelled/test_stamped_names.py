"""Which image a file name stands for, as tools that extract images from recordings name them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.errors import DatasetError
from converter.recordings.recorded_image import RecordedImage
from converter.replay.labelled.image_entries import ImageEntries
from test.converter.replay.planted_results import recorded_image

# 2025-12-01 12:00:00.012345678
STAMP = 1764590400_012345678
FRONT, REAR = "/camera/front/image_raw", "/camera/rear/image_raw"
FILE = Path("labels.json")


def entries(*names: str, topics: tuple[str, ...] = (FRONT,), **extra: object) -> ImageEntries:
    images = [
        {"id": number, "file_name": name, **extra} for number, name in enumerate(names, start=1)
    ]
    return ImageEntries(FILE, images, topics)


def finds(name: str, stamp: int = STAMP, topics: tuple[str, ...] = (FRONT, REAR)) -> set[str]:
    """The topics of whose images with this stamp the name may be."""
    return {
        topic
        for topic in topics
        if entries(name, topics=topics).find(recorded_image(stamp, topic)) is not None
    }


@pytest.mark.parametrize(
    "name",
    [
        "camera/front/image_raw/1764590400.012345678.jpg",
        "camera/front/image_raw/1764590400.012345678",
        "/camera/front/image_raw/1764590400.012345678.png",
        "data/run 3/camera/front/image_raw/1764590400.012345678.jpeg",
        "camera_front_image_raw_1764590400.012345678.png",
        "camera_front_image_raw/1764590400_012345678.png",
        "_camera_front_image_raw-1764590400-12345678.png",
        "camera_front_image_raw_1764590400012345678.webp",
        "front/image_raw/1764590400012345678.PNG",
        "camera_front_image_raw_1764590400-012345678_jpg.rf.5f2c1a0b9d.jpg",
    ],
)
def test_a_name_with_topic_and_stamp_stands_for_the_image_of_that_topic(name: str) -> None:
    assert finds(name) == {FRONT}
    for other in (STAMP - 1, STAMP + 1, STAMP + 10**9):
        assert finds(name, other) == set()


@pytest.mark.parametrize(
    "name",
    [
        "1764590400.012345678.jpg",
        "1764590400_012345678.png",
        "1764590400-12345678.png",
        "1764590400012345678.png",
        "train/1764590400.012345678.jpg",
        "9f8e7d6c-1764590400.012345678.jpg",
        "frame_1764590400012345678.jpg",
        "1764590400.12345678.png",  # nanoseconds without their zero
    ],
)
def test_a_name_without_topic_may_be_of_each(name: str) -> None:
    assert finds(name) == {FRONT, REAR}


@pytest.mark.parametrize(
    ("name", "off"),
    [
        ("1764590400.012346.png", 900),  # rounded to microseconds, through a float
        ("1764590400.012345.png", 900),  # cut off
        ("1764590400.0123457.png", 900),  # as Python prints it
        ("1764590400012345.png", 900),  # microseconds
        ("1764590400.012.png", 600_000),
    ],
)
def test_rounded_seconds_stand_for_the_image_next_to_them(name: str, off: int) -> None:
    assert finds(name) == {FRONT, REAR}
    assert finds(name, STAMP + 3 * off) == set()
    assert finds(name, STAMP - 3 * off) == set()


def test_seconds_without_their_last_zeros_are_decimals() -> None:
    assert finds("1764590400.5.png", 1764590400_500000000)
    assert not finds("1764590400.5.png", 1764590400_499990000)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "frame000123.jpg",
        "IMG_2931.jpg",
        "1764590400.jpg",
        "a" * 5000,
        "1.2.3",
        "12345678901" * 2,
    ],
)
def test_a_name_without_the_stamp_stands_for_no_image(name: str) -> None:
    assert finds(name) == set()
    assert finds(name, 0) == set()


def test_negative_stamps_are_those_of_their_own_names() -> None:
    for stamp in (-1_500_000_000, -1):
        image = recorded_image(stamp, FRONT)
        assert entries(f"{image.name}.jpg").find(image) is not None
        assert entries(f"{image.name}.jpg").find(recorded_image(-stamp, FRONT)) is None


def test_images_of_a_camera_that_is_not_replayed_are_left_alone() -> None:
    """Cameras that are triggered together have the same stamps."""
    assert finds("camera/rear/image_raw/1764590400.012345678.jpg", topics=(FRONT,)) == set()


def test_compressed_images_go_by_the_name_of_the_raw_ones_too() -> None:
    topics = (f"{FRONT}/compressed", f"{REAR}/compressed")
    name = "camera/front/image_raw/1764590400.012345678.jpg"
    assert finds(name, topics=topics) == {topics[0]}
    assert finds(f"{topics[0]}/1764590400.012345678.jpg", topics=topics) == {topics[0]}
    both = (FRONT, f"{FRONT}/compressed")
    assert finds(name, topics=both) == {FRONT}


def test_the_topic_that_a_name_has_most_of_is_meant() -> None:
    name = "1764590400.012345678.jpg"
    assert finds(f"a/b/{name}", topics=("/a/b", "/a_b")) == {"/a/b"}
    assert finds(f"a_b/{name}", topics=("/a/b", "/a_b")) == {"/a_b"}
    topics = ("/image_raw", "/front/image_raw")
    assert finds(f"data/front/image_raw/{name}", topics=topics) == {"/front/image_raw"}
    assert finds(f"data/image_raw/{name}", topics=topics) == {"/image_raw"}


def test_two_cameras_with_one_stamp_need_the_topic_in_the_name() -> None:
    known = entries("1764590400.012345678.jpg", topics=(FRONT, REAR))
    assert known.find(recorded_image(STAMP, FRONT)) is not None
    with pytest.raises(DatasetError, match=r"camera/rear/image_raw/1764590400\.012345678\.jpg"):
        known.find(recorded_image(STAMP, REAR))


def test_two_entries_for_one_image_are_an_error_that_names_both() -> None:
    known = entries("train/1764590400.012345678.jpg", "val/1764590400.012345678.jpg")
    with pytest.raises(DatasetError, match=r"train/1764590400.*val/1764590400"):
        known.find(recorded_image(STAMP, FRONT))


def test_a_stamp_of_several_images_is_remembered() -> None:
    """As where a driver leaves the stamp at 0."""
    known = entries("0.000000000.jpg", "1.000000000.jpg")
    for stamp in (0, 0, 10**9):
        assert known.find(recorded_image(stamp, FRONT)) is not None
    assert known.shared == {1}


def test_another_size_than_the_recorded_one_is_an_error_that_names_both() -> None:
    known = entries("1764590400.012345678.jpg", width=640, height=480)
    with pytest.raises(DatasetError, match=r"640x480.*100x80.*rectified"):
        known.find(recorded_image(STAMP, FRONT))
    assert entries("1764590400.012345678.jpg", width=100, height=80).find(
        recorded_image(STAMP, FRONT)
    )


@pytest.mark.parametrize("bad", [1, None, 2.5, "2", [1]])
def test_ids_that_are_not_unique_numbers_are_an_error(bad: object) -> None:
    images = [{"id": 1, "file_name": "1.000000001.jpg"}, {"id": bad, "file_name": "b\x1b[2J"}]
    with pytest.raises(DatasetError, match=r"'b\\x1b\[2J'"):
        ImageEntries(FILE, images, (FRONT,))


def test_every_name_of_a_recorded_image_stands_for_that_image() -> None:
    generator = np.random.default_rng(5)
    topics = ("/a", "/a/image", "/b/a/image", "/image", "/a_image/compressed")
    stamps = [int(one) for one in generator.integers(-(2**40), 2**62, 40)]
    images = [
        RecordedImage(topic, stamp, "", 0, 0.0, recorded_image().frame)
        for topic in topics
        for stamp in stamps
    ]
    known = entries(*(f"{image.name}.jpg" for image in images), topics=topics)
    found = [known.find(image) for image in images]
    assert [one and one["id"] for one in found] == list(range(1, len(images) + 1))
