"""A run of the benchmarks as a file."""

import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from benchmarks.figures import MORE, Figure, Sheet
from benchmarks.stored_run import SCHEMA_VERSION, StoredRunError, new_run, read_run, save_run
from trt_inference.bundles.bundle import sha256_of_file

SHEETS = [
    Sheet(
        "node",
        "the node",
        "camera/s",
        [
            Figure("30", "p50", "ms", (3.25, 3.5, 3.0), digits=3),
            Figure("30", "bare", "/s", (30.0,), better=MORE, ours=False),
        ],
        "times in ms",
    )
]


@pytest.fixture
def stored(tmp_path: Path, shared_color_bundle: Path) -> Path:
    file = tmp_path / "run.json"
    save_run(file, new_run(shared_color_bundle, {"seconds": "4"}, SHEETS))
    return file


def test_what_was_saved_is_read(stored: Path, shared_color_bundle: Path) -> None:
    run = read_run(stored)
    assert run.sheets == SHEETS
    assert run.options == {"seconds": "4"}
    assert run.bundle["name"] == "colors"
    assert run.bundle["sha256"] == sha256_of_file(shared_color_bundle / "model.json")
    assert int(run.machine["cores"]) >= 1 and run.machine["numpy"]


def test_an_older_run_is_replaced_and_nothing_is_left_beside_it(
    stored: Path, shared_color_bundle: Path
) -> None:
    save_run(stored, new_run(shared_color_bundle, {}, []))
    assert read_run(stored).sheets == []
    assert [file.name for file in stored.parent.iterdir()] == [stored.name]


def test_a_run_that_cannot_be_written_is_told(tmp_path: Path, stored: Path) -> None:
    with pytest.raises(StoredRunError, match="cannot be written"):
        save_run(stored / "inside.json", read_run(stored))


def without_sheets(content: Dict[str, Any]) -> None:
    del content["sheets"]


def of_the_next_version(content: Dict[str, Any]) -> None:
    content["schema_version"] = SCHEMA_VERSION + 1


def without_samples(content: Dict[str, Any]) -> None:
    content["sheets"][0]["figures"][0]["samples"] = []


def with_a_text_as_sample(content: Dict[str, Any]) -> None:
    content["sheets"][0]["figures"][0]["samples"] = ["fast"]


def without_a_number(content: Dict[str, Any]) -> None:
    content["sheets"][0]["figures"][0]["samples"] = [float("nan")]


def with_digits_in_words(content: Dict[str, Any]) -> None:
    content["sheets"][0]["figures"][0]["digits"] = "two"


def with_a_text_as_machine(content: Dict[str, Any]) -> None:
    content["machine"] = "mine"


@pytest.mark.parametrize(
    "damage",
    [
        without_sheets,
        of_the_next_version,
        without_samples,
        with_a_text_as_sample,
        without_a_number,
        with_digits_in_words,
        with_a_text_as_machine,
    ],
)
def test_a_damaged_run_is_refused_with_what_to_do(
    stored: Path, damage: Callable[[Dict[str, Any]], None]
) -> None:
    content = json.loads(stored.read_text("utf-8"))
    damage(content)
    stored.write_text(json.dumps(content), "utf-8")
    with pytest.raises(StoredRunError, match="Store it again, with --save"):
        read_run(stored)


@pytest.mark.parametrize("text", ["", "[]", "7", '{"schema_version": 1', "\xff"])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "run.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(StoredRunError, match="is not a run that this version can read"):
        read_run(file)


def test_a_missing_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoredRunError, match=r"none\.json cannot be read: No such file"):
        read_run(tmp_path / "none.json")


def test_a_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(StoredRunError, match="cannot be read"):
        read_run(tmp_path)
