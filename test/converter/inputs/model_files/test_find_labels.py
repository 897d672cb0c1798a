"""Lists of labels: of Model Maker, TensorFlow Hub, Teachable Machine, Coral and of people."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.model_files.read_model_files import read_model_files
from test.converter.inputs.model_files.telling import told


def read(model: Path, **texts: str) -> ModelFiles:
    """With files of these texts; the names have __ for a folder and _dot_ for a dot."""
    for name, text in texts.items():
        path = model.parent / name.replace("__", "/").replace("_dot_", ".")
        path.write_text(text, "utf-8", newline="")
    return read_model_files(model)


def labels(model: Path, text: str, classes: int) -> tuple[str, ...]:
    return read(model, labels_dot_txt=text).labels_for(classes)[0]


def test_labels_beside_the_model_are_those_of_model_maker(model: Path) -> None:
    labels, finding = read(model, labels_dot_txt="rose\ntulip\nträger").labels_for(3)
    assert labels == ("rose", "tulip", "träger")
    assert finding is not None
    assert finding.text == "3 names from labels.txt beside the SavedModel"


def test_windows_and_empty_lines_at_the_end_do_not_count(model: Path) -> None:
    assert labels(model, "\ufeffrose\r\ntulip\r\n\r\n", 2) == ("rose", "tulip")


def test_a_class_without_a_name_is_numbered(model: Path) -> None:
    """Model Maker's detectors have ??? for a number that was left out."""
    assert labels(model, "rose\n???\ntulip\n", 3) == ("rose", "class 1", "tulip")


def test_the_first_of_imagenet_labels_is_background_where_the_network_has_none(
    model: Path,
) -> None:
    names = ["background", *(f"thing {number}" for number in range(1000))]
    facts = read(model, saved_model__assets__ImageNetLabels_dot_txt="\n".join(names))
    assert facts.labels_for(1001)[0] == tuple(names)
    labels, finding = facts.labels_for(1000)
    assert labels == tuple(names[1:])
    assert finding is not None
    assert "ImageNetLabels.txt in the SavedModel, without its first, background" in finding.text


@pytest.mark.parametrize(("names", "classes"), [(2, 3), (3, 2), (1001, 80), (1, 2)])
def test_labels_of_another_number_of_classes_are_told_and_not_used(
    model: Path, names: int, classes: int
) -> None:
    text = "\n".join(f"thing {number}" for number in range(names))
    labels, finding = read(model, labels_dot_txt=text).labels_for(classes)
    assert labels == ()
    assert finding is not None
    assert finding.text.startswith("none, because labels.txt beside the SavedModel has ")
    assert f"{names} name" in finding.text
    assert f"the model {classes} classes: give --labels" in finding.text


def test_numbers_before_the_names_are_no_part_of_them(model: Path) -> None:
    assert labels(model, "0 rose\n1 tulip pink\n", 2) == ("rose", "tulip pink")  # Teachable Machine
    assert labels(model, "0  rose\n3  tulip\n", 4) == ("rose", "class 1", "class 2", "tulip")
    assert labels(model, "1: rose\n2: tulip\n", 2) == ("rose", "tulip")
    assert labels(model, "1 rose\n3 tulip\n", 3) == ("rose", "class 2", "tulip")


def test_numbers_that_are_part_of_names_stay(model: Path) -> None:
    assert labels(model, "0\n1\n2\n", 3) == ("0", "1", "2")
    assert labels(model, "1 euro\n2 euro\n3 euro\n", 3) == ("1 euro", "2 euro", "3 euro")
    assert labels(model, "5 cent\n10 cent\n", 2) == ("5 cent", "10 cent")


@pytest.mark.parametrize(
    "name",
    [
        "Labels.txt",
        "labelmap.txt",
        "label_map.txt",
        "classes.txt",
        "class_names.txt",
        "class_labels.txt",
        "output_labels.txt",
        "flower-labels.txt",
        "valve_labels.txt",
        "flowers.names",
    ],
)
def test_lists_are_known_by_these_names(model: Path, name: str) -> None:
    (model / name).write_text("rose\ntulip\n", "utf-8")
    assert read_model_files(model).labels == ("rose", "tulip")


