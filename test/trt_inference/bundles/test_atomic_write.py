"""Files and folders are whole or the old ones, and nothing of a run that ended is left."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest

from test.full_disk import largest_file
from trt_inference.bundles.atomic_write import (
    new_folder,
    new_text_file,
    write_file,
    write_files,
)

KILLED = """
import os, signal, sys
from pathlib import Path
from trt_inference.bundles.atomic_write import new_text_file
with new_text_file(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def contents(folder: Path) -> Dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    write_file(tmp_path / "a" / "b" / "file", b"text")
    assert contents(tmp_path / "a" / "b") == {"file": b"text"}


def test_several_files_are_all_new_or_all_old(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write_files({one: b"old", other: b"old"})
    with largest_file(100), pytest.raises(OSError, match="too large"):
        write_files({one: b"new", other: bytes(101)})
    assert contents(tmp_path) == {"one": b"old", "other": b"old"}
    write_files({one: b"new", other: b"new"})
    assert contents(tmp_path) == {"one": b"new", "other": b"new"}


def test_a_text_that_is_written_in_parts_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    write_file(file, b"old")
    link.symlink_to(file)
    with pytest.raises(KeyboardInterrupt), new_text_file(link) as stream:
        stream.write("new")
        raise KeyboardInterrupt
    assert contents(tmp_path) == {"file": b"old", "link": b"old"}
    with new_text_file(link) as stream:
        stream.write("ü\n")
        stream.flush()
        assert file.read_bytes() == b"old"
        stream.write("\udce9")
    assert contents(tmp_path) == {"file": b"\xc3\xbc\n\\udce9", "link": b"\xc3\xbc\n\\udce9"}
    assert link.is_symlink()


@pytest.mark.parametrize("letter", ["x", "ü", "\udcfc"])
def test_a_name_may_be_as_long_as_names_are(letter: str, tmp_path: Path) -> None:
    long = letter * (254 // len(os.fsencode(letter)))
    ended = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / long)])
    ended.wait()
    assert len(contents(tmp_path)) == 1  # what was killed left a part
    write_files({tmp_path / long: b"text", tmp_path / f"{long[:-1]}.": b"other"})
    with new_text_file(tmp_path / long) as stream:
        stream.write("new")
    assert contents(tmp_path) == {long: b"new", f"{long[:-1]}.": b"other"}


def test_a_device_is_written_to_and_not_replaced() -> None:
    with new_text_file(Path("/dev/null")) as stream:
        stream.write("text")
    assert Path("/dev/null").is_char_device()


def test_a_reader_never_sees_a_part_of_a_file(tmp_path: Path) -> None:
    """The file has 16 MB: a reader would see it grow."""
    file = tmp_path / "file"
    write_file(file, b"old")
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib; from trt_inference.bundles.atomic_write import write_file\n"
            "for _ in range(10): write_file(pathlib.Path(sys.argv[1]), bytes(1 << 24))",
            str(file),
        ]
    )
    sizes = set()
    while writer.poll() is None:
        sizes.add(file.stat().st_size)
    assert writer.returncode == 0
    assert sizes <= {3, 1 << 24}
    assert file.stat().st_size == 1 << 24


def test_what_dead_processes_left_of_a_file_goes_and_that_of_running_ones_stays(
    tmp_path: Path,
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f".[x].partial-{ended.pid}").write_bytes(b"part")
    running = tmp_path / f".[x].partial-{os.getppid()}"
    running.write_bytes(b"part")
    other = tmp_path / f".x.partial-{ended.pid}"  # of another file, whose name fits the pattern
    other.write_bytes(b"part")
    write_file(tmp_path / "[x]", b"whole")
    assert {file.name for file in tmp_path.iterdir()} == {"[x]", running.name, other.name}


def test_a_link_stays_and_the_file_behind_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to("folder/file")
    for text in (b"new", b"newer"):
        write_file(link, text)
        assert link.is_symlink()
        assert contents(tmp_path / "folder") == {"file": text}


def test_what_is_no_file_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    """As /dev/null and /dev/stdout, which root could replace by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, b"text")
        assert os.read(reader, 10) == b"text"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    with pytest.raises(IsADirectoryError):
        write_file(tmp_path, b"text")
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("durable", [True, False])
def test_only_files_that_must_survive_a_power_cut_wait_for_the_disk(
    durable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thousands of pictures of a video would take minutes."""
    waited: List[int] = []
    monkeypatch.setattr(os, "fsync", waited.append)
    write_file(tmp_path / "file", b"text", durable=durable)
    assert bool(waited) == durable
    assert contents(tmp_path) == {"file": b"text"}


def test_a_folder_that_may_not_be_replaced_stays(tmp_path: Path) -> None:
    output = tmp_path / "data"
    with new_folder(output, replace=False) as folder:
        (folder / "file").write_bytes(b"first")
    with pytest.raises(FileExistsError), new_folder(output, replace=False) as folder:
        (folder / "file").write_bytes(b"second")
    assert contents(output) == {"file": b"first"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]
