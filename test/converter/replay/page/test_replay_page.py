"""The page of a replay: that it holds what a user needs, with the right figures, and nothing that
foreign text could do harm with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.replay.page.draw_page import draw_replay_page
from converter.replay.results.replay_results import (
    ClassTally,
    Judgement,
    ReplayResults,
    SkippedKind,
    TimeBin,
)
from test.converter.replay import replay_samples
from test.converter.report.parsed import DATA, Page, decode

Draw = Callable[[ReplayResults], Page]
each_sample = pytest.mark.parametrize("make", replay_samples.EVERY_SAMPLE)


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Draws a page and takes it apart."""

    def drawn(results: ReplayResults) -> Page:
        file = tmp_path / "index.html"
        file.write_text(draw_replay_page(results), "utf-8")
        return Page(file)

    return drawn


def tone(page: Page) -> str:
    """How the verdict is coloured."""
    classes = [value.split() for _, name, value in page.attributes if name == "class"]
    (found,) = (value[1] for value in classes if value[:1] == ["verdict"])
    return found


def shapes(page: Page, tag: str, name: str) -> list[dict[str, str]]:
    """The attributes of the drawing's shapes with that class."""
    found = re.findall(rf'<{tag} class="{name}" ([^>]*?)/?>', page.source)
    return [dict(re.findall(r'([\w-]+)="([^"]*)"', text)) for text in found]


def numbers(shape: dict[str, str], *names: str) -> list[float]:
    return [float(shape[name]) for name in names]


@each_sample
def test_the_page_needs_nothing_beside_it_and_runs_nothing(
    make: Callable[[], ReplayResults], draw: Draw
) -> None:
    page = draw(make())
    assert not {"script", "link", "iframe", "object", "base", "style "} & set(page.tags)
    links = [value for _, name, value in page.attributes if name in ("src", "href", "srcset")]
    targets = {value for _, name, value in page.attributes if name == "id"}
    assert all(link.startswith(DATA) or link[1:] in targets for link in links)
    assert not [word for word in ("://", "url(", "@import") if word in page.source]
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    policies = [value for tag, name, value in page.attributes if (tag, name) == ("meta", "content")]
    assert any(value.startswith("default-src 'none'") for value in policies)


def test_the_verdict_comes_first_with_what_was_compared(draw: Draw) -> None:
    page = draw(replay_samples.detection())
    body = page.source[page.source.index("<body>") :]
    order = [body.index(f'id="{name}"') for name in ("compared", "verdict", "figures", "timeline")]
    assert order == sorted(order)
    assert page.texts["compared"] == "baseline shapes fp32 → candidate shapes int8"
    assert page.texts["verdict"].startswith(
        "! 3 of 1,274 detections are lost, 5 are new, 1 has another class; 8 of 450 images differ"
    )
    assert "450 images of 2 cameras" in page.texts["verdict"]
    assert "drive_3, drive_4.mcap" in page.texts["over"]
    assert "/home/someone" not in page.source


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lost": 1}, "1 of 1,274 detections is lost"),
        ({"new": 2}, "2 detections are new"),
        ({"new": 1, "other_class": 1}, "1 detection is new, 1 has another class"),
        ({"moved": 1}, "No detection is lost or new; 1 of 1,274 detections has moved"),
        ({"score_shifted": 7}, "7 of 1,274 detections have another score"),
    ],
)
def test_the_headline_names_what_differs(changes: dict[str, float], words: str, draw: Draw) -> None:
    total = ClassTally("all classes", 1274, 1274, 1274, **changes)
    page = draw(replace(replay_samples.nothing_differs(), total=total, differing=3))
    assert words in page.texts["verdict"]
    assert "in 3 of 450 images" in page.texts["verdict"]


def test_images_in_which_something_only_moved_are_not_said_to_have_what_is_lost(draw: Draw) -> None:
    total = ClassTally("all classes", 1274, 1272, 1272, lost=2, moved=9)
    page = draw(replace(replay_samples.nothing_differs(), total=total, differing=7))
    words = "2 of 1,274 detections are lost; 7 of 450 images differ"
    assert f"{words} 450 images" in " ".join(page.texts["verdict"].split())


