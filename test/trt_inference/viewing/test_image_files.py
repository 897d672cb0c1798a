"""Images and videos from files, as the tools read them."""

import os
from pathlib import Path
from typing import List

import cv2
import numpy as np
import pytest

from trt_inference.errors import ImageError
from trt_inference.viewing.image_files import find_images, read_frames, read_image


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype)


def write_video(file: Path, shades: List[int]) -> None:
    video = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for shade in shades:
        video.write(np.full((48, 64, 3), shade, np.uint8))
    video.release()


def test_image_is_read_in_bgr_without_loss(tmp_path: Path) -> None:
    image = noise(20, 30, 3)
    cv2.imwrite(str(tmp_path / "noise.png"), image)
    np.testing.assert_array_equal(read_image(tmp_path / "noise.png"), image)


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_images_become_bgr(tmp_path: Path, channels: int) -> None:
    image = noise(20, 30, channels)
    cv2.imwrite(str(tmp_path / "noise.png"), image)
    expected = np.repeat(image, 3, axis=2) if channels == 1 else image[..., :3]
    np.testing.assert_array_equal(read_image(tmp_path / "noise.png"), expected)


def test_image_of_sixteen_bits_becomes_eight_bits(tmp_path: Path) -> None:
    image = noise(20, 30, 3, dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "noise.png"), image)
    read = read_image(tmp_path / "noise.png")
    assert read.dtype == np.uint8
    assert np.abs(read.astype(float) - image / 257).max() <= 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02" * 99, "is not an image that OpenCV"),
        ("Größe".encode(), "it is a text"),
        (b"\n<!DOCTYPE html>\n<html>404", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:12", "git lfs pull"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture"),
        (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "a video"),
        (b"\x89PNG\r\n\x1a\n", "is a PNG that is cut"),
        (b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0\7\0\0\7\0\0", "is an animated WebP"),
    ],
)
def test_file_that_is_no_image_is_named_with_what_it_is(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "broken.jpg"
    file.write_bytes(content)
    with pytest.raises(ImageError, match=r"broken\.jpg' ") as raised:
        list(read_frames(file))
    assert reason in str(raised.value)


def test_what_is_no_file_is_named_and_waited_for_by_nobody(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "link.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "circle.jpg").symlink_to(tmp_path / "circle.jpg")
    os.mkfifo(str(tmp_path / "pipe.jpg"))
    (tmp_path / "unreadable.jpg").symlink_to("/proc/self/mem")
    for name, reason in (
        ("folder.jpg", "is a folder"),
        ("link.jpg", "there is no file '.*gone.jpg': '.*link.jpg' is a link to it"),
        ("circle.jpg", "circle.jpg' "),
        ("pipe.jpg", "is a pipe or a device"),
        ("unreadable.jpg", "cannot be read: Input/output error"),
    ):
        with pytest.raises(ImageError, match=reason):
            read_image(tmp_path / name)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tif"])
def test_image_that_is_cut_is_refused(tmp_path: Path, suffix: str) -> None:
    content = cv2.imencode(suffix, noise(200, 300, 3))[1].tobytes()
    file = tmp_path / f"cut{suffix}"
    for part in (0.5, 0.99):
        file.write_bytes(content[: int(part * len(content))])
        with pytest.raises(ImageError, match=f"cut{suffix}' is a .* is cut"):
            read_image(file)
    file.write_bytes(content)
    assert read_image(file).shape == (200, 300, 3)


@pytest.mark.parametrize("name", [b"caf\xe9", b"\xff\xfe", "日本 ü:1".encode()])
def test_name_in_any_encoding_is_opened(tmp_path: Path, name: bytes) -> None:
    image = noise(20, 30, 3)
    file = tmp_path / os.fsdecode(name + b".png")
    file.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    np.testing.assert_array_equal(read_image(file), image)

    write_video(tmp_path / "drive.avi", [10, 90])
    video = tmp_path / os.fsdecode(name + b".avi")
    (tmp_path / "drive.avi").rename(video)
    assert [os.fsencode(frame.name) for frame in read_frames(video)] == [
        name + b"-000001",
        name + b"-000002",
    ]


def test_error_names_a_file_in_characters_that_can_be_printed(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"caf\\xe9\.jpg'"):
        read_image(tmp_path / os.fsdecode(b"caf\xe9.jpg"))


@pytest.mark.parametrize("name", ["missing.png", "missing.avi"])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError, match=f"no file '.*{name}'"):
        list(read_frames(tmp_path / name))


def test_file_that_is_neither_image_nor_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.pdf").write_text("nothing to see")
    with pytest.raises(ImageError, match=r"notes\.pdf' is neither an image nor a video"):
        list(read_frames(tmp_path / "notes.pdf"))


def test_image_is_one_frame_with_the_name_of_its_file(tmp_path: Path) -> None:
    image = noise(8, 8, 3)
    cv2.imwrite(str(tmp_path / "Street.PNG"), image)
    [(name, number, frame)] = read_frames(tmp_path / "Street.PNG")
    assert (name, number) == ("Street", None)
    np.testing.assert_array_equal(frame, image)


def test_frames_of_a_video_come_in_order_with_their_numbers(tmp_path: Path) -> None:
    shades = [10, 90, 170, 250]
    write_video(tmp_path / "drive.avi", shades)
    frames = list(read_frames(tmp_path / "drive.avi"))
    assert [(name, number) for name, number, _ in frames] == [
        (f"drive-00000{number}", number) for number in (1, 2, 3, 4)
    ]
    for (_, _, frame), shade in zip(frames, shades):
        assert (frame.shape, frame.dtype) == ((48, 64, 3), np.uint8)
        assert frame.mean() == pytest.approx(shade, abs=3)  # the codec loses a little


def test_images_of_a_folder_come_by_name_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "notes.txt", "c.jpeg", "model.json"):
        (tmp_path / name).touch()
    assert [file.name for file in find_images(tmp_path)] == ["a.JPG", "b.png", "c.jpeg"]


