"""`trt-inference replay` through the real command line, on bags as robots leave them."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from test.changed_bundles import break_scores, exchange_colors, number_classes, relabel
from test.color_bundle import (
    CELL,
    COLORS,
    LABELS,
    change_manifest,
    offer_precisions,
    picture,
    write_color_bundle,
)
from test.converter.command_line import Result, finish, run_here, start, wait_for
from test.converter.recordings.bags import (
    PERIOD,
    START,
    BagMessage,
    compressed_message,
    detections_message,
    image_message,
    image_messages,
    write_bag,
)
from test.converter.replay.recorded_robot import label_info
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.inference.detector import Detector

ROOT = Path(__file__).resolve().parents[3]
TOPIC = "/camera/image_raw"
NAMES = tuple(COLORS)

Replay = Callable[..., str]


def cell(number: int) -> tuple[str, tuple[int, int]]:
    return NAMES[number % 3], (number % 8, number // 8 % 8)


def pictures(count: int) -> Iterable[np.ndarray]:
    return (picture(*cell(number)) for number in range(count))


def box(number: int) -> list[int]:
    _, (row, column) = cell(number)
    return [CELL * column, CELL * row, CELL * (column + 1), CELL * (row + 1)]


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty images, each with one cell of a color."""
    return write_bag(tmp_path_factory.mktemp("bags") / "drive", image_messages(pictures(40)))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle in two precisions, which are the same network."""
    folder = write_color_bundle(tmp_path_factory.mktemp("bundles") / "colors")
    offer_precisions(folder, "fp32", "int8")
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that takes blue for red and red for blue."""
    return exchange_colors(write_color_bundle(tmp_path_factory.mktemp("bundles") / "other"))


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Replay:
    """Runs the command in this process, with a short measurement of the engines alone; gives what
    it printed."""
    monkeypatch.setattr("converter.replay.pipeline.bare_rate._SECONDS", 0.01)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object, code: int = 0) -> str:
        try:
            result = run_here(capsys, "replay", *arguments)
        except SystemExit as error:  # argparse's
            result = Result(int(error.code or 0), "".join(capsys.readouterr()))
        assert result.exit_code == code, result.output
        return result.output

    return run


def replay_apart(*arguments: object, code: int = 0, before: str = "") -> str:
    """Run the command in a process of its own after the statements ``before``."""
    main = "from converter.command_line.main import main\nsys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys\n{before}\n{main}", "replay", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=250,
        check=False,
    )
    assert "Traceback" not in ended.stdout, ended.stdout
    assert ended.returncode == code, ended.stdout
    return ended.stdout


