"""The figures of a replay for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import converter.replay.files
from converter.comparison.accuracy import Accuracy
from converter.replay.files.replay_json import replay_json
from converter.replay.results.replay_results import Judgement, ReplayResults, ReplaySpeed
from test.converter.replay import replay_samples

SCHEMA = Path(converter.replay.files.__file__).with_name("replay.schema.json")


def load(results: ReplayResults) -> dict[str, Any]:
    """The content, as a strict reader takes it."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    content = json.loads(replay_json(results), parse_constant=refuse)
    jsonschema.validate(content, json.loads(SCHEMA.read_text("utf-8")))
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("make", replay_samples.EVERY_SAMPLE)
def test_the_file_keeps_to_its_schema(make: Callable[[], ReplayResults]) -> None:
    results = make()
    content = load(results)
    assert content["task"] == results.task
    assert content["images"] == {"compared": results.compared, "differing": results.differing}
    assert len(content["timeline"]) == len(results.timeline)


def test_the_schema_is_one_that_leaves_nothing_out() -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    assert set(schema["required"]) == set(schema["properties"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**load(replay_samples.detection()), "more": 1}, schema)


def test_figures_of_classes_are_those_of_the_tally() -> None:
    content = load(replay_samples.detection())
    circle = content["classes"][0]
    assert circle["name"] == "circle"
    assert (circle["baseline"], circle["candidate"], circle["matched"]) == (700, 703, 699)
    assert (circle["lost"], circle["faded"], circle["became"]) == (1, 1, 1)
    assert content["total"]["lost_share"] == pytest.approx(4 / 1274)
    assert content["total"]["new_share"] == pytest.approx(6 / 1274)


def test_sides_judgement_accuracy_and_speed() -> None:
    content = load(replay_samples.detection())
    assert content["baseline"]["title"] == "shapes fp32"
    assert content["candidate"]["score_threshold"] == 0.4
    assert content["verdict"]["passed"] is True
    assert content["verdict"]["kept"]
    assert content["accuracy"]["candidate"] == {"mAP@0.5": 0.9287, "mAP@[.5:.95]": 0.8071}
    assert content["speed"]["share"] == pytest.approx(345.6 / 371.2)
    assert content["speed"]["stages_ms"]["decode"] == 1.25
    assert content["skipped"][0]["images"] == 2
    failed = replace(replay_samples.detection(), judgement=Judgement(failures=("too many",)))
    assert load(failed)["verdict"]["passed"] is False
    assert load(replay_samples.nothing_differs())["accuracy"] is None


def test_the_worst_images_are_there_by_name_without_pictures() -> None:
    results = replay_samples.detection()
    content = load(results)
    assert [one["name"] for one in content["worst"]] == [one.name for one in results.worst]
    assert content["worst"][0]["differences"] == list(results.worst[0].differences)
    assert len(replay_json(results)) < 20_000


def test_numbers_that_are_not_finite_are_null() -> None:
    nan, infinity = float("nan"), float("inf")
    content = load(
        replace(
            replay_samples.detection(),
            speed=ReplaySpeed(infinity, nan),
            accuracy=(Accuracy(1, nan, 0.5), Accuracy(1, 0.5, nan)),
        )
    )
    assert content["speed"]["images_per_second"] is None
    assert content["accuracy"]["baseline"] == {"mAP@0.5": None, "mAP@[.5:.95]": 0.5}


def test_names_come_back_as_they_are() -> None:
    results = replay_samples.huge()
    assert load(results)["classes"][0]["name"] == replay_samples.HOSTILE
    no_utf8 = load(replace(results, bags=("stra\udcdfe",)))
    assert no_utf8["bags"] == ["stra\\udcdfe"]
