"""Images and videos from files, as the tools read them."""

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


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n"])
def test_file_that_is_no_image_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.png"
    file.write_bytes(content)
    with pytest.raises(ImageError, match=r"broken\.png' is not an image"):
        list(read_frames(file))


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
    [(name, frame)] = read_frames(tmp_path / "Street.PNG")
    assert name == "Street"
    np.testing.assert_array_equal(frame, image)


def test_frames_of_a_video_come_in_order_with_their_numbers(tmp_path: Path) -> None:
    shades = [10, 90, 170, 250]
    write_video(tmp_path / "drive.avi", shades)
    frames = list(read_frames(tmp_path / "drive.avi"))
    assert [name for name, _ in frames] == [f"drive-00000{number}" for number in (1, 2, 3, 4)]
    for (_, frame), shade in zip(frames, shades):
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
