"""SavedModel → ONNX with tf2onnx, in a process of its own.

TensorFlow and tf2onnx take several times the size of the weights; when the process ends, all of
that goes back. What comes out is checked, because tf2onnx reports success for invalid graphs too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import onnx

from converter.errors import ExportError
from converter.quiet_tensorflow import ENVIRONMENT
from converter.saved_model import TAG, SavedModel, Signature

LOG_LINES = 15


@dataclass(frozen=True)
class Export:
    """What the export wrote and what it took: seconds, and bytes of resident memory at most."""

    model: onnx.ModelProto
    seconds: float
    peak_bytes: int


def export(saved_model: SavedModel, signature: Signature, opset: int, folder: Path) -> Export:
    """Export one signature at ``opset``, with its log in ``folder``.

    Raises:
        ExportError: tf2onnx failed, or its graph is not valid; with the end of its log.
    """
    file, log = folder / "network.onnx", folder / "tf2onnx.log"
    command = [
        sys.executable, "-m", "tf2onnx.convert",
        "--saved-model", str(saved_model.path.absolute()),
        "--tag", TAG,
        "--signature_def", signature.name,
        "--opset", str(opset),
        "--output", str(file),
    ]  # fmt: skip
    started = time.monotonic()
    exit_code, peak_bytes = _run(command, log)
    if exit_code != 0 or not file.is_file():
        raise ExportError(
            f"tf2onnx could not convert signature '{signature.name}' of '{saved_model.path}' "
            f"({_reason(exit_code)}):\n{_last_lines(log)}\n"
            f"When tf.saved_model.load('{saved_model.path}') fails too, export the model again; "
            "otherwise please report it with the model"
        )
    return Export(_load_checked(file), time.monotonic() - started, peak_bytes)


def _run(command: list[str], log: Path) -> tuple[int, int]:
    """Exit code and peak resident bytes of ``command``."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT}
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C must not leave the process behind
            process.kill()
            process.wait()
            raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024


def _reason(exit_code: int) -> str:
    if exit_code == -9:
        return "killed, most likely because the memory ran out"
    return f"exit code {exit_code}"


def _last_lines(log: Path) -> str:
    """What tf2onnx said last; of a Python exception its message, not where it was raised."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    told = [line for line in lines if line.strip() and not line.startswith((" ", "Traceback"))]
    return "\n".join(f"  {line}" for line in told[-LOG_LINES:])


def _load_checked(file: Path) -> onnx.ModelProto:
    try:
        model = onnx.load(str(file))
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # the checker's errors have no common base below Exception
        raise ExportError(f"tf2onnx wrote an invalid graph: {error}") from error
    return model
