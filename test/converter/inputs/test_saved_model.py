"""What is read of a SavedModel, and the error when it cannot be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from converter.errors import SavedModelError
from converter.inputs.saved_model import hash_saved_model, read_saved_model
from test.converter.networks import tf


@pytest.fixture
def copy(color_module: Path, tmp_path: Path) -> Path:
    """A SavedModel to damage."""
    return Path(shutil.copytree(color_module, tmp_path / "copy"))


def refusal(path: Path) -> str:
    with pytest.raises(SavedModelError) as error:
        read_saved_model(path)
    return str(error.value)


def test_a_signature_has_the_tensors_that_tensorflow_gives_it(color_module: Path) -> None:
    signature = read_saved_model(color_module).signature("Detect")
    function = tf.saved_model.load(str(color_module)).signatures["Detect"]
    (name,) = function.structured_input_signature[1]
    assert [str(tensor) for tensor in signature.inputs] == ["Images: float32 [?, ?, ?, 3]"]
    assert signature.inputs[0].name == name
    expected = {name: value.dtype.name for name, value in function.structured_outputs.items()}
    assert {tensor.name: tensor.dtype for tensor in signature.outputs} == expected


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere") in refusal(tmp_path / "nowhere")


def test_a_folder_without_a_graph_is_told_how_to_save(tmp_path: Path) -> None:
    assert "model.export(DIR)" in refusal(tmp_path)


def test_the_parent_of_versions_points_to_the_newest(color_module: Path, tmp_path: Path) -> None:
    for version in ("9", "10"):
        shutil.copytree(color_module, tmp_path / "served" / version)
    message = refusal(tmp_path / "served")
    assert f"did you mean '{tmp_path / 'served' / '10'}'?" in message
    assert f"It has '{tmp_path / 'served' / '9'}' too" in message


@pytest.mark.parametrize("place", ["variables", "variables/variables.index", "saved_model.pb"])
def test_a_part_of_a_saved_model_points_to_the_whole(color_module: Path, place: str) -> None:
    assert f"give the folder '{color_module}'" in refusal(color_module / place)


@pytest.mark.parametrize("left", ["keras_metadata.pb", "variables/variables.index"])
def test_a_saved_model_that_was_copied_in_part_is_told(left: str, tmp_path: Path) -> None:
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).write_bytes(b"\n")
    message = refusal(tmp_path)
    assert "has no saved_model.pb" in message and "copy the whole folder again" in message


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_damaged_keras_file_is_told_to_be_copied_again(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK")
    message = refusal(tmp_path / name)
    assert "not its content" in message
    assert "copy it again" in message


def test_a_graph_that_was_cut_short_is_named(copy: Path) -> None:
    file = copy / "saved_model.pb"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    message = refusal(copy)
    assert str(file) in message
    assert "Export the model again" in message


def test_a_pointer_of_git_lfs_is_told_to_be_pulled(copy: Path) -> None:
    (copy / "saved_model.pb").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0")
    assert "git lfs pull" in refusal(copy)


def test_an_empty_graph_file_is_told_how_to_save(copy: Path) -> None:
    (copy / "saved_model.pb").write_bytes(b"")
    assert "model.export(DIR)" in refusal(copy)


@pytest.mark.parametrize("pattern", ["variables.index", "variables.data-*"])
def test_missing_variables_are_named(copy: Path, pattern: str) -> None:
    for file in (copy / "variables").glob(pattern):
        file.unlink()
    message = refusal(copy)
    assert str(copy / "variables" / pattern) in message
    assert "copy the whole" in message


def test_a_model_without_a_signature_is_told_how_to_save(tmp_path: Path) -> None:
    module = tf.Module()
    module.weight = tf.Variable(1.0)
    tf.saved_model.save(module, str(tmp_path / "mute"))
    message = refusal(tmp_path / "mute")
    assert "has no signature" in message
    assert "signatures=" in message


def test_a_wrong_signature_name_lists_the_right_ones(color_module: Path) -> None:
    with pytest.raises(SavedModelError, match=r"no signature 'serve'.*--signature Detect"):
        read_saved_model(color_module).signature("serve")


def test_the_only_signature_need_not_be_named(color_module: Path) -> None:
    assert read_saved_model(color_module).signature().name == "Detect"


@pytest.mark.parametrize("usual", ["serving_default", "default"])
def test_the_usual_one_of_several_signatures_is_taken(
    usual: str, tmp_path: Path, color_module: Path
) -> None:
    module = tf.saved_model.load(str(color_module))
    signatures = {usual: module.signatures["Detect"], "aaa": module.signatures["Detect"]}
    tf.saved_model.save(module, str(tmp_path / "two"), signatures=signatures)
    assert read_saved_model(tmp_path / "two").signature().name == usual


def test_the_hash_follows_the_weights(copy: Path, color_module: Path) -> None:
    assert hash_saved_model(copy) == hash_saved_model(color_module)
    data = next((copy / "variables").glob("variables.data-*"))
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    assert hash_saved_model(copy) != hash_saved_model(color_module)
