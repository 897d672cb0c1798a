"""Files that are no such files: each is told, none stops a conversion."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.model_files.read_model_files import read_model_files
from test.converter.inputs.model_files.telling import told

# Each file that is read, where its tool puts it.
FILES = (
    "saved_model/metadata.yaml",
    "task.json",
    "image_converter.json",
    "pipeline.config",
    "label_map.pbtxt",
    "labels.txt",
    "labelmap.csv",
)
# An alias that stands for ten others, nine times: nobody may write it out.
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


def assert_told(model: Path, file: str, expected: str) -> None:
    facts = read_model_files(model)
    text = told(facts, "files")
    assert Path(file).name in text or "KerasHub" in text
    assert expected in text
    assert facts == ModelFiles(findings=facts.findings)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"\xff\xfe\x00rose", "not text in UTF-8"), (b"x" * (1 << 20) + b"x", "more than 1 MiB")],
)
def test_what_is_no_text_or_too_large(
    model: Path, file: str, content: bytes, expected: str
) -> None:
    (model.parent / file).write_bytes(content)
    assert_told(model, file, expected)


@pytest.mark.parametrize("file", FILES)
def test_a_pipe_is_not_waited_for(model: Path, file: str) -> None:
    os.mkfifo(model.parent / file)
    assert_told(model, file, "not a regular file")


@pytest.mark.parametrize("file", FILES)
def test_a_link_out_of_the_folders_is_not_followed(model: Path, tmp_path: Path, file: str) -> None:
    (tmp_path / "secret").write_text("of the user\n", "utf-8")
    (model.parent / file).symlink_to(tmp_path / "secret")
    assert_told(model, file, "a link out of the model's folders")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("target", ["nowhere", "itself"])
def test_a_link_that_leads_nowhere(model: Path, file: str, target: str) -> None:
    link = model.parent / file
    link.symlink_to(link if target == "itself" else link.with_name("nowhere"))
    assert_told(model, file, "")


def test_a_link_within_the_folders_is_followed(model: Path) -> None:
    (model.parent / "flowers").write_text("rose\ntulip\n", "utf-8")
    (model / "labels.txt").symlink_to(model.parent / "flowers")
    assert read_model_files(model).labels == ("rose", "tulip")


@pytest.mark.parametrize("file", FILES)
def test_a_folder_of_that_name_is_no_file(model: Path, file: str) -> None:
    (model.parent / file).mkdir()
    assert read_model_files(model) == ModelFiles()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_must_not_be_read(model: Path) -> None:
    (model / "labels.txt").touch(mode=0)
    assert_told(model, "labels.txt", "Permission denied")


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("saved_model/metadata.yaml", "names: [rose", "no YAML"),
        ("saved_model/metadata.yaml", "[" * 500_000, "no YAML"),
        ("saved_model/metadata.yaml", "!!python/object/apply:os.getcwd []", "no YAML"),
        ("saved_model/metadata.yaml", "date: 2026-99-99", "no YAML"),
        ("saved_model/metadata.yaml", "- rose\n- tulip\n", "no map but list"),
        ("saved_model/metadata.yaml", "", "no map but NoneType"),
        ("saved_model/metadata.yaml", f"{BOMB}names: *a9\n", "class 0 is no text but list"),
        ("saved_model/metadata.yaml", f"{BOMB}author: Ultralytics\nimgsz: *a9\n", "no height"),
        ("task.json", '{"module": ', "task.json: it is no JSON"),
        ("task.json", "[" * 500_000, "task.json: it is no JSON"),
        ("image_converter.json", "[]", "image_converter.json: it has no map but list"),
        ("pipeline.config", "model {", "no text of protobuf"),
        ("pipeline.config", "model { ssd { num_classes: many } }", "no text of protobuf"),
        ("labels.txt", "", "no names of classes"),
        ("labels.txt", "rose\n\ntulip\n", "class 1 is empty"),
        ("labels.txt", "rose\ntul\x1b[31mip\n", "class 1 has control characters"),
        ("labels.txt", "rose\ntu\u2028lip\n", "class 1 has control characters"),
    ],
)
def test_a_content_that_is_none(model: Path, file: str, text: str, expected: str) -> None:
    (model.parent / file).write_text(text, "utf-8")
    assert_told(model, file, expected)


def test_half_a_character_in_json_is_no_name(model: Path) -> None:
    text = '{"author": "Ultralytics", "names": ["rose", "tu\\ud800lip"]}'  # JSON is YAML as well
    (model / "metadata.yaml").write_text(text, "utf-8")
    facts = read_model_files(model)
    assert facts.labels == ()
    assert "metadata.yaml" in told(facts, "files")


def test_one_broken_file_does_not_hide_the_others(model: Path) -> None:
    (model / "metadata.yaml").write_text("names: [rose", "utf-8")
    (model.parent / "labels.txt").write_text("rose\ntulip\n", "utf-8")
    facts = read_model_files(model)
    assert facts.labels == ("rose", "tulip")
    assert "metadata.yaml is not used" in told(facts, "files")


def test_a_name_that_is_not_utf_8_is_left_alone(model: Path) -> None:
    (model.parent / os.fsdecode(b"\xff_labels.txt")).write_text("rose\n", "utf-8")
    assert read_model_files(model) == ModelFiles()


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    assert read_model_files(tmp_path / "nothing") == ModelFiles()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert read_model_files(tmp_path / "loop").labels == ()
