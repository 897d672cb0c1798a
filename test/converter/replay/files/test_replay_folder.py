"""A replay replaces an earlier one where that is wished, and nothing else."""

import errno
from pathlib import Path

import pytest

from converter.errors import ReplayError
from converter.replay.files.replay_folder import new_replay_folder


def write_replay(output: Path, text: str, overwrite: bool = False) -> None:
    with new_replay_folder(output, overwrite) as folder:
        for name in ("index.html", "replay.json", "detections.mcap"):
            (folder / name).write_text(text, "utf-8")


def content(output: Path) -> set[str]:
    return {file.read_text("utf-8") for file in output.iterdir()}


def test_an_earlier_replay_is_replaced_only_where_that_is_wished(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "out"
    write_replay(output, "first")
    with pytest.raises(ReplayError, match="earlier replay: give --overwrite"):
        write_replay(output, "second")
    assert content(output) == {"first"}
    write_replay(output, "third", overwrite=True)
    assert content(output) == {"third"}
    assert [file.name for file in output.parent.iterdir()] == ["out"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_replay(tmp_path / "out", "first")
    assert content(tmp_path / "out") == {"first"}


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (["metadata.yaml"], "holds 'metadata.yaml', which no replay has written"),
        (["index.html"], "holds other files"),
        (["index.html", "replay.json", "drive.mcap"], "holds 'drive.mcap'"),
    ],
)
def test_another_folder_is_never_replaced(tmp_path: Path, files: list[str], named: str) -> None:
    output = tmp_path / "out"
    output.mkdir()
    for name in files:
        (output / name).write_text("mine", "utf-8")
    with pytest.raises(ReplayError, match=named):
        write_replay(output, "first", overwrite=True)
    assert content(output) == {"mine"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", "utf-8")
    with pytest.raises(ReplayError, match="is no folder: choose another --output"):
        write_replay(tmp_path / "out", "first", overwrite=True)


def test_what_comes_into_the_folder_meanwhile_is_kept(tmp_path: Path) -> None:
    output = tmp_path / "out"
    write_replay(output, "first")
    with pytest.raises(ReplayError, match=r"holds 'notes.txt'"):
        with new_replay_folder(output, overwrite=True):
            (output / "notes.txt").write_text("mine", "utf-8")
    assert content(output) == {"first", "mine"}


def test_a_folder_without_rights_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"denied\. Choose an --output that you may write"):
        with new_replay_folder(tmp_path / "out", overwrite=False):
            raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / ".out"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("disk full")])
def test_after_an_error_the_earlier_replay_is_as_it_was(
    tmp_path: Path, error: BaseException
) -> None:
    write_replay(tmp_path / "out", "first")
    with pytest.raises((KeyboardInterrupt, ReplayError)):
        with new_replay_folder(tmp_path / "out", overwrite=True) as folder:
            (folder / "index.html").write_text("half", "utf-8")
            raise error
    assert content(tmp_path / "out") == {"first"}
    assert [file.name for file in tmp_path.iterdir()] == ["out"]
