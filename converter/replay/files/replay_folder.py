"""The folder that a replay writes: what may be replaced, and by what."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from converter.errors import ReplayError
from trt_inference.bundles.atomic_write import new_folder
from trt_inference.printable import printable_name

REPLAY_PAGE, REPLAY_FIGURES = "index.html", "replay.json"
REPLAY_ANNOTATIONS, REPLAY_DETECTIONS = "detections.mcap", "detections.json"
_OF_REPLAY = frozenset({REPLAY_PAGE, REPLAY_FIGURES, REPLAY_ANNOTATIONS, REPLAY_DETECTIONS})


def check_replay_folder(output: Path, overwrite: bool) -> None:
    """Whether a replay may be written to ``output``.

    Raises:
        ReplayError: something is there that may not be replaced.
    """
    shown = f"'{printable_name(output)}'"
    try:
        if not output.exists():
            return
        if not output.is_dir():
            raise ReplayError(f"{shown} is no folder: choose another --output")
        names = {file.name for file in output.iterdir()}
    except OSError as error:
        raise ReplayError(f"{shown} cannot be read: {error}. Choose another --output") from error
    if not names:
        return
    others = sorted(names - _OF_REPLAY)
    if others or not names >= {REPLAY_PAGE, REPLAY_FIGURES}:
        what = f"'{printable_name(others[0])}'" if others else "other files"
        raise ReplayError(
            f"{shown} holds {what}, which no replay has written: choose another --output"
        )
    if not overwrite:
        raise ReplayError(
            f"{shown} holds an earlier replay: give --overwrite to replace it, or choose another "
            "--output"
        )


@contextlib.contextmanager
def new_replay_folder(output: Path, overwrite: bool) -> Iterator[Path]:
    """Give a folder to write into, which becomes ``output`` when the block ends. When it raises,
    ``output`` stays as it was.

    Raises:
        ReplayError: something is there that may not be replaced, or nothing can be written.
    """

    def check() -> None:
        check_replay_folder(output, overwrite)

    check()
    try:
        with new_folder(output, replace=True, check=check) as folder:
            yield folder
    except PermissionError as error:
        raise ReplayError(
            f"'{printable_name(output)}' cannot be written: {error.strerror or error}. Choose an "
            "--output that you may write to"
        ) from error
    except OSError as error:
        raise ReplayError(
            f"'{printable_name(output)}' cannot be written: {error}. Make room, or choose another "
            "--output"
        ) from error