def test_folder_without_images_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no image in"):
        find_images(tmp_path)
    with pytest.raises(ImageError, match="missing' is not a folder"):
        find_images(tmp_path / "missing")


@pytest.mark.parametrize("name", ["photo.jfif", "photo", "photo.mp4"])
def test_picture_is_read_as_one_whatever_its_name(tmp_path: Path, name: str) -> None:
    """A video's decoder would show it as the camera lay, and grey where it is cut."""
    upright = np.full((32, 64, 3), 128, np.uint8)
    lies = np.ascontiguousarray(upright.swapaxes(0, 1))
    jpeg = cv2.imencode(".jpg", lies)[1].tobytes()
    tag = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    turned = jpeg[:2] + b"\xff\xe1" + (len(tag) + 2).to_bytes(2, "big") + tag + jpeg[2:]
    (tmp_path / name).write_bytes(turned)
    [frame] = read_frames(tmp_path / name)
    assert (frame.name, frame.number, frame.pixels.shape) == ("photo", None, upright.shape)
    (tmp_path / name).write_bytes(turned[: len(turned) * 2 // 3])
    with pytest.raises(ImageError, match="is a JPEG that is cut"):
        list(read_frames(tmp_path / name))


def test_pictures_one_behind_the_other_are_a_video(tmp_path: Path) -> None:
    pictures = [np.full((48, 64, 3), shade, np.uint8) for shade in (40, 200)]
    content = b"".join(cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures)
    (tmp_path / "camera.mjpeg").write_bytes(content)
    frames = list(read_frames(tmp_path / "camera.mjpeg"))
    assert [frame.number for frame in frames] == [1, 2]
    assert [round(frame.pixels.mean(), -1) for frame in frames] == [40, 200]


def test_video_that_is_cut_is_told_after_its_last_frame(tmp_path: Path) -> None:
    write_video(tmp_path / "whole.avi", list(range(0, 250, 5)))
    assert len(list(read_frames(tmp_path / "whole.avi"))) == 50
    content = (tmp_path / "whole.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(content[: len(content) // 2])
    numbers = []
    with pytest.raises(ImageError, match=r"cut\.avi' ends after \d+ of 50 frames: it is cut"):
        for frame in read_frames(tmp_path / "cut.avi"):
            numbers.append(frame.number)
    assert 0 < len(numbers) < 45
    assert numbers == list(range(1, len(numbers) + 1))
