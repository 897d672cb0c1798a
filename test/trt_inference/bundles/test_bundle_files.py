"""Only regular files of a bounded size in the bundle's own folder are read, at once."""

import hashlib
import os
import socket
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.bundle_files import CheckedFile, Expected, read_in_bundle
from trt_inference.errors import BundleError

CONTENT = b"what the converter wrote"
MOST = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    return bundle


def expected(name: str = "file") -> Expected:
    return Expected(name, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def _socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(str(file))


def _sparse(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(1 << 40)


STRANGE: Dict[str, Callable[[Path], object]] = {
    "a FIFO": lambda file: os.mkfifo(str(file)),
    "a folder": lambda file: file.mkdir(),
    "a socket": _socket,
    "leads out of the bundle, to /dev/zero": lambda file: file.symlink_to("/dev/zero"),
    "leads out of the bundle, to /etc/passwd": lambda file: file.symlink_to("../../../etc/passwd"),
    "more than the": _sparse,
}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_regular_file_of_the_bundle_is_refused_at_once(
    folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    if kind.endswith("passwd"):
        (folder / "up").symlink_to("/")
        (folder / "file").symlink_to("up/etc/passwd")
    else:
        STRANGE[kind](Path("file"))  # short, for the name of a socket
    with pytest.raises(BundleError, match=f"/file .*{kind}"):
        read_in_bundle(folder, "file", MOST)
    with pytest.raises(BundleError, match=f"/file .*({kind}|was changed: it has {1 << 40} bytes)"):
        CheckedFile(folder, expected())


def test_a_fifo_that_takes_the_place_of_a_file_just_before_it_is_opened_is_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(str(folder / "file"))
    regular = folder / "regular"
    regular.write_bytes(CONTENT)
    real, seen = os.lstat, regular.stat()

    def see(path: Any, **given: Any) -> os.stat_result:
        return seen if str(path) == str(folder / "file") else real(path, **given)

    monkeypatch.setattr(os, "lstat", see)
    refused: List[str] = []

    def read() -> None:
        try:
            read_in_bundle(folder, "file", MOST)
        except BundleError as error:
            refused.append(str(error))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(20)
    assert [reason for reason in refused if "is a FIFO" in reason]


def test_the_model_that_was_checked_is_loaded_whatever_is_renamed_over_it(
    color_bundle: Path,
) -> None:
    file, other = color_bundle / "fp32.onnx", color_bundle / "other"
    content = file.read_bytes()
    with load_bundle(color_bundle).open_model("fp32") as model:
        other.write_bytes(b"another")
        other.replace(file)
        assert Path(model.loadable_path).read_bytes() == content


def test_a_device_is_not_even_opened(folder: Path) -> None:
    """Some, as a watchdog, do something when they are. Here a device is the whole folder."""
    with pytest.raises(BundleError, match="a device, it must be a regular file"):
        read_in_bundle(Path("/dev"), "null", MOST)


@pytest.mark.parametrize("name", ["loop", "nothing"])
def test_links_that_end_nowhere_are_errors(folder: Path, name: str) -> None:
    (folder / "loop").symlink_to("loop")
    with pytest.raises((BundleError, OSError)):
        read_in_bundle(folder, name, MOST)
    with pytest.raises(BundleError):
        CheckedFile(folder, expected(name))


def test_links_inside_of_the_bundle_and_to_it_are_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "parts").mkdir()
    (folder / "parts" / "1").write_bytes(CONTENT)
    (folder / "file").symlink_to("parts/1")
    (tmp_path / "current").symlink_to("bundle")
    assert read_in_bundle(tmp_path / "current", "file", MOST) == CONTENT
    with CheckedFile(tmp_path / "current", expected()) as file, file.map() as content:
        assert content[:] == CONTENT


def test_a_folder_beside_whose_name_begins_alike_is_outside(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "bundle-2"
    other.mkdir()
    (other / "file").write_bytes(CONTENT)
    (folder / "file").symlink_to("../bundle-2/file")
    with pytest.raises(BundleError, match="leads out of the bundle"):
        read_in_bundle(folder, "file", MOST)


@pytest.mark.parametrize("change", [CONTENT[::-1], CONTENT[:-1], CONTENT + b"."])
def test_what_is_written_into_a_file_after_its_check_is_found(folder: Path, change: bytes) -> None:
    (folder / "file").write_bytes(CONTENT)
    with CheckedFile(folder, expected()) as file:
        file.check_unchanged()
        (folder / "file").write_bytes(change)
        with pytest.raises(BundleError, match="was changed"):
            file.check_unchanged()


def test_another_name_of_a_file_or_none_any_more_is_no_change(folder: Path) -> None:
    """As when the bundle is replaced, or an engine is built beside, while it is loaded."""
    (folder / "file").write_bytes(CONTENT)
    with CheckedFile(folder, expected()) as file:
        os.link(str(folder / "file"), str(folder / "second"))
        file.check_unchanged()
        (folder / "file").unlink()
        file.check_unchanged()
        assert Path(file.descriptor_path).read_bytes() == CONTENT


def test_a_file_is_not_left_open(folder: Path) -> None:
    (folder / "file").write_bytes(CONTENT[::-1])
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        with pytest.raises(BundleError):
            CheckedFile(folder, expected())
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_the_file_that_was_checked_is_copied_whatever_is_renamed_over_it(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "file").write_bytes(CONTENT)
    with CheckedFile(folder, expected()) as file:
        (folder / "other").write_bytes(CONTENT[::-1])
        (folder / "other").replace(folder / "file")
        file.copy_to(tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == CONTENT
        with pytest.raises(FileExistsError):
            file.copy_to(tmp_path / "copy")


def test_a_copy_of_what_is_written_into_after_its_check_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "file").write_bytes(CONTENT)
    with CheckedFile(folder, expected()) as file:
        (folder / "file").write_bytes(CONTENT[::-1])
        with pytest.raises(BundleError, match="was changed"):
            file.copy_to(tmp_path / "copy")
