"""What `detect` tells of pictures whose results are no numbers, or have classes without a label."""

import json
from pathlib import Path
from typing import Tuple

import cv2
import numpy as np
import pytest

from test.changed_bundles import break_scores, number_classes
from test.color_bundle import picture
from test.trt_inference.tools.test_detect import (
    ALL_COMMANDS,
    ALONE,
    detect,
    read_csv,
    table_rows,
    write_image,
)


@pytest.mark.parametrize("module", [ALL_COMMANDS, ALONE])
def test_a_picture_of_which_the_network_gives_nan_is_an_error_and_not_empty(
    color_bundle: Path, tmp_path: Path, module: Tuple[str, ...]
) -> None:
    break_scores(color_bundle)  # of all but black pictures
    black = write_image(tmp_path / "black.png", np.zeros((64, 64, 3), np.uint8))
    red = write_image(tmp_path / "red.png", picture("red", (2, 3)))
    targets = [tmp_path / "found.json", tmp_path / "found.csv"]
    options = ("--json", targets[0], "--csv", targets[1], "--output", tmp_path / "out")
    text = detect(color_bundle, red, black, *options, code=1, module=module)
    assert f"error: '{red}': fp32 gives scores or boxes that are not finite" in text
    assert "images: 1, detections: 0, failed: 1" in text
    assert [row[0] for row in table_rows(text)] == ["black"]
    assert not (tmp_path / "out" / "red.jpg").exists()
    bad, good = json.loads(targets[0].read_text("utf-8"))["images"]
    assert set(bad) == {"file", "error"} and "the model itself" in bad["error"]
    assert good["detections"] == []
    [row] = read_csv(targets[1].read_text("utf-8"))[1:]
    assert row[0] == str(red) and row[1:-1] == [""] * 7 and "not finite" in row[-1]


def test_frames_of_which_the_network_gives_nan_do_not_end_the_video(
    color_bundle: Path, tmp_path: Path
) -> None:
    break_scores(color_bundle)
    video = cv2.VideoWriter(
        str(tmp_path / "drive.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64)
    )
    for value in (0, 255, 255, 0):
        video.write(np.full((64, 64, 3), value, np.uint8))
    video.release()
    options = ("--json", tmp_path / "found.json", "--output", tmp_path / "out")
    text = detect(color_bundle, tmp_path / "drive.avi", *options, code=1)
    assert text.count("not finite") == 1  # not for each frame
    assert "images: 2, detections: 0, failed: 2" in text
    images = json.loads((tmp_path / "found.json").read_text("utf-8"))["images"]
    assert [(image["frame"], "error" in image) for image in images] == [
        (1, False),
        (2, True),
        (3, True),
        (4, False),
    ]


def test_classes_without_a_label_are_shown_by_number_with_a_caution(
    color_bundle: Path, tmp_path: Path
) -> None:
    number_classes(color_bundle, (0, 1, -1))
    red = write_image(tmp_path / "red.png", picture("red", (2, 3)))
    options = ("--json", tmp_path / "found.json", "--output", tmp_path / "out")
    text = detect(color_bundle, red, *options)
    assert [row[2] for row in table_rows(text)] == ["-1"]
    assert "caution: in 1 images there are classes without a label, such as -1" in text
    [image] = json.loads((tmp_path / "found.json").read_text("utf-8"))["images"]
    assert image["detections"][0]["class"] == "-1"
