"""The command line without ROS: trt-inference detect."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterable, List, Tuple

import cv2
import numpy as np
import pytest

from test.color_bundle import change_manifest, offer_precisions, picture
from test.full_disk import largest_file
from test.task_bundles import HEIGHT, WIDTH
from test.tensorrt_bundle import add_engine
from test.tensorrt_double import install
from trt_inference.bundles.bundle import sha256_of_file
from trt_inference.engines import free_memory
from trt_inference.tools.detect import main
from trt_inference.tools.shown_results import TABLE_ROWS
from trt_inference.viewing.drawing import class_color
from trt_inference.viewing.image_files import read_image

ROOT = Path(__file__).resolve().parents[3]


ALL_COMMANDS = ("converter", "detect")
ALONE = ("trt_inference.tools.detect",)


def detect(*arguments: object, code: int = 0, module: Tuple[str, ...] = ALL_COMMANDS) -> str:
    """Run it, check the exit code, and give what it wrote."""
    result = subprocess.run(
        [sys.executable, "-m", *module, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == code, result.stdout
    assert "Traceback" not in result.stdout
    return result.stdout


def table_rows(text: str) -> List[List[str]]:
    """The cells of the rows of the detections' table, which are the ones with a size."""
    rows = [re.split(r"\s*[│┃|]\s*", line.strip(" │┃|")) for line in text.splitlines()]
    return [row for row in rows if len(row) > 1 and re.fullmatch(r"\d+x\d+", row[1])]


def write_image(file: Path, image: np.ndarray) -> Path:
    assert cv2.imwrite(str(file), image)
    return file


def distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """``[h, w]``: the largest difference of a channel."""
    return np.abs(one.astype(int) - other.astype(int)).max(axis=-1)