def test_it_is_good_where_nothing_differs_and_nothing_is_doubtful(draw: Draw) -> None:
    page = draw(replay_samples.nothing_differs())
    assert tone(page) == "good"
    assert page.texts["verdict"].startswith("✓ No difference in 450 images")
    assert "cautions" not in page.texts


def test_only_files_that_there_are_beside_the_page_are_named(draw: Draw) -> None:
    boxes, classes = draw(replay_samples.detection()), draw(replay_samples.classification())
    assert "detections.mcap and detections.json beside" in boxes.source
    assert "detections.mcap beside" in classes.source
    assert "detections.json" not in classes.source


NOTHING_FOUND = ClassTally("all classes")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"skipped": (SkippedKind("/a", "broken", 2, "x"),)}, "2 images could not be compared"),
        ({"problems": ("the index is missing",)}, "the index is missing"),
        ({"total": NOTHING_FOUND}, "Neither side finds anything"),
        ({"compared": 0}, "No image was compared"),
        ({"differing": 3}, "in 3 of 450 images"),
    ],
)
def test_it_is_not_good_where_something_is_to_be_cared_about(
    changes: dict[str, Any], words: str, draw: Draw
) -> None:
    page = draw(replace(replay_samples.nothing_differs(), **changes))
    assert tone(page) == "care"
    assert words in page.texts["verdict"]


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize(
    ("counts", "is_care"),
    [
        ({"not_finite": 2}, True),
        ({"missing": 451}, True),
        ({"missing": 3}, False),
    ],
)
def test_results_that_a_side_lacks_are_told(
    name: str, counts: dict[str, int], is_care: bool, draw: Draw
) -> None:
    results = replay_samples.nothing_differs()
    page = draw(replace(results, **{name: replace(getattr(results, name), **counts)}))
    assert (tone(page) == "care") == is_care
    (number,) = counts.values()
    assert {"before": "baseline", "after": "candidate"}[name] in page.texts["verdict"]
    assert f"{number} " in page.texts["verdict"]


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [
        (0.25, 0.4, True),
        (0.4, 0.25, True),
        (float(np.float32(0.4)), 0.4, False),
        (None, 0.4, False),
    ],
)
def test_thresholds_that_make_differences_by_themselves_are_told(
    before: float | None, after: float, is_told: bool, draw: Draw
) -> None:
    results = replay_samples.nothing_differs()
    page = draw(
        replace(
            results,
            before=replace(results.before, score_threshold=before),
            after=replace(results.after, score_threshold=after),
        )
    )
    cautions = page.texts.get("cautions", "")
    assert ("from a score of 0.25" in cautions or "from 0.25" in cautions) is is_told
    assert tone(page) == ("care" if is_told else "good")


def test_a_camera_of_which_nothing_was_compared_is_told(draw: Draw) -> None:
    results = replay_samples.nothing_differs()
    silent = results.topics[0]._replace(name="/camera/silent", compared=0)
    page = draw(replace(results, topics=(*results.topics, silent)))
    assert tone(page) == "care"
    assert "/camera/silent" in page.texts["cautions"]


def test_limits_decide_where_nothing_else_is_doubtful(draw: Draw) -> None:
    results = replace(replay_samples.detection(), skipped=())
    kept = draw(results)
    assert tone(kept) == "within"
    assert kept.texts["limits"] == "✓ 4 of 1,274 detections lost: 0.31 %, allowed are 1.00 %"
    judgement = Judgement(failures=("too many are lost",), kept=("few are new",))
    page = draw(replace(results, judgement=judgement))
    assert tone(page) == "failed"
    assert page.texts["limits"] == "✕ too many are lost ✓ few are new"


def test_tiles_have_the_figures_that_matter(draw: Draw) -> None:
    page = draw(replay_samples.detection())
    facts = page.facts
    assert facts["images compared"] == "450"
    assert facts["images that differ: 1.78 %"] == "8"
    assert facts["lost of 1,274, 2 of them faded"] == "3"
    assert "new 5 other class 1 moved 2 score shifted 5" in page.texts["figures"]
    assert facts["mAP@0.5, 0.0025 less than the baseline’s 0.9312"] == "0.9287"


