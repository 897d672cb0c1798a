"""What `detect` writes for other programs: all results in one JSON or CSV file.

Each image is written when it is done, so that a long video takes no memory, and the file gets its
name when all are. Names of files are whole, as ``printable_name`` writes them.
"""

import contextlib
import csv
import json
import math
import os
import sys
from pathlib import Path
from typing import Any, Callable, Collection, Dict, Iterator, List, NamedTuple, Optional, TextIO

from trt_inference.bundles.atomic_write import new_text_file
from trt_inference.errors import ImageError
from trt_inference.printable import printable_name
from trt_inference.viewing.views import RowValues, View

STANDARD_OUTPUT = Path("-")
_DECIMALS = 6  # as many as a float32 below 1 has


class ImageResult(NamedTuple):
    """What is known of an image, or of a frame of a video.

    Attributes:
        file: as the user gave it.
        frame: its number in the video, from 1; None for an image file.
        rows: the values of the view's columns, one row for each thing that was seen.
        error: why the file, or what is left of a video, could not be read; else empty.
    """

    file: Path
    frame: Optional[int]
    width: int = 0
    height: int = 0
    rows: List[RowValues] = []  # noqa: RUF012 - a tuple's default, which nobody changes
    error: str = ""


Add = Callable[[ImageResult], None]


def check_targets(targets: Dict[str, Optional[Path]], inputs: Collection[Path]) -> None:
    """See before anything runs that no file is lost.

    Args:
        targets: the file of each option, as ``--json``; None where the option is not given.

    Raises:
        ImageError: one is an input, the other one, in no folder, or another kind of file.
    """
    taken = {real_path(file): f"an input, '{printable_name(file)}'" for file in inputs}
    for option, file in targets.items():
        if file is None:
            continue
        problem = taken.get(real_path(file)) or _problem(file, option.replace("--", "."))
        if problem:
            raise ImageError(f"{option} {printable_name(file)} would be {problem}")
        taken[real_path(file)] = f"the file of {option}, too: give another one"


def real_path(file: Path) -> Path:
    """The path without links. Unlike ``Path.resolve`` it takes links in a circle."""
    return Path(os.path.realpath(str(file)))


def _problem(file: Path, suffix: str) -> str:
    if file == STANDARD_OUTPUT:
        return ""
    if not file.parent.is_dir():
        return f"in no folder: make '{printable_name(file.parent)}' first"
    if file.is_dir():
        return "a folder: give the name of a file"
    if file.is_file() and file.suffix.lower() != suffix:
        # As where FILE was forgotten, and the next word is a picture.
        return f"written over what is there: an older file is replaced if its name ends in {suffix}"
    return ""


@contextlib.contextmanager
def json_file(file: Path, view: View, about: Dict[str, Any]) -> Iterator[Add]:
    """Write an object: ``about``, then ``images``, a list with an object for each."""
    with _stream(file) as stream:
        stream.write("{\n")
        for name, value in about.items():
            stream.write(f" {_json(name)}: {_json(value)},\n")
        stream.write(' "images": [')
        separator = "\n"

        def add(image: ImageResult) -> None:
            nonlocal separator
            stream.write(f"{separator}  {_json(_entry(image, view))}")
            separator = ",\n"

        yield add
        stream.write("\n ]\n}\n")


@contextlib.contextmanager
def csv_file(file: Path, view: View) -> Iterator[Add]:
    """Write a row for each thing that was seen, below a row with the names of the columns."""
    with _stream(file) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["file", "frame", *view.columns])

        def add(image: ImageResult) -> None:
            name = printable_name(image.file)
            writer.writerows([name, image.frame, *map(_rounded, row)] for row in image.rows)

        yield add


def _entry(image: ImageResult, view: View) -> Dict[str, Any]:
    entry: Dict[str, Any] = {"file": printable_name(image.file)}
    if image.error:
        return {**entry, "error": image.error}
    if image.frame is not None:
        entry["frame"] = image.frame
    rows = [dict(zip(view.columns, map(_rounded, row))) for row in image.rows]
    return {**entry, "width": image.width, "height": image.height, view.things: rows}


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, _DECIMALS) if math.isfinite(value) else None  # JSON has no infinity


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@contextlib.contextmanager
def _stream(file: Path) -> Iterator[TextIO]:
    try:
        with _standard_output() if file == STANDARD_OUTPUT else new_text_file(file) as stream:
            yield stream
    except BrokenPipeError:  # as of `| head`
        raise
    except OSError as error:
        raise ImageError(f"'{printable_name(file)}' cannot be written: {error}") from error


@contextlib.contextmanager
def _standard_output() -> Iterator[TextIO]:
    """The standard output in UTF-8, as the files are: an escape of Python for what an encoding
    lacks would not be JSON."""
    if sys.stdout is None:  # closed, as by >&-
        raise ImageError("the standard output is closed: give a file instead of -")
    with open(
        os.dup(sys.stdout.fileno()), "w", encoding="utf-8", errors="backslashreplace", newline=""
    ) as stream:
        yield stream
