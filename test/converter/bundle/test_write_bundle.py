"""Writing beside the old bundle and exchanging the two."""

from pathlib import Path
from typing import Type

import numpy as np
import pytest

from converter.bundle.write_bundle import check_output, new_bundle
from converter.errors import OutputError
from test.color_bundle import picture, write_color_bundle
from test.full_disk import largest_file
from trt_inference.bundles import atomic_write
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector


def assert_works(bundle: Path) -> None:
    """It loads and still finds a red cell."""
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        found = detector.detect(picture("red", (2, 3)))
    assert found.class_ids.tolist() == [2]
    np.testing.assert_allclose(found.xyxy, [[24, 16, 32, 24]], atol=0.01)


def assert_alone(bundle: Path) -> None:
    """Nothing is left beside it, hidden or not."""
    assert [entry.name for entry in bundle.parent.iterdir()] == [bundle.name]


def write_bytes(bundle: Path, size: int) -> None:
    with new_bundle(bundle, overwrite=True) as folder:
        (folder / "model.json").write_bytes(bytes(size))


def test_an_output_that_exists_is_refused_with_the_way_out(color_bundle: Path) -> None:
    with pytest.raises(OutputError, match=rf"'{color_bundle}' exists.*--overwrite"):
        check_output(color_bundle, overwrite=False)


def test_a_folder_that_is_no_bundle_is_never_replaced(tmp_path: Path) -> None:
    precious = tmp_path / "home"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="not a bundle"), new_bundle(precious, overwrite=True):
        pass
    with pytest.raises(OutputError, match="not a bundle"):  # --overwrite would be no help
        check_output(precious, overwrite=False)
    assert (precious / "thesis.txt").read_text() == "years of work"
    assert_alone(precious)


def test_a_folder_that_appears_while_files_go_to_the_disk_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large model takes seconds."""
    output = tmp_path / "bundle"
    flush = atomic_write._flush

    def flush_slowly(folder: Path) -> None:
        flush(folder)
        output.mkdir()
        (output / "thesis.txt").write_text("years of work")

    monkeypatch.setattr(atomic_write, "_flush", flush_slowly)
    with pytest.raises(OutputError, match="not a bundle"):
        write_bytes(output, 10)
    assert (output / "thesis.txt").read_text() == "years of work"


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(OutputError, match="not a bundle"):
        check_output(tmp_path / "file", overwrite=True)


def test_a_reader_sees_the_old_bundle_until_the_new_one_is_whole(color_bundle: Path) -> None:
    with new_bundle(color_bundle, overwrite=True) as folder:
        (folder / "model.json").write_text("new")
        assert_works(color_bundle)
    assert (color_bundle / "model.json").read_text() == "new"
    assert_alone(color_bundle)


def test_the_same_without_an_exchange_of_folders(
    color_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic_write, "_exchange", lambda one, other: False)
    test_a_reader_sees_the_old_bundle_until_the_new_one_is_whole(color_bundle)


def test_a_run_killed_between_two_renamings_gives_the_old_bundle_back(color_bundle: Path) -> None:
    color_bundle.rename(color_bundle.with_name(f".{color_bundle.name}.old"))
    with pytest.raises(ZeroDivisionError), new_bundle(color_bundle, overwrite=True):
        _ = 1 / 0
    assert_works(color_bundle)
    assert_alone(color_bundle)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_bundle_and_nothing_else(
    color_bundle: Path, error: Type[BaseException]
) -> None:
    with pytest.raises(error), new_bundle(color_bundle, overwrite=True) as folder:
        (folder / "model.json").write_text("half")
        raise error
    assert_works(color_bundle)
    assert_alone(color_bundle)


def test_a_full_disk_leaves_the_old_bundle_and_is_reported(color_bundle: Path) -> None:
    expected_error = f"cannot write '{color_bundle}': .*too large"
    with largest_file(4096), pytest.raises(OutputError, match=expected_error):
        write_bytes(color_bundle, 5000)
    assert_works(color_bundle)
    assert_alone(color_bundle)


def test_leftovers_of_killed_runs_go_and_those_of_running_ones_stay(tmp_path: Path) -> None:
    dead, alive = tmp_path / ".[x].partial-99999999", tmp_path / ".[x].partial-1"
    for folder in (dead, alive):
        folder.mkdir()
        (folder / "fp32.onnx").write_bytes(b"part")
    write_color_bundle(tmp_path / "[x]")
    assert not dead.exists()
    assert (alive / "fp32.onnx").exists()


def test_a_link_keeps_pointing_to_the_bundle_that_was_replaced(
    color_bundle: Path, tmp_path: Path
) -> None:
    link = tmp_path / "current"
    link.symlink_to(color_bundle)
    with new_bundle(link, overwrite=True) as folder:
        (folder / "model.json").write_text("new")
    assert link.is_symlink()
    assert (color_bundle / "model.json").read_text() == "new"
    assert {entry.name for entry in tmp_path.iterdir()} == {"current", color_bundle.name}


def test_an_output_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(OutputError, match="cannot write"):
        write_bytes(tmp_path / "file" / "bundle", 1)


def test_missing_parent_folders_are_made(tmp_path: Path) -> None:
    assert_works(write_color_bundle(tmp_path / "a" / "b" / "bundle"))
