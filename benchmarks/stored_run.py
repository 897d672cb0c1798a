"""A run of the benchmarks as a file: ``python3 -m benchmarks --save`` writes it, ``--against``
and ``--stored`` read it."""

import json
import platform
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Sequence, Type, TypeVar

import numpy as np
import psutil

from benchmarks.figures import LESS, MORE, NEITHER, Figure, Sheet, samples_of
from trt_inference.bundles.atomic_write import write_file
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.bundles.manifest import MANIFEST

SCHEMA_VERSION = 1
_LARGEST = 16 << 20  # bytes
_Kind = TypeVar("_Kind")
_DISTRIBUTIONS = ("numpy", "onnxruntime", "opencv-python-headless", "rclpy")


class StoredRunError(Exception):
    """A file is not a run that can be read, or cannot be written."""


class StoredRun(NamedTuple):
    """What was measured, and on what.

    Attributes:
        made: when, in UTC, ISO 8601.
        machine: what the figures depend on, by name: processor, cores, versions.
        bundle: the name, and the hash of its manifest, which has the hashes of its files.
        options: of the command line, which decide how long and with what was measured.
        sheets: the tables.
    """

    made: str
    machine: Mapping[str, str]
    bundle: Mapping[str, str]
    options: Mapping[str, str]
    sheets: Sequence[Sheet]

    def figures(self) -> Dict[str, Figure]:
        """By a name that is the same in each run."""
        return {
            f"{sheet.key}: {figure.row}, {figure.column}": figure
            for sheet in self.sheets
            for figure in sheet.figures
        }


def new_run(bundle: Path, options: Mapping[str, str], sheets: Sequence[Sheet]) -> StoredRun:
    """The run that was just measured, on this machine."""
    return StoredRun(
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        machine=this_computer(),
        bundle={
            "name": load_bundle(bundle).name,
            "sha256": sha256_of_file(bundle / MANIFEST),
        },
        options=options,
        sheets=sheets,
    )


def this_computer() -> Dict[str, str]:
    """What the figures depend on beside the code."""
    known = {
        "processor": _processor(),
        "cores": str(psutil.cpu_count()),
        "architecture": platform.machine(),
        "Python": platform.python_version(),
    }
    return {**known, **{name: _version(name) for name in _DISTRIBUTIONS}}


def _processor() -> str:
    """As Linux calls it; of boards that do not tell it, nothing."""
    lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, "")


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:  # not from PyPI, but from apt
        return ""


def save_run(file: Path, run: StoredRun) -> None:
    """Write a run, so that a reader sees the old file or the new one.

    Raises:
        StoredRunError: it cannot be written.
    """
    content = {
        "schema_version": SCHEMA_VERSION,
        **run._asdict(),
        "sheets": [
            {**sheet._asdict(), "figures": [figure._asdict() for figure in sheet.figures]}
            for sheet in run.sheets
        ],
    }
    try:
        write_file(file, json.dumps(content, indent=1).encode("utf-8"))
    except OSError as error:
        raise StoredRunError(f"{file} cannot be written: {error.strerror}") from error


def read_run(file: Path) -> StoredRun:
    """Read what ``save_run`` wrote.

    Raises:
        StoredRunError: there is no such file, or it is not such a run, or one of a version that is
            not known.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise StoredRunError(f"{file} is too large for a stored run")
        content = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise StoredRunError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise StoredRunError(_not_a_run(file, f"it is no JSON: {error}")) from error
    found = content.get("schema_version") if isinstance(content, dict) else None
    if found != SCHEMA_VERSION:
        raise StoredRunError(
            _not_a_run(file, f"its schema_version is {found!r}, not {SCHEMA_VERSION}")
        )
    try:
        return _run_of(content)
    except (KeyError, TypeError, ValueError) as error:
        raise StoredRunError(_not_a_run(file, repr(error))) from error


def _not_a_run(file: Path, why: str) -> str:
    return f"{file} is not a run that this version can read: {why}. Store it again, with --save"


def _run_of(content: Mapping[str, Any]) -> StoredRun:
    machine, bundle, options = (
        {name: str(value) for name, value in _typed(content[part], dict).items()}
        for part in ("machine", "bundle", "options")
    )
    sheets = [_sheet_of(entry) for entry in _typed(content["sheets"], list)]
    return StoredRun(str(content["made"]), machine, bundle, options, sheets)


def _sheet_of(entry: Mapping[str, Any]) -> Sheet:
    key, title, head, caption = (str(entry[name]) for name in ("key", "title", "head", "caption"))
    figures = [_figure_of(one) for one in _typed(entry["figures"], list)]
    return Sheet(key, title, head, figures, caption)


def _figure_of(entry: Mapping[str, Any]) -> Figure:
    row, column, unit, better = (str(entry[name]) for name in ("row", "column", "unit", "better"))
    samples = samples_of(_typed(entry["samples"], list))
    if not samples or not np.isfinite(samples).all() or better not in (LESS, MORE, NEITHER):
        raise ValueError(f"{row}, {column} is no figure")
    return Figure(row, column, unit, samples, better, bool(entry["ours"]), int(entry["digits"]))


def _typed(value: Any, kind: Type[_Kind]) -> _Kind:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