def figures(output: Path) -> dict:  # type: ignore[type-arg]
    found = json.loads((output / "replay.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def test_two_precisions_that_are_the_same_do_not_differ(
    replay: Replay, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shown = replay(bag, "--bundle", bundle, "--precision", "fp32", "int8", "--output", output)
    assert sorted(file.name for file in output.iterdir()) == [
        "detections.json",
        "detections.mcap",
        "index.html",
        "replay.json",
    ]
    assert "the baseline is colors fp32: ONNX Runtime" in shown
    assert "No difference in 40 images" in shown
    found = figures(output)
    assert found["images"] == {"compared": 40, "differing": 0}
    assert found["total"]["baseline"] == found["total"]["matched"] == 40
    (topic,) = found["topics"]
    assert (topic["name"], topic["recorded"], topic["chosen"], topic["compared"]) == (
        TOPIC,
        40,
        40,
        40,
    )
    assert found["speed"]["images_per_second"] > 0 and found["speed"]["engines_alone"] > 0


def test_what_another_bundle_takes_for_another_class_is_found(
    replay: Replay, bag: Path, bundle: Path, other: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    arguments = (bag, "--bundle", other, "--against", bundle, "--output", output)
    shown = replay(*arguments, "--fail-if-lost", "0.01", code=1)
    colored = [cell(number)[0] for number in range(40)]
    wrong = colored.count("red") + colored.count("blue")
    found = figures(output)
    assert found["total"]["other_class"] == wrong
    assert found["images"]["differing"] == wrong
    assert not found["verdict"]["passed"]
    assert len(found["worst"]) == 12
    assert f"{wrong} of another class" in shown
    shown = replay(*arguments, "--overwrite", "--fail-if-lost", "0.7", "--worst", "3")
    assert len(figures(output)["worst"]) == 3


def recorded_bag(folder: Path, count: int, wrong: int, storage: str) -> Path:
    """Images and what the robot found in them; it missed the last ``wrong``."""

    def messages() -> Iterable[BagMessage]:
        for number, pixels in enumerate(pictures(count)):
            stamp = START + number * PERIOD
            yield BagMessage(TOPIC, stamp, image_message(pixels, stamp))
            found = [(box(number), cell(number)[0], 1.0)] if number < count - wrong else []
            yield BagMessage("/detector/detections", stamp + 1, detections_message(found, stamp))

    return write_bag(folder, messages(), storage)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_what_the_robot_published_is_the_baseline_where_the_bag_has_it(
    replay: Replay, bundle: Path, tmp_path: Path, storage: str
) -> None:
    bag, output = recorded_bag(tmp_path / "drive", 60, 3, storage), tmp_path / "out"
    shown = replay(bag, "--bundle", bundle, "--output", output)
    assert "the baseline is recorded: /detector/detections" in shown
    found = figures(output)
    assert (found["total"]["baseline"], found["total"]["new"]) == (57, 3)
    assert found["total"]["lost"] == found["total"]["other_class"] == 0
    replay(
        *(bag, "--bundle", bundle, "--output", output, "--overwrite"),
        *("--recorded", "/detector/detections", "--fail-if-new", "0.05"),
        code=1,
    )


def test_the_candidate_publishes_from_the_score_from_which_the_robot_did(
    replay: Replay, bundle: Path, tmp_path: Path
) -> None:
    found = [(box(0), cell(0)[0], 1.0)]
    messages = [
        BagMessage(TOPIC, START, image_message(next(iter(pictures(1))), START)),
        BagMessage("/detector/detections", START + 1, detections_message(found, START)),
        label_info({0: "red"}, threshold=0.75, time=START),
    ]
    bag = write_bag(tmp_path / "drive", messages, "mcap")
    arguments = (bag, "--bundle", bundle, "--output", tmp_path / "out", "--overwrite")
    shown = replay(*arguments)
    assert "the candidate is colors fp32" in shown and "from score 0.75 on" in shown
    assert figures(tmp_path / "out")["candidate"]["score_threshold"] == 0.75
    assert "caution" not in shown
    shown = replay(*arguments, "--score-threshold", "0.5")
    assert figures(tmp_path / "out")["candidate"]["score_threshold"] == 0.5
    assert "The baseline publishes from a score of 0.75 on and the candidate from 0.5" in shown


def bag_with_results_at(folder: Path, images: int, results: Iterable[int]) -> Path:
    """A second of images is ten of them; a result has the stamp of the image of its number."""

    def messages() -> Iterable[BagMessage]:
        for number, pixels in enumerate(pictures(images)):
            stamp = START + number * PERIOD
            yield BagMessage(TOPIC, stamp, image_message(pixels, stamp))
        for number in results:
            stamp = START + number * PERIOD
            found = detections_message([(box(number), cell(number)[0], 1.0)], stamp)
            yield BagMessage("/detector/detections", stamp + 1, found)

    return write_bag(folder, sorted(messages(), key=lambda one: one.log_time))


def test_what_is_wrong_with_recorded_results_is_told(
    replay: Replay, bundle: Path, tmp_path: Path
) -> None:
    bag = bag_with_results_at(tmp_path / "drive", 10, [*range(8), 12, 13])
    replay(bag, "--bundle", bundle, "--output", tmp_path / "out")
    found = figures(tmp_path / "out")
    assert found["images"] == {"compared": 8, "differing": 0}
    assert found["baseline"]["missing"] == 2
    notes = " ".join(found["notes"])
    assert "2 results on /detector/detections belong to no image" in notes


def test_a_part_without_results_is_an_error_with_the_reason(
    replay: Replay, bundle: Path, tmp_path: Path
) -> None:
    bag = bag_with_results_at(tmp_path / "drive", 20, range(10))
    same = ("--bundle", bundle, "--recorded", "--output", tmp_path / "out")
    shown = replay(bag, *same, "--from", "1.15", code=1)
    assert "none of 8 images could be compared: 8 without a result of both sides" in shown


def test_nan_of_a_network_is_counted_as_nothing_published(
    replay: Replay, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    broken = break_scores(write_color_bundle(tmp_path / "broken"))
    output = tmp_path / "out"
    replay(bag, "--bundle", broken, "--against", bundle, "--output", output)
    found = figures(output)
    assert found["candidate"]["not_finite"] == 40
    assert found["total"]["lost"] == 40


@pytest.mark.parametrize("write", [write_classification_bundle, write_segmentation_bundle])
def test_other_tasks_are_replayed_likewise(
    replay: Replay, bag: Path, tmp_path: Path, write
) -> None:  # type: ignore[no-untyped-def]
    folder, output = write(tmp_path / "bundle"), tmp_path / "out"
    shown = replay(
        *(bag, "--bundle", folder, "--against", folder, "--output", output, "--limit", "10"),
        *("--iou-threshold", "0.4"),
    )
    assert "--iou-threshold has no effect on " in shown
    assert figures(output)["images"] == {"compared": 10, "differing": 0}
    assert not (output / "detections.json").exists()


def test_bundles_of_one_name_are_told_apart_by_their_folders(
    replay: Replay, bag: Path, tmp_path: Path
) -> None:
    old, new = (write_color_bundle(tmp_path / name / "colors") for name in ("old", "new"))
    output = tmp_path / "out"
    replay(bag, "--bundle", new, "--against", old, "--output", output, "--score-threshold", "0.75")
    baseline, candidate = (figures(output)[side] for side in ("baseline", "candidate"))
    assert (baseline["title"], candidate["title"]) == ("old/colors fp32", "new/colors fp32")
    assert baseline["score_threshold"] == candidate["score_threshold"] == 0.75


def test_bundles_that_were_renamed_go_by_what_their_folders_are_called_now(
    replay: Replay, bag: Path, tmp_path: Path
) -> None:
    old = write_color_bundle(tmp_path / "colors")
    new = tmp_path / "colors_of_june"
    shutil.copytree(old, new)
    text = replay(
        bag, "--bundle", new, "--against", old, "--limit", 2, "--output", tmp_path / "out"
    )
    assert "colors fp32 (baseline) → colors_of_june fp32 (candidate)" in text


def test_labels_that_the_candidate_lacks_are_named_with_the_verdict(
    replay: Replay, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    renamed = write_color_bundle(tmp_path / "renamed")
    (renamed / "labels.txt").write_text("blue\ngreen\nscarlet\n", "utf-8")
    entry = {
        "file": "labels.txt",
        "sha256": sha256_of_file(renamed / "labels.txt"),
        "count": len(LABELS),
    }
    change_manifest(renamed, lambda manifest: manifest.update(labels=entry))
    shown = replay(bag, "--bundle", renamed, "--against", bundle, "--output", tmp_path / "out")
    assert "caution: The candidate lacks labels of the baseline: red. What" in shown
    shown = replay(
        bag, "--bundle", bundle, "--precision", "fp32", "int8", "--output", tmp_path / "b"
    )
    assert "lacks labels" not in shown


def test_a_bundle_beside_itself_is_named_once_on_each_side(
    replay: Replay, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    sides = "--bundle", bundle, "--precision", "fp32", "fp32"
    text = replay(bag, *sides, "--limit", 2, "--output", tmp_path / "out")
    assert "colors fp32 (baseline) → colors fp32 (candidate)" in text


@pytest.mark.parametrize(
    "changes",  # labels, the numbers of blue, green and red, and what they do not name
    [
        (["red", "blue", "green"], [1, 2, 0], set()),
        (["a", "green", "b", "blue", "red", "c"], [3, 1, 4], set()),
        (["blue", "green"], [0, 1, 2], {"red"}),
        (["blue", "red"], [0, 7, 1], {"green"}),
        (["blue", "green", "green"], [0, 1, 2], {"red"}),
    ],
)
@pytest.mark.parametrize("is_baseline", [False, True])
def test_classes_are_those_of_the_same_name(
    replay: Replay,
    bag: Path,
    bundle: Path,
    tmp_path: Path,
    changes: tuple[list[str], list[int], set[str]],
    is_baseline: bool,
) -> None:
    """Another bundle finds the same, and counts its classes otherwise."""
    labels, numbers, renamed = changes
    changed = write_color_bundle(tmp_path / "changed")
    relabel(number_classes(changed, numbers), labels)
    before, after = (changed, bundle) if is_baseline else (bundle, changed)
    output = tmp_path / "out"
    replay(bag, "--bundle", after, "--against", before, "--output", output)
    colored = [cell(number)[0] for number in range(40)]
    total = figures(output)["total"]
    assert total["other_class"] == sum(color in renamed for color in colored)
    assert total["lost"] == total["new"] == 0
    boxes = json.loads((output / "detections.json").read_text("utf-8"))
    names = {one["id"]: one["name"] for one in boxes["categories"]}
    for side in ("baseline_annotations", "annotations"):
        is_changed = is_baseline == (side == "baseline_annotations")
        for color, found in zip(colored, boxes[side], strict=True):
            is_renamed = is_changed and color in renamed
            assert (names[found["category_id"]] == color) is not is_renamed


def test_the_same_network_on_both_sides_is_told(
    replay: Replay, bag: Path, bundle: Path, other: Path, tmp_path: Path
) -> None:
    """As where the new bundle was overwritten by the released one."""
    copy = shutil.copytree(bundle, tmp_path / "new" / "colors")
    rest = ("--output", tmp_path / "out", "--overwrite", "--precision", "fp32")
    for against in (bundle, copy):
        shown = replay(bag, "--bundle", copy, "--against", against, *rest)
        assert "caution: baseline and candidate are the same network" in shown
        assert "(baseline) (baseline)" not in shown
    assert "same network" not in replay(bag, "--bundle", other, "--against", bundle, *rest)


def test_each_side_gets_the_image_as_its_own_bundle_fits_it(
    replay: Replay, bundle: Path, tmp_path: Path
) -> None:
    """The picture is twice as wide as the input; only one of them squeezes it."""
    wide = cv2.resize(picture("red", (2, 3)), (128, 64), interpolation=cv2.INTER_NEAREST)
    bag = write_bag(tmp_path / "drive", image_messages([wide]))
    stretched = write_color_bundle(tmp_path / "stretched", fit="stretch")
    output = tmp_path / "out"
    replay(bag, "--bundle", stretched, "--against", bundle, "--output", output)
    boxes = json.loads((output / "detections.json").read_text("utf-8"))
    (found,) = boxes["annotations"]
    assert found["bbox"] == [2 * 3 * CELL, 2 * CELL, 2 * CELL, CELL]
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        expected = detector.detect(wide).xyxy
    assert [one["bbox"][:2] for one in boxes["baseline_annotations"]] == expected[:, :2].tolist()


def test_an_excerpt_is_looked_at(replay: Replay, bag: Path, bundle: Path, tmp_path: Path) -> None:
    """Ten images a second."""
    output = tmp_path / "out"
    same = ("--bundle", bundle, "--precision", "fp32", "fp32", "--output", output, "--overwrite")
    replay(bag, *same, "--from", "1", "--to", "3", "--every", "4")
    (topic,) = figures(output)["topics"]
    assert topic["compared"] == 5
    replay(bag, bag, *same, "--limit", "50")
    assert figures(output)["images"]["compared"] == 50


def test_images_that_are_no_use_are_skipped_and_counted(
    replay: Replay, bundle: Path, tmp_path: Path
) -> None:
    def messages() -> Iterable[BagMessage]:
        for number, pixels in enumerate(pictures(12)):
            stamp = START + (number if number != 7 else 5) * PERIOD
            jpeg = cv2.imencode(".png", pixels)[1].tobytes()
            data = jpeg[:40] if number % 4 == 3 else jpeg
            message = compressed_message(data, stamp, format="png")
            yield BagMessage("/camera/compressed", START + number * PERIOD, message)

    bag, output = write_bag(tmp_path / "drive", messages()), tmp_path / "out"
    replay(bag, "--bundle", bundle, "--precision", "fp32", "int8", "--output", output)
    found = figures(output)
    assert found["images"]["compared"] == 9
    assert sum(one["images"] for one in found["skipped"]) == 3
    assert {one["topic"] for one in found["skipped"]} == {"/camera/compressed"}


@pytest.mark.parametrize(("usable", "code"), [(4, 1), (5, 0)])
def test_a_limit_fails_where_most_images_cannot_be_decoded(
    replay: Replay, bundle: Path, tmp_path: Path, usable: int, code: int
) -> None:
    def messages() -> Iterable[BagMessage]:
        for number, pixels in enumerate(pictures(10)):
            stamp = START + number * PERIOD
            file = cv2.imencode(".png", pixels)[1].tobytes()
            data = file if number < usable else file[:40]
            yield BagMessage(TOPIC, stamp, compressed_message(data, stamp, format="png"))

    bag, output = write_bag(tmp_path / "drive", messages()), tmp_path / "out"
    same = (bag, "--bundle", bundle, "--precision", "fp32", "int8", "--output", output)
    shown = replay(*same, "--fail-if-lost", "1", code=code)
    assert ("only 4 of 10 images could be used" in shown) is bool(code)
    assert figures(output)["verdict"]["passed"] is not bool(code)


def test_a_limit_fails_where_the_network_of_the_baseline_gives_nan(
    replay: Replay, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    """Of a baseline that publishes nothing, nothing can be lost."""
    broken = break_scores(write_color_bundle(tmp_path / "broken"))
    shown = replay(
        *(bag, "--bundle", bundle, "--against", broken, "--output", tmp_path / "out"),
        *("--fail-if-lost", "0"),
        code=1,
    )
    assert "only 0 of 40 images could be used" in shown


def test_stamps_that_go_backwards_are_reported(
    replay: Replay, bundle: Path, tmp_path: Path
) -> None:
    def messages() -> Iterable[BagMessage]:
        for number, pixels in enumerate(pictures(8)):
            stamp = START + [0, 1, 2, 1, 4, 4, 6, 7][number] * PERIOD
            yield BagMessage(TOPIC, START + number * PERIOD, image_message(pixels, stamp))

    bag, output = write_bag(tmp_path / "drive", messages()), tmp_path / "out"
    replay(bag, "--bundle", bundle, "--precision", "fp32", "int8", "--output", output)
    problems = " ".join(figures(output)["problems"])
    assert "the stamp of 1 image is earlier" in problems
    assert "the stamp of 1 image is the same" in problems


def test_no_usable_image_is_an_error_that_leaves_no_page(
    replay: Replay, bundle: Path, tmp_path: Path
) -> None:
    broken = (
        BagMessage(TOPIC, START + number, compressed_message(b"no jpeg", START + number))
        for number in range(3)
    )
    bag = write_bag(tmp_path / "drive", broken)
    same = ("--bundle", bundle, "--precision", "fp32", "int8", "--output", tmp_path / "out")
    shown = replay(bag, *same, code=1)
    assert "none of 3 images could be compared: 3 " in shown
    assert not (tmp_path / "out").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["drive"]


def test_map_of_both_sides_is_measured_and_judged(
    replay: Replay, bag: Path, bundle: Path, other: Path, tmp_path: Path
) -> None:
    """The other bundle is right about green alone."""
    file, output = tmp_path / "truth.json", tmp_path / "out"
    numbers = range(40)
    truth = {
        "images": [
            {
                "id": n,
                "file_name": f"camera/image_raw/{START // 10**9 + n // 10}.{n % 10}00000000",
                "width": 64,
                "height": 64,
            }
            for n in numbers
        ],
        "categories": [{"id": n, "name": name} for n, name in enumerate(LABELS)],
        "annotations": [
            {
                "id": n,
                "image_id": n,
                "category_id": LABELS.index(cell(n)[0]),
                "bbox": [*box(n)[:2], CELL, CELL],
                "area": CELL**2,
                "iscrowd": 0,
            }
            for n in numbers
        ],
    }
    file.write_text(json.dumps(truth), "utf-8")
    same = (bag, "--bundle", other, "--against", bundle, "--labels-coco", file, "--output", output)
    shown = replay(*same, "--fail-if-map-drops", "0.05", code=1)
    accuracy = figures(output)["accuracy"]
    assert accuracy["baseline"]["mAP@0.5"] == pytest.approx(1)
    assert accuracy["candidate"]["mAP@0.5"] == pytest.approx(1 / 3)
    assert "a drop of 0.6667, allowed are 0.0500" in shown
    assert any("mAP is of 40 of the 40 images" in note for note in figures(output)["notes"])


# What a user may get wrong, and what the answer must name.
WRONG = {
    "three precisions": (["--precision", "fp32", "int8", "fp16"], 1, "one or two, and not"),
    "two baselines": (["--against", "B", "--recorded"], 1, "each name the baseline"),
    "precision not there": (["--precision", "fp32", "fp16"], 1, "choose one of fp32, int8"),
    "no precision": (["--precision", "half"], 2, "'half' is none of auto, fp32, fp16, int8"),
    "greedy": (["--topic", "/a", "BAG"], 2, "is a file or folder and no topic: an option with"),
    "greedy recorded": (["--recorded", "BAG"], 2, "give the BAGs first"),
    "greedy precision": (["--precision", "fp32", "BAG"], 2, "give the BAGs first"),
    "from beyond": (["--from", "100"], 1, "--from 100 is beyond the end of the recording, which"),
    "from after to": (["--from", "3", "--to", "2"], 1, "--from 3 is not before --to 2"),
    "from below": (["--from=-3"], 2, "-3 is below 0"),
    "every none": (["--every", "0"], 2, "'0' is not a whole number of 1 or more"),
    "limit": (["--limit", "many"], 2, "'many' is not a whole number of 1 or more"),
    "threshold": (["--score-threshold", "2"], 2, "2 is not between 0 and 1"),
    "lost": (["--fail-if-lost", "1%"], 2, "'1%' is not a number"),
    "map without annotations": (["--fail-if-map-drops", "0.1"], 1, "give --labels-coco"),
    "no such topic": (["--topic", "/front"], 1, "/camera/image_raw"),
    "no results": (["--recorded"], 1, "leave out --recorded"),
    "no annotations": (
        ["--labels-coco", "none.json", "--precision", "fp32", "int8"],
        1,
        "none.json",
    ),
    "against no bundle": (["--against", "BAG"], 1, "model.json"),
    "backend": (["--backend", "abacus"], 2, "invalid choice: 'abacus'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_with_the_remedy_and_nothing_written(
    replay: Replay, name: str, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    given, code, message = WRONG[name]
    named = [{"BAG": str(bag), "B": str(bundle)}.get(one, one) for one in given]
    shown = replay(bag, "--bundle", bundle, "--output", tmp_path / "out", *named, code=code)
    assert message in shown
    assert list(tmp_path.iterdir()) == []


def test_bags_may_stand_first_or_last(
    replay: Replay, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    same = ("--bundle", bundle, "--precision", "fp32", "int8", "--limit", "3", "--overwrite")
    replay(bag, "--topic", TOPIC, "/camera/image_raw", *same, "--output", output)
    assert figures(output)["images"]["compared"] == 3
    replay(*same, "--output", output, bag, bag)
    assert len(figures(output)["bags"]) == 2


def test_bundles_of_two_tasks_and_annotations_of_a_classifier_are_refused(
    replay: Replay, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    classes = write_classification_bundle(tmp_path / "classes")
    output = ("--output", tmp_path / "out")
    shown = replay(bag, "--bundle", classes, "--against", bundle, *output, code=1)
    assert "compare bundles of the same task" in shown
    truth = ("--labels-coco", tmp_path / "truth.json")
    shown = replay(bag, "--bundle", classes, "--against", classes, *truth, *output, code=1)
    assert "is for classification: leave it out" in shown


@pytest.mark.parametrize("place", ["nowhere", "file.mcap", "empty"])
def test_a_recording_that_is_none_is_refused(
    replay: Replay, place: str, bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "file.mcap").write_bytes(b"no bag at all")
    (tmp_path / "empty").mkdir()
    shown = replay(tmp_path / place, "--bundle", bundle, "--output", tmp_path / "out", code=1)
    assert place in shown
    assert not (tmp_path / "out").exists()


def test_an_earlier_replay_stays_unless_it_is_to_be_replaced(
    replay: Replay, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    same = (bag, "--bundle", bundle, "--precision", "fp32", "int8", "--output", output)
    replay(*same, "--limit", "3")
    before = (output / "replay.json").read_bytes()
    assert "give --overwrite to replace it" in replay(*same, code=1)
    replay(*same, "--overwrite", "--from", "100", code=1)
    assert (output / "replay.json").read_bytes() == before


@pytest.mark.parametrize("library", ["rosbags", "foxglove"])
def test_a_library_that_is_missing_is_named_with_what_installs_it(
    library: str, bag: Path, bundle: Path, tmp_path: Path
) -> None:
    before = f"sys.modules[{library!r}] = None"
    same = (bag, "--bundle", bundle, "--output", tmp_path / "out")
    shown = replay_apart(*same, before=before, code=1)
    assert library in shown
    assert "Install it with: python3 -m pip install rosbags mcap foxglove-sdk" in shown


def test_an_old_python_is_told_so(bag: Path, bundle: Path, tmp_path: Path) -> None:
    before = "import cv2, jsonschema, rich.console; sys.version_info = (3, 8, 10)"
    same = (bag, "--bundle", bundle, "--output", tmp_path / "out")
    assert "replay needs Python 3.10 or newer" in replay_apart(*same, before=before, code=1)


def test_a_full_disk_is_reported_and_leaves_the_earlier_replay(
    bag: Path, bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    same = (bag, "--bundle", bundle, "--precision", "fp32", "int8", "--output", output)
    replay_apart(*same)
    before = {file.name: file.read_bytes() for file in output.iterdir()}
    full = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, resource.RLIM_INFINITY))"
    )
    shown = replay_apart(*same, "--overwrite", before=full, code=1)
    assert "cannot be written" in shown and "Make room" in shown
    assert {file.name: file.read_bytes() for file in output.iterdir()} == before
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_at_once_and_leaves_the_earlier_replay(
    replay: Replay, bundle: Path, tmp_path: Path, number: int
) -> None:
    bag = write_bag(tmp_path / "drive", image_messages(pictures(1000)))
    output = tmp_path / "out"
    same = (*[bag] * 20, "--bundle", bundle, "--precision", "fp32", "int8", "--output", output)
    replay(*same, "--limit", "3")
    before = {file.name: file.read_bytes() for file in output.iterdir()}
    process = start("replay", *same, "--overwrite")
    partial = tmp_path / f".out.partial-{process.pid}" / "detections.mcap"
    wait_for(lambda: partial.exists() and partial.stat().st_size > 0, process)
    process.send_signal(number)
    result = finish(process)
    assert result.exit_code == 130, result.output
    assert "interrupted, nothing was written, an earlier replay is as it was" in result.output
    assert {file.name: file.read_bytes() for file in output.iterdir()} == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["drive", "out"]


@pytest.mark.long
def test_memory_is_the_same_however_long_the_recording_is(bundle: Path, tmp_path: Path) -> None:
    """Ten thousand images of 12 kB, with results of the robot for each. Their bytes alone would
    be 120 MB."""
    bag = recorded_bag(tmp_path / "drive", 2000, 3, "mcap")
    output = tmp_path / "out"
    process = start("replay", *[bag] * 5, "--bundle", bundle, "--output", output)
    written = tmp_path / f".out.partial-{process.pid}" / "detections.mcap"
    wait_for(lambda: written.exists() and written.stat().st_size > 0, process)
    resident: list[int] = []
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            resident.append(psutil.Process(process.pid).memory_info().rss)
        time.sleep(0.05)
    assert finish(process).exit_code == 0
    assert figures(output)["images"]["compared"] == 10000
    early = max(resident[: len(resident) // 5])
    assert max(resident) - early < 20e6
