"""Which files a path that the user gave stands for: a folder of rosbag2, or one of its files."""

from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent

from converter.errors import RecordingError
from converter.recordings.storage.recording_problems import RecordingProblems
from converter.recordings.storage.storage_file import open_regular
from trt_inference.printable import printable, printable_name, shortened

_METADATA = "metadata.yaml"
_STORAGE = (".mcap", ".db3")
_COMPRESSED = (".zstd", ".zst")
_CONVERT = (
    "convert it with rosbags-convert, which rosbags has brought (`rosbags-convert --src FILE --dst "
    "FOLDER`)"
)
_UNREADABLE = (
    *(YAMLError, RecursionError, RecordingError, ValueError, LookupError, TypeError),
    *(AttributeError, OverflowError),
)
_LARGEST_METADATA = 2**20  # bytes; what recorders write has some hundred for each file and topic


class BagFiles(NamedTuple):
    """
    Attributes:
        files: those with messages.
        messages: how many there are in them by the recorder's account; None without one.
    """

    files: list[Path]
    messages: int | None = None


def files_of_bag(path: Path, problems: RecordingProblems) -> BagFiles:
    """The storage files of a bag.

    Raises:
        RecordingError: there is no bag there.
    """
    if path.name == _METADATA and path.is_file():
        path = path.parent
    try:
        if path.is_dir():
            return _files_of_folder(path, problems)
        if not path.exists():
            raise RecordingError(f"{printable_name(path)} does not exist: give the folder of a bag")
    except OSError as error:
        raise RecordingError(f"cannot read {printable_name(path)}: {error.strerror}") from error
    if path.suffix == ".bag":
        raise RecordingError(f"{printable_name(path)} is a bag of ROS 1: {_CONVERT}")
    if not _is_storage(path):
        raise RecordingError(
            f"{printable_name(path)} is no bag: give a folder as `ros2 bag record` writes it, or "
            "a file .mcap or .db3"
        )
    return BagFiles([path])


def _is_storage(path: Path) -> bool:
    name = PurePosixPath(path.name)
    return (name.with_suffix("") if name.suffix in _COMPRESSED else name).suffix in _STORAGE


def _files_of_folder(folder: Path, problems: RecordingProblems) -> BagFiles:
    there = sorted(filter(_is_storage, folder.iterdir()))
    there = [file for file in there if not file.is_dir()]
    if not there:
        if any(folder.glob("*.bag")):
            raise RecordingError(f"{printable_name(folder)} has bags of ROS 1 alone: {_CONVERT}")
        raise RecordingError(
            f"{printable_name(folder)} is no bag: there is no file .mcap or .db3 in it"
        )
    metadata = _read_metadata(folder, problems)
    names = metadata.names
    found = [folder / name for name in names if _is_file(folder / name)]
    gone = [name for name in names if folder / name not in found]
    _report_gone(folder, gone, problems)
    if not found:  # as where there is no metadata, or the files were given other names
        return BagFiles(there)
    _report_left_out(folder, [file.name for file in there if file not in found], problems)
    return BagFiles(found, None if gone else metadata.messages)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # as where its name is longer than names can be
        return False


def _report_gone(folder: Path, names: list[str], problems: RecordingProblems) -> None:
    if names:
        problems.add(
            f"{printable_name(folder)}: {_METADATA} names {_listed(names)}, which "
            f"{'is' if len(names) == 1 else 'are'} not there"
        )


def _report_left_out(folder: Path, names: list[str], problems: RecordingProblems) -> None:
    if names:
        problems.add(
            f"{printable_name(folder)}: {_METADATA} does not name {_listed(names)}, so "
            f"{'it is' if len(names) == 1 else 'they are'} left out: to read "
            f"{'it' if len(names) == 1 else 'them'}, give the path of the file itself"
        )


def _listed(names: list[str]) -> str:
    shown = ", ".join(shortened(printable_name(name)) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


class _Metadata(NamedTuple):
    """Names of the files without folders, each once, and the number of messages."""

    names: list[str]
    messages: int | None


def _read_metadata(folder: Path, problems: RecordingProblems) -> _Metadata:
    """What metadata.yaml tells; nothing where it cannot be read."""
    file = folder / _METADATA
    if not file.exists():
        problems.add(
            f"{printable_name(folder)} has no {_METADATA}, as where the recorder was killed: its "
            "files are read without. `ros2 bag reindex` writes one"
        )
        return _Metadata([], None)
    try:
        content = _load(file)["rosbag2_bagfile_information"]
        names = [PurePosixPath(name).name for name in content["relative_file_paths"]]
        messages = content.get("message_count")
        return _Metadata(
            [name for name in dict.fromkeys(names) if name not in ("", "..")],
            messages if isinstance(messages, int) else None,
        )
    except _UNREADABLE as error:
        problems.add(
            f"{printable_name(folder)}: {_METADATA} cannot be read "
            f"({type(error).__name__}: {shortened(printable(error))}): the files are read without"
        )
        return _Metadata([], None)


def _load(file: Path) -> Any:
    """
    Raises:
        one of ``_UNREADABLE``: too large, too deep, or no YAML.
    """
    with open_regular(file) as stream:
        data = stream.read(_LARGEST_METADATA + 1)
    if len(data) > _LARGEST_METADATA:
        raise ValueError(f"it has more than {_LARGEST_METADATA} bytes")
    text = data.decode("utf-8")
    # Aliases of aliases of aliases fill any memory.
    if "*" in text and any(isinstance(one, AliasEvent) for one in YAML(typ="safe").parse(text)):
        raise ValueError("it has aliases, which recorders do not write")
    return YAML(typ="safe").load(text)