def test_accuracy_of_both_sides_and_its_change(draw: Draw) -> None:
    page = draw(replay_samples.detection())
    assert page.row("mAP@0.5") == ["0.9312", "0.9287", "-0.0025"]
    assert page.row("mAP@[.5:.95]") == ["0.8123", "0.8071", "-0.0052"]
    assert "450 labelled images" in page.texts["accuracy"]


def test_each_class_has_its_figures(draw: Draw) -> None:
    results = replay_samples.detection()
    page = draw(results)
    for tally in (results.total, *results.classes):
        cells = page.row(tally.name)
        lost = f"{tally.lost:g}{f'{tally.faded:g} faded' if tally.faded else ''}"
        counts = (tally.before, tally.after, tally.matched)
        rest = (tally.new, tally.other_class, tally.moved, tally.score_shifted)
        assert cells[:3] == [f"{value:,}" for value in counts]
        assert cells[3] == lost
        assert cells[4:8] == [f"{value:g}" for value in rest]
        assert float(cells[8].rstrip(" %")) == pytest.approx(
            100 * (tally.lost + tally.other_class) / tally.before, abs=0.005
        )


def test_classes_of_images(draw: Draw) -> None:
    page = draw(replay_samples.classification())
    assert "12 of 60 images get another class" in page.texts["verdict"]
    assert page.row("circle")[:5] == ["40", "28", "28", "12", "0"]
    assert page.facts["get another class"] == "12"


def test_pixels_are_shares_with_their_iou(draw: Draw) -> None:
    page = draw(replay_samples.segmentation())
    headline = "1.00 % of the pixels have another class; 6 of 60 images differ much"
    assert headline in page.texts["verdict"]
    assert page.row("circle")[:5] == ["30.0 %", "31.0 %", f"{30 / 31:.4f}", "0 %", "3.33 %"]
    assert page.row("triangle")[:5] == ["10.0 %", "9.00 %", "0.9000", "10.0 %", "0 %"]


def test_the_timeline_shows_differences_and_gaps_where_they_are(draw: Draw) -> None:
    results = replay_samples.detection()
    page = draw(results)
    pieces = [numbers(one, "x", "width") for one in shapes(page, "rect", "piece")]
    assert len(pieces) == len(results.timeline)
    left, right = pieces[0][0], sum(pieces[-1])

    def at(seconds: float) -> float:
        return left + (right - left) * seconds / 15

    differing = [one for one in results.timeline if one.differences]
    bars = [numbers(one, "x", "height") for one in shapes(page, "rect", "differing")]
    assert [x for x, _ in bars] == pytest.approx([at(one.start) for one in differing], abs=0.1)
    unit = bars[0][1] / differing[0].differences
    expected = [unit * one.differences for one in differing]
    assert [height for _, height in bars] == pytest.approx(expected, rel=0.01)
    ((x, width),) = (numbers(one, "x", "width") for one in shapes(page, "rect", "gap"))
    assert (x, x + width) == pytest.approx((at(9), at(10)), abs=0.1)
    marks = re.findall(r'href="#worst-(\d)".*?class="worst" d="M([\d.]+)', page.source, re.DOTALL)
    places = {int(number): float(x) for number, x in marks}
    assert places == {
        number: pytest.approx(at(one.seconds), abs=0.1)
        for number, one in enumerate(results.worst, 1)
    }


def test_the_lines_of_both_sides_are_as_high_as_they_find(draw: Draw) -> None:
    bins = (TimeBin(0, 1, 10, 20, 40, 1), TimeBin(1, 2, 5, 20, 10, 1), TimeBin(2, 3, 0, 0, 0, 0))
    page = draw(replace(replay_samples.detection(), timeline=bins, worst=()))
    lines = {name: shapes(page, "path", name)[0]["d"] for name in ("before", "after")}
    heights = {name: re.findall(r"[,V]([\d.]+)", line) for name, line in lines.items()}
    # An image has 2 and 4 detections in the baseline, 4 and 2 in the candidate.
    assert heights["before"] == heights["after"][::-1]
    assert float(heights["before"][0]) > float(heights["before"][1])
    titles = re.findall(r"<title>([^<]*)</title>", page.source)
    assert any("2.00 (baseline) and 4.00 (candidate)" in title for title in titles)
    assert any("2.00 s to 3.00 s: no image was compared" in title for title in titles)