def test_table_has_label_score_and_coordinates_of_each_image(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    both = picture("green", (4, 0), scale=2)
    both[0:16, 64:80] = (204, 0, 0)  # a weaker blue: 204 / 255 = 0.8
    files = [
        write_image(tmp_path / "large.png", picture("red", (2, 3), scale=4)),
        write_image(tmp_path / "both.png", both),
        write_image(tmp_path / "grey.png", np.full((48, 64, 3), 128, np.uint8)),
    ]
    assert table_rows(detect(shared_color_bundle, *files, "--output", tmp_path / "out")) == [
        # A cell of 8 pixels: row 2, column 3, four times as large.
        ["large", "256x256", "red", "1.000", "96.0", "64.0", "128.0", "96.0"],
        ["both", "128x128", "green", "1.000", "0.0", "64.0", "16.0", "80.0"],
        ["both", "128x128", "blue", "0.800", "64.0", "0.0", "80.0", "16.0"],
        ["grey", "64x48", "nothing seen"],
    ]


def test_the_robot_side_alone_does_the_same(shared_color_bundle: Path, tmp_path: Path) -> None:
    file = write_image(tmp_path / "scene.png", picture("red", (2, 3)))
    arguments = (shared_color_bundle, file, "--output", tmp_path / "out")
    alone = detect(*arguments, module=ALONE)
    assert table_rows(alone) == table_rows(detect(*arguments)) != []
    missing = detect(tmp_path, file, code=1, module=ALONE)
    assert missing.startswith(f"error: '{tmp_path}' is not a bundle")


def test_picture_shows_the_box_and_is_the_image_elsewhere(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    image = picture("red", (4, 3), scale=10)  # the box is 240, 320 to 320, 400
    write_image(tmp_path / "scene.png", image)
    detect(shared_color_bundle, tmp_path / "scene.png", "--output", tmp_path / "out")
    drawn = read_image(tmp_path / "out" / "scene.jpg")
    changed = distance(drawn, image) > 60  # JPEG loses less
    on_edge = np.zeros((640, 640), bool)
    on_edge[320:401, [240, 320]] = on_edge[[320, 400], 240:321] = True
    assert changed[on_edge].mean() > 0.9
    # JPEG smears a line over a block of 16; the caption lies above the box, of unknown width.
    around = np.zeros((640, 640), bool)
    around[320 - 40 : 416, 224:420] = True
    around[336:384, 256:304] = False
    assert not changed[~around].any()


def test_thresholds_of_the_command_line_replace_those_of_the_bundle(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    image = picture("green", (0, 0))
    image[:8, 16:24] = (0, 102, 0)  # a score of 0.4, below the bundle's 0.5
    file = write_image(tmp_path / "scene.png", image)

    def scores(*options: object) -> List[str]:
        text = detect(shared_color_bundle, file, "--output", tmp_path / "out", *options)
        return [row[3] for row in table_rows(text)]

    assert scores() == ["1.000"]
    assert scores("--score-threshold", 0.3) == ["1.000", "0.400"]
    assert scores("--score-threshold", 0.3, "--max-detections", 1) == ["1.000"]


def test_thresholds_that_have_no_effect_are_told(
    color_bundle: Path, segmentation_bundle: Path, tmp_path: Path
) -> None:
    file = write_image(tmp_path / "scene.png", picture("green", (0, 0)))
    given = (file, "--output", tmp_path / "out", "--iou-threshold", 0.3, "--score-threshold", 0.3)
    assert "no effect" not in detect(color_bundle, *given)
    change_manifest(color_bundle, lambda content: content.update(needs_nms=False))
    text = detect(color_bundle, *given)
    assert "caution: --iou-threshold has no effect" in text and "with --suppress" in text
    assert "--score-threshold has no effect" not in text
    assert "caution: --score-threshold has no effect" in detect(segmentation_bundle, *given)


def test_each_frame_of_a_video_has_its_row_and_its_picture(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    video = cv2.VideoWriter(
        str(tmp_path / "drive.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (256, 256)
    )
    for column in range(3):
        video.write(picture("green", (1, column), scale=4))
    video.release()
    out = tmp_path / "out"
    rows = table_rows(detect(shared_color_bundle, tmp_path / "drive.avi", "--output", out))
    names = ["drive-000001", "drive-000002", "drive-000003"]
    assert [row[0] for row in rows] == names
    assert [row[2] for row in rows] == ["green"] * 3
    assert [[float(edge) for edge in row[4:]] for row in rows] == [
        [column * 32, 32, column * 32 + 32, 64] for column in range(3)
    ]
    assert sorted(file.name for file in out.iterdir()) == [f"{name}.jpg" for name in names]


def test_files_that_cannot_be_read_are_reported_and_the_others_go_on(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(b"not an image")
    (tmp_path / "notes.pdf").write_text("not a video")
    good = write_image(tmp_path / "good.png", picture("blue", (0, 0)))
    files = [tmp_path / "missing.png", tmp_path / "broken.png", tmp_path / "notes.pdf", good]
    text = detect(shared_color_bundle, *files, "--output", tmp_path / "out", code=1)
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(errors) == 3
    for line, file in zip(errors, files):
        assert str(file) in line
    assert [row[0] for row in table_rows(text)] == ["good"]
    assert (tmp_path / "out" / "good.jpg").is_file()


def test_first_line_names_which_precision_runs_and_why(color_bundle: Path, tmp_path: Path) -> None:
    offer_precisions(color_bundle, "fp32", "int8")
    file = write_image(tmp_path / "scene.png", picture("blue", (0, 0)))
    for options, expected_text in (
        ((), "colors fp32 (auto: the fastest on the CPU, which gains nothing from fp16 and int8)"),
        (("--precision", "int8"), "colors int8 (asked for)"),
    ):
        text = detect(color_bundle, file, "--output", tmp_path / "out", *options)
        assert text.startswith(f"{expected_text}: ONNX Runtime "), text


def test_network_runs_on_the_gpu_that_is_asked_for(
    color_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = write_image(tmp_path / "red.png", picture("red", (1, 1)))
    arguments = [str(color_bundle), str(image), "--output", str(tmp_path / "out"), "--device"]
    with install("10.3.0", devices=2, other_capability=(7, 5)):
        add_engine(color_bundle, device=1)
        assert main([*arguments, "1"]) == 0
        assert "TensorRT 10.3.0 on Double (sm_75)" in capsys.readouterr().out
        assert main([*arguments, "2"]) == 1
        assert "there is no GPU 2, there are 2, counted from 0" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, "-1"])
    assert "'-1' is not a whole number of 0 or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("BUNDLE/missing", "IMAGE"), "is not a bundle: no such folder"),
        (
            ("BUNDLE", "IMAGE", "--output", "OUT", "--precision", "int8"),
            "no precision 'int8': choose one of fp32",
        ),
        (("BUNDLE", "IMAGE", "--output", "IMAGE"), "cannot be written"),
    ],
)
def test_error_is_one_line_and_exit_code_1(
    shared_color_bundle: Path, tmp_path: Path, options: Tuple[str, ...], message: str
) -> None:
    image = write_image(tmp_path / "good.png", picture("blue", (0, 0)))
    places = {"BUNDLE": shared_color_bundle, "IMAGE": image, "OUT": tmp_path / "out"}
    words = [re.sub("^[A-Z]+", lambda found: str(places[found.group()]), word) for word in options]
    text = detect(*words, code=1)
    assert re.search(f"^error: .*{message}", text, re.MULTILINE)


def test_no_picture_replaces_an_input_or_the_picture_of_another_input(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "left").mkdir()
    (tmp_path / "right").mkdir()
    image = picture("red", (0, 0))
    left = write_image(tmp_path / "left" / "1.jpg", image)
    right = write_image(tmp_path / "right" / "1.png", image)
    before = left.read_bytes()
    text = detect(shared_color_bundle, left, "--output", tmp_path / "left", code=1)
    assert "choose another --output" in text
    assert left.read_bytes() == before

    text = detect(shared_color_bundle, left, right, "--output", tmp_path / "out", code=1)
    assert str(right) in text
    assert len(table_rows(text)) == 1
    # A second run replaces the pictures of the first.
    assert detect(shared_color_bundle, left, "--output", tmp_path / "out")


def test_no_half_picture_is_left_when_the_disk_is_full(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    file = write_image(tmp_path / "scene.png", picture("red", (0, 0)))
    detect(shared_color_bundle, file, "--output", tmp_path / "out")
    before = (tmp_path / "out" / "scene.jpg").read_bytes()
    with largest_file(len(before) - 1):
        text = detect(shared_color_bundle, file, "--output", tmp_path / "out", code=1)
    assert "scene.jpg' cannot be written" in text
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["scene.jpg"]
    assert (tmp_path / "out" / "scene.jpg").read_bytes() == before


def test_folder_is_searched_for_leftovers_once_however_many_pictures_are_written(
    shared_color_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each picture, it would take longer and longer in a video of an hour."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    out = tmp_path / "out"
    out.mkdir()
    (out / f".0.jpg.partial-{ended.pid}").touch()
    files = [write_image(tmp_path / f"{n}.png", picture("red", (0, 0))) for n in range(4)]
    searched: List[Path] = []
    search = Path.glob

    def count(folder: Path, pattern: str) -> Iterable[Path]:
        searched.append(folder)
        return search(folder, pattern)

    monkeypatch.setattr(Path, "glob", count)
    assert main([str(shared_color_bundle), *map(str, files), "--output", str(out)]) == 0
    assert searched.count(out) == 1
    assert sorted(file.name for file in out.iterdir()) == [f"{n}.jpg" for n in range(4)]


def test_names_and_labels_are_shown_as_they_are(color_bundle: Path, tmp_path: Path) -> None:
    labels = color_bundle / "labels.txt"
    labels.write_text("[bold]\n:car:\n[/x]\n", "utf-8")
    change_manifest(color_bundle, lambda m: m["labels"].update(sha256=sha256_of_file(labels)))
    image = picture("red", (0, 0))
    image[:8, 16:24] = (0, 204, 0)
    file = write_image(tmp_path / "[red]street[b].png", image)
    rows = table_rows(detect(color_bundle, file, "--output", tmp_path / "out"))
    assert [(row[0], row[2]) for row in rows] == [
        ("[red]street[b]", "[/x]"),
        ("[red]street[b]", ":car:"),
    ]


def test_table_of_a_classification_has_the_classes_and_the_picture_their_names(
    classification_bundle: Path, tmp_path: Path
) -> None:
    # Softmax of 2, 1 and 0 is 0.665, 0.245 and 0.090.
    image = np.full((HEIGHT * 5, WIDTH * 5, 3), (51, 0, 102), np.uint8)
    files = [
        write_image(tmp_path / "reddish.png", image),
        write_image(tmp_path / "grey.png", np.full((HEIGHT, WIDTH, 3), 128, np.uint8)),
    ]
    out = tmp_path / "out"
    options = ("--output", out, "--score-threshold", 0.24)
    assert table_rows(detect(classification_bundle, *files, *options)) == [
        ["reddish", "320x240", "red", "0.665"],
        ["reddish", "320x240", "blue", "0.245"],
        *(["grey", "64x48", color, "0.333"] for color in ("blue", "green", "red")),
    ]
    drawn = read_image(out / "reddish.jpg")
    changed = distance(drawn, image) > 60  # JPEG loses less
    assert changed[:10, :20].mean() > 0.5
    assert not changed[80:].any()
    text = detect(classification_bundle, *files, "--output", out, "--score-threshold", 0.9)
    assert [row[2:] for row in table_rows(text)] == [["nothing seen"]] * 2


def test_table_of_a_segmentation_has_the_share_of_each_class_and_the_picture_their_colors(
    segmentation_bundle: Path, tmp_path: Path
) -> None:
    image = np.full((HEIGHT * 10, WIDTH * 10, 3), 128, np.uint8)
    image[:, 480:] = (0, 0, 255)
    image[:120, 480:] = (0, 255, 0)
    file = write_image(tmp_path / "street.png", image)
    out = tmp_path / "out"
    assert table_rows(detect(segmentation_bundle, file, "--output", out)) == [
        ["street", "640x480", "background", "75.0%"],
        ["street", "640x480", "red", "18.8%"],  # three quarters of a quarter
        ["street", "640x480", "green", "6.2%"],
    ]
    drawn = read_image(out / "street.jpg").astype(float)
    for inside, class_id in ((np.s_[300:400, 100:300], 0), (np.s_[300:400, 500:600], 3)):
        expected = (image[inside] + np.array(class_color(class_id), float)) / 2
        assert np.abs(drawn[inside].mean(axis=(0, 1)) - expected.mean(axis=(0, 1))).max() < 8


def test_scarce_memory_is_told_before_the_model_is_loaded(
    shared_color_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 4000000 kB\nMemAvailable: 1 kB\n", "ascii")
    monkeypatch.setattr(free_memory, "_MEMINFO", meminfo)
    file = write_image(tmp_path / "scene.png", picture("blue", (0, 0)))
    arguments = [str(shared_color_bundle), str(file), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--backend", "onnxruntime"]) == 0
    shown = capsys.readouterr()
    assert "blue" in shown.out
    assert shown.err.startswith("caution: fp32.onnx may not fit into memory")
    assert "swap" in shown.err


def scene_files(folder: Path) -> List[Path]:
    """Two objects, nothing, a file that is cut, and an object in a file whose name is Latin-1."""
    both = picture("green", (4, 0), scale=2)
    both[0:16, 64:80] = (204, 0, 0)  # a weaker blue: 204 / 255 = 0.8
    cut = write_image(folder / "cut.jpg", both)
    cut.write_bytes(cut.read_bytes()[:-2])
    named = folder / os.fsdecode(b"caf\xe9.png")
    write_image(folder / "cafe.png", picture("red", (2, 3))).rename(named)
    return [
        write_image(folder / "both.png", both),
        write_image(folder / "grey.png", np.full((48, 64, 3), 128, np.uint8)),
        cut,
        named,
    ]


def near(values: List[Any]) -> List[Any]:
    return [pytest.approx(one, abs=1e-5) if isinstance(one, float) else one for one in values]


def test_json_has_every_image_with_what_was_seen_and_what_failed(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    both, grey, cut, named = scene_files(tmp_path)
    target = tmp_path / "found.json"
    options = ("--output", tmp_path / "out", "--json", target, "--score-threshold", 0.25)
    detect(shared_color_bundle, both, grey, cut, named, *options, code=1)
    content = json.loads(target.read_text("utf-8"))
    images = content.pop("images")
    assert content.pop("backend").startswith("ONNX Runtime ")
    assert content == {
        "bundle": shared_color_bundle.name,
        "task": "detection",
        "precision": "fp32",
        "thresholds": {"score_threshold": 0.25, "iou_threshold": 0.5, "max_detections": 10},
    }
    shown_name = f"{tmp_path}/caf\\xe9.png"  # the byte 0xE9 is no UTF-8
    assert [image["file"] for image in images] == [str(both), str(grey), str(cut), shown_name]
    assert [sorted(image) for image in images] == [
        ["detections", "file", "height", "width"],
        ["detections", "file", "height", "width"],
        ["error", "file"],
        ["detections", "file", "height", "width"],
    ]
    assert (images[1]["width"], images[1]["height"], images[1]["detections"]) == (64, 48, [])
    assert "its end is missing" in images[2]["error"]
    assert [list(one.items()) for one in images[0]["detections"]] == [
        list(zip(("class", "score", "x1", "y1", "x2", "y2"), near(values)))
        for values in (
            ["green", 1.0, 0.0, 64.0, 16.0, 80.0],
            ["blue", 0.8, 64.0, 0.0, 80.0, 16.0],
        )
    ]


def read_csv(text: str) -> List[List[str]]:
    return list(csv.reader(text.splitlines()))


def test_csv_has_a_row_for_each_detection_with_the_whole_name(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    folder = tmp_path / ("a long name, " * 8)
    folder.mkdir()
    both, grey, cut, named = scene_files(folder)
    target = tmp_path / "found.csv"
    target.write_text("of an older run")
    options = ("--output", tmp_path / "out", "--csv", target)
    detect(shared_color_bundle, both, grey, cut, named, *options, code=1)
    head, *rows = read_csv(target.read_text("utf-8"))
    assert head == ["file", "frame", "class", "score", "x1", "y1", "x2", "y2", "error"]
    assert [row[:3] for row in rows] == [
        [str(both), "", "green"],
        [str(both), "", "blue"],
        [str(cut), "", ""],
        [f"{folder}/caf\\xe9.png", "", "red"],
    ]
    assert [bool(row[-1]) for row in rows] == [False, False, True, False]
    assert [float(cell) for cell in rows[1][3:-1]] == near([0.8, 64.0, 0.0, 80.0, 16.0])


def test_frames_of_a_video_have_their_numbers_in_the_files(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    video = cv2.VideoWriter(
        str(tmp_path / "drive.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (256, 256)
    )
    count = TABLE_ROWS + 10  # more than the table shows
    for number in range(count):
        video.write(picture("green", (1, number % 8), scale=4))
    video.release()
    targets = [tmp_path / "found.json", tmp_path / "found.csv"]
    files = ("--json", targets[0], "--csv", targets[1], "--output", tmp_path / "out")
    text = detect(shared_color_bundle, tmp_path / "drive.avi", *files)
    assert len(table_rows(text)) == TABLE_ROWS
    assert "10 more frames" in text
    assert f"images: {count}, detections: {count}; " in text
    images = json.loads(targets[0].read_text("utf-8"))["images"]
    rows = read_csv(targets[1].read_text("utf-8"))[1:]
    assert [image["frame"] for image in images] == list(range(1, count + 1))
    assert [row[1] for row in rows] == [str(number) for number in range(1, count + 1)]
    assert [image["detections"][0]["x1"] for image in images] == [
        number % 8 * 32 for number in range(count)
    ]


def test_other_tasks_have_classes_with_their_score_or_share(
    classification_bundle: Path, segmentation_bundle: Path, tmp_path: Path
) -> None:
    image = np.full((HEIGHT, WIDTH, 3), (51, 0, 102), np.uint8)  # see the table of both, above
    file = write_image(tmp_path / "image.png", image)
    options = ("--output", tmp_path / "out", "--score-threshold", 0.24)
    for bundle, columns, first in (
        (classification_bundle, ["class", "score"], ["red", "0.665"]),
        (segmentation_bundle, ["class", "share"], None),
    ):
        targets = [tmp_path / "found.json", tmp_path / "found.csv"]
        detect(bundle, file, *options, "--json", targets[0], "--csv", targets[1])
        [seen] = json.loads(targets[0].read_text("utf-8"))["images"]
        head, *rows = read_csv(targets[1].read_text("utf-8"))
        assert head == ["file", "frame", *columns, "error"]
        assert [[str(one[name]) for name in columns] for one in seen["classes"]] == [
            row[2:-1] for row in rows
        ]
        if first:
            assert [rows[0][2], f"{float(rows[0][3]):.3f}"] == first
        else:
            assert sum(float(row[3]) for row in rows) == pytest.approx(1)


@pytest.mark.parametrize("module", [ALL_COMMANDS, ALONE])
@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_results_stand_alone_on_the_standard_output(
    shared_color_bundle: Path, tmp_path: Path, option: str, module: Tuple[str, ...]
) -> None:
    """In UTF-8 as in files, whatever the terminal takes: JSON has no other."""
    write_image(tmp_path / "red.png", picture("red", (2, 3))).rename(tmp_path / "grün.png")
    words = [shared_color_bundle, tmp_path / "grün.png", "--output", tmp_path / "out", option, "-"]
    result = subprocess.run(
        [sys.executable, "-m", *module, *map(str, words)],
        cwd=str(ROOT),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    text = result.stdout.decode("utf-8")
    if option == "--json":
        [image] = json.loads(text)["images"]
        assert image["file"].endswith("grün.png")
    else:
        [row] = read_csv(text)[1:]
        assert row[0].endswith("grün.png") and row[2] == "red"
    assert b"annotated pictures" in result.stderr


@pytest.mark.parametrize("module", [ALL_COMMANDS, ALONE])
def test_standard_output_that_nobody_reads_or_that_is_full_is_no_traceback(
    shared_color_bundle: Path, tmp_path: Path, module: Tuple[str, ...]
) -> None:
    file = write_image(tmp_path / "scene.png", picture("red", (2, 3)))
    words = [*module, shared_color_bundle, file, "--output", tmp_path / "out", "--json", "-"]
    line = f"{sys.executable} -m {' '.join(map(str, words))}"
    for end, said in (
        ("| true", ""),
        ("> /dev/full", "cannot be written"),
        (">&-", "the standard output is closed"),
    ):
        errors = subprocess.run(
            ["bash", "-c", f"{line} {end}"],
            cwd=str(ROOT),
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=60,
            check=False,
        ).stderr
        assert "Traceback" not in errors and said in errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--json", "IN/scene.png"], "would be an input"),
        (["--csv", "IN/link.png"], "would be an input"),
        (["--json", "IN/other.png"], "its name ends in .json"),
        (["--csv", "IN/none/found.csv"], "would be in no folder"),
        (["--csv", "IN"], "would be a folder"),
        (["--json", "IN/found.csv", "--csv", "IN/found.csv"], "would be the file of --json"),
        (["--json", "-", "--csv", "-"], "would be the file of --json"),
    ],
)
def test_file_for_results_that_would_harm_is_refused_before_anything_runs(
    shared_color_bundle: Path, tmp_path: Path, options: List[str], message: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    scene = write_image(folder / "scene.png", picture("red", (2, 3)))
    write_image(folder / "other.png", picture("red", (2, 3)))  # as where FILE was forgotten
    (folder / "link.png").symlink_to(scene)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    words = [word.replace("IN", str(folder)) for word in options]
    text = detect(shared_color_bundle, scene, "--output", tmp_path / "out", *words, code=1)
    assert message in text
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert not list((tmp_path / "out").iterdir())


def test_no_half_file_of_results_is_left_when_the_disk_is_full(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    image = picture("red", (0, 0))
    image[16:24] = image[:8, :8].repeat(8, axis=1)  # a row of cells, of which 10 are kept
    folder = tmp_path / ("a long name, " * 15)
    folder.mkdir()
    files = [write_image(folder / f"{n}.png", image) for n in range(25)]
    target = tmp_path / "found.csv"
    target.write_text("of an older run")
    largest = 40_000  # the pictures are smaller, and the rows are more
    with largest_file(largest):
        options = ("--output", tmp_path / "out", "--csv", target)
        text = detect(shared_color_bundle, *files, *options, code=1)
    assert "found.csv' cannot be written" in text
    assert "0.jpg' cannot" not in text
    assert target.read_text() == "of an older run"
    assert not list(tmp_path.glob(".*"))
    detect(shared_color_bundle, *files, *options)
    assert target.stat().st_size > largest


def test_captions_leave_a_small_picture_visible(shared_color_bundle: Path, tmp_path: Path) -> None:
    """Letters that can be read are as high as 14 of these 48 pixels."""
    image = np.full((48, 64, 3), 110, np.uint8)
    image[8:16, 8:16] = (0, 0, 255)
    image[24:32, 48:56] = (0, 255, 0)
    out = tmp_path / "out"
    detect(shared_color_bundle, write_image(tmp_path / "tiny.png", image), "--output", out)
    drawn = read_image(out / "tiny.jpg")
    factor = drawn.shape[0] // 48
    assert drawn.shape == (48 * factor, 64 * factor, 3)
    expected = np.kron(image, np.ones((factor, factor, 1), np.uint8))
    changed = distance(drawn, expected) > 60  # JPEG loses less
    assert changed.mean() < 0.1
    for top, left in ((8, 8), (24, 48)):
        inside = changed[top * factor : (top + 8) * factor, left * factor : (left + 8) * factor]
        assert 0 < inside.mean() < 0.25  # the line of the box


def test_long_name_is_cut_and_the_class_is_not(color_bundle: Path, tmp_path: Path) -> None:
    labels = color_bundle / "labels.txt"
    long_label = "a rather long name of a class"
    labels.write_text(f"blue\n{long_label}\nred\n", "utf-8")
    change_manifest(color_bundle, lambda m: m["labels"].update(sha256=sha256_of_file(labels)))
    name = f"{'camera' * 20}-{7:04d}"
    file = write_image(tmp_path / f"{name}.png", picture("green", (0, 0)))
    words = [color_bundle, file, "--output", tmp_path / "out"]
    result = subprocess.run(
        [sys.executable, "-m", *ALL_COMMANDS, *map(str, words)],
        cwd=str(ROOT),
        env={**os.environ, "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        universal_newlines=True,
        timeout=60,
        check=True,
    )
    [row] = [line for line in result.stdout.splitlines() if long_label in line]
    assert "…" in row
    assert "-0007" in result.stdout


def test_summary_counts_images_detections_and_files_that_failed(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    files = scene_files(tmp_path)
    text = detect(shared_color_bundle, *files, "--output", tmp_path / "out", code=1)
    found = re.search(r"^images: 3, detections: 3, failed: 1; (.*)$", text, re.MULTILINE)
    assert found
    assert re.fullmatch(r"[\d.]+ s, [\d.]+ images/s with reading and writing", found.group(1))
    assert r"caf\xe9" in text
    assert (tmp_path / "out" / os.fsdecode(b"caf\xe9.jpg")).is_file()
