"""A storage file that was compressed as a whole → one that can be read anywhere in it."""

import shutil
from pathlib import Path

import zstandard

from converter.errors import RecordingError
from converter.recordings.storage.recording_problems import RecordingProblems
from converter.recordings.storage.storage_file import open_regular
from trt_inference.printable import printable, printable_name

COMPRESSED = (".zstd", ".zst")
_BLOCK = 2**12  # bytes that are read at once; they give at most 128 MiB
_LEFT_FREE = 2**30  # bytes of the disk: more than others may need at once


def plain_file(file: Path, folder: Path, problems: RecordingProblems) -> Path:
    """``file``, or what it holds, decompressed into a new folder in ``folder``. Of one that is
    damaged or cut, what comes before the damage.

    Raises:
        RecordingError: the file cannot be read, nothing can be had of it, or there is no room for
            what it holds.
    """
    if file.suffix not in COMPRESSED:
        return file
    plain = folder / str(len(list(folder.iterdir()))) / file.stem
    plain.parent.mkdir()
    try:
        _decompress(file, plain)
    except zstandard.ZstdError as error:
        size = plain.stat().st_size
        if not size:
            raise RecordingError(
                f"cannot decompress {printable_name(file)}: {printable(error)}"
            ) from error
        problems.add(
            f"{printable_name(file.name)}: it can be decompressed up to byte {size} of what it "
            f"holds ({printable(error)}): that is read"
        )
    except OSError as error:
        raise RecordingError(
            f"cannot decompress {printable_name(file)} into {printable_name(folder)}: "
            f"{error.strerror}. Decompress it where there is room (`unzstd FILE`), or set TMPDIR"
        ) from error
    return plain


def _decompress(file: Path, plain: Path) -> None:
    with open_regular(file) as stream, plain.open("wb") as output:
        frame = zstandard.ZstdDecompressor().decompressobj()
        is_within = False
        while block := stream.read(_BLOCK):
            _check_room(file, plain.parent)
            while block:
                output.write(frame.decompress(block))
                is_within = not frame.eof
                block = frame.unused_data
                if frame.eof:
                    frame = zstandard.ZstdDecompressor().decompressobj()
    if is_within:
        raise zstandard.ZstdError("it is cut there")


def _check_room(file: Path, folder: Path) -> None:
    """A small file can hold more than any disk."""
    if shutil.disk_usage(folder).free < _LEFT_FREE:
        raise RecordingError(
            f"cannot decompress {printable_name(file)}: less than {_LEFT_FREE // 2**20} MiB would "
            f"be left in {printable_name(folder.parent)}. Decompress it where there is room "
            "(`unzstd FILE`), or set TMPDIR"
        )