@pytest.mark.parametrize("end", [5.0, 5.02, 5.5])
def test_a_recording_of_a_moment_has_a_timeline(end: float, draw: Draw) -> None:
    bins = (TimeBin(5.0, end, 1, 3, 3, 2),)
    page = draw(replace(replay_samples.one_image(), timeline=bins))
    ((width,),) = (numbers(one, "width") for one in shapes(page, "rect", "differing"))
    assert width > 800
    assert not shapes(page, "rect", "gap")


def test_the_worst_images_are_shown_with_what_differs(draw: Draw) -> None:
    results = replay_samples.detection()
    page = draw(results)
    shown = page.pictures()
    expected = [picture for one in results.worst for picture in one.pictures]
    files = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert len(shown) == len(expected) == 6
    assert [(decode(file) == picture).all() for file, picture in zip(files, shown, strict=True)]
    for number, one in enumerate(results.worst, 1):
        text = page.texts[f"worst-{number}"]
        assert text.startswith(f"{number}. {one.topic}")
        assert one.name.rpartition("/")[2] in text
        assert all(difference in text for difference in one.differences)


def test_all_differences_of_an_image_are_there(draw: Draw) -> None:
    page = draw(replay_samples.huge())
    assert page.texts["worst-20"].count("score shifted:") == 12


def test_what_was_skipped_is_told_with_the_reason(draw: Draw) -> None:
    page = draw(replay_samples.detection())
    rows = page.tables["What was skipped, and why"]
    assert rows[1] == [
        "/camera/front/image_raw",
        "the image is truncated",
        "2",
        "image of 921600 bytes, 1280x720 bgr8 needs 2764800",
    ]
    assert "/depth/image_raw" in page.texts["notes"]
    cameras = page.tables["Cameras"]
    assert cameras[1] == ["/camera/front/image_raw", "sensor_msgs/Image", "300", "300", "298"]


def test_speed_is_beside_that_of_the_engines(draw: Draw) -> None:
    page = draw(replay_samples.detection())
    assert page.facts["images a second, all together"] == "345.6"
    assert page.facts["images a second, the engines alone"] == "371.2"
    assert page.facts["of the engines’ rate"] == f"{100 * 345.6 / 371.2:.0f} %"
    assert page.row("decode")[0] == "1.25 ms"
    recorded = replace(replay_samples.detection().speed, bare=None)
    facts = draw(replace(replay_samples.detection(), speed=recorded)).facts
    assert "images a second, the engines alone" not in facts


def test_both_sides_are_described(draw: Draw) -> None:
    page = draw(replay_samples.classification())
    assert page.row("run by") == ["/detector/classification", "ONNX Runtime 1.26 on this CPU"]
    assert page.row("published from score") == ["not known", "0.4"]
    assert page.row("images without a result") == ["12", "0"]


def test_foreign_text_is_shown_as_it_is_and_does_no_harm(draw: Draw) -> None:
    page = draw(replay_samples.huge())
    assert "<script" not in page.source
    assert "<b>bold" not in page.source
    assert not [one for one in ("\x1b", "\u202e", "x" * 400) if one in page.source]
    assert page.texts["compared"].startswith('baseline <script>alert("x")</script>\\x1b[2J')


def test_names_with_bytes_that_are_no_utf_8_are_written(draw: Draw) -> None:
    page = draw(replace(replay_samples.detection(), bags=("bags/stra\udcdfe",)))
    assert "stra\\xdfe" in page.texts["over"]


def test_nothing_is_claimed_where_nothing_was_compared(draw: Draw) -> None:
    page = draw(replay_samples.empty())
    assert "No image was compared" in page.texts["verdict"]
    assert "broken.mcap ends in the middle of a message" in page.texts["cautions"]
    assert not {"timeline", "worst", "classes"} & set(page.texts)
    assert "lost" not in page.facts
    assert "truncated" in page.texts["skipped"]