@pytest.mark.parametrize(
    "name", ["train_labels.txt", "my_val_labels.txt", "tokens.txt", "vocab.txt", "notes.txt"]
)
def test_other_lists_are_left_alone(model: Path, name: str) -> None:
    (model / "assets" / name).write_text("rose\ntulip\n", "utf-8")
    assert read_model_files(model) == ModelFiles()


@pytest.mark.parametrize("header", ["id,name", "index,mid,display_name"])
def test_a_table_in_the_assets_has_a_name_for_each_number(model: Path, header: str) -> None:
    rows = [[str(number), *["/m/0"] * (header.count(",") - 1)] for number in (1, 0)]
    names = ['"tulip, pink"', "rose"]
    lines = [header, *(",".join([*row, name]) for row, name in zip(rows, names, strict=True))]
    (model / "assets" / "flower_class_map.csv").write_text("\n".join(lines), "utf-8")
    assert read_model_files(model).labels_for(2)[0] == ("rose", "tulip, pink")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("number;name\n0;rose\n", "no column index"),
        ("id,name\nzero,rose\n", "column id has not only numbers"),
        ("id,name\n0,rose\n0,tulip\n", "class number 0 has two names"),
        ("id,name\n0\n", "class 0 is empty"),
        ('id,name\n0,"rose\n', "no table"),
        ("", "no column index"),
    ],
)
def test_a_table_with_a_fault_is_told_and_not_used(model: Path, text: str, expected: str) -> None:
    (model / "assets" / "labelmap.csv").write_text(text, "utf-8")
    facts = read_model_files(model)
    assert facts.labels == ()
    assert told(facts, "files").startswith("labelmap.csv is not used: ")
    assert expected in told(facts, "files")


def test_several_different_lists_are_told_and_none_is_taken(model: Path) -> None:
    facts = read(model, labels_dot_txt="rose\ntulip\n", classes_dot_txt="tulip\nrose\n")
    assert facts.labels == ()
    assert told(facts, "labels") == (
        "none, because classes.txt, labels.txt have different ones: choose with --labels"
    )


def test_several_lists_of_the_same_names_are_one(model: Path) -> None:
    facts = read(model, labels_dot_txt="rose\ntulip\n", classes_dot_txt="rose\r\ntulip")
    assert facts.labels == ("rose", "tulip")


def test_labels_inside_of_the_savedmodel_come_before_those_beside_it(model: Path) -> None:
    facts = read(
        model,
        labels_dot_txt="cat\ndog\n",
        saved_model__assets__labels_dot_txt="rose\ntulip\n",
    )
    assert facts.labels == ("rose", "tulip")


def test_labels_beside_several_models_are_told_and_not_read(model: Path) -> None:
    other = model.parent / "other_model"
    other.mkdir()
    (other / "saved_model.pb").touch()
    facts = read(model, labels_dot_txt="rose\ntulip\n", pipeline_dot_config="")
    assert facts.labels == ()
    assert "pipeline.config, labels.txt beside the SavedModel is not read" in told(facts, "files")


def test_numbered_folders_are_versions_of_one_model(tmp_path: Path) -> None:
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "saved_model.pb").touch()
    (tmp_path / "labels.txt").write_text("rose\ntulip\n", "utf-8")
    assert read_model_files(tmp_path / "2").labels == ("rose", "tulip")


def test_the_folder_above_is_found_from_inside_too(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (model.parent / "labels.txt").write_text("rose\ntulip\n", "utf-8")
    monkeypatch.chdir(model)
    assert read_model_files(Path(".")).labels == ("rose", "tulip")


def test_a_module_of_the_hub_takes_pixels_from_0_to_1(model: Path) -> None:
    (model / "tfhub_module.pb").write_bytes(b"\x08\x03")
    facts = read_model_files(model)
    assert facts.pixels is not None
    assert (facts.pixels.channels, facts.pixels.scale) == ("rgb", 1 / 255)
    assert "tfhub_module.pb" in told(facts, "pixels")
    assert not told(facts, "files")


def test_a_model_without_such_files_tells_nothing(model: Path) -> None:
    assert read_model_files(model) == ModelFiles()
    assert read_model_files(model).labels_for(3) == ((), None)
