"""SavedModel → ONNX, in a process of its own.

TensorFlow and tf2onnx take several times the size of the weights; when the process ends, all of
that goes back. What comes out is checked, because tf2onnx reports success for invalid graphs too.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import onnx

from converter.errors import ExportError
from converter.export import request_answer
from converter.export.attach_weights import attach
from converter.export.clean import clean
from converter.export.loop_remedy import loop_remedy, loops_of
from converter.export.opsets import HIGHEST_OPSET, OpsetNeed, Opsets, describe_needs
from converter.export.request_answer import MODEL_FILE, ExportAnswer, ExportRequest
from converter.export.typed_operators import types_of_later_opsets
from converter.export.unsupported import unsupported_error
from converter.inputs.image_input import ImageInput
from converter.inputs.quiet_tensorflow import ENVIRONMENT
from converter.inputs.saved_model import SavedModel, Signature

LOG_LINES = 15


@dataclass(frozen=True)
class ExportOptions:
    """What may be chosen: ``values`` of the inputs beside the image, ``opsets`` that the model may
    have, and ``keep_suppression`` to leave a suppression of overlapping boxes in the network."""

    values: Mapping[str, Any] = field(default_factory=dict)
    opsets: Opsets = field(default_factory=Opsets)
    keep_suppression: bool = False


@dataclass(frozen=True)
class Export:
    """What came out and what it took.

    Attributes:
        model: with its weights in a file in ``folder``.
        folder: where the model is, as ``network.onnx``, and the TensorFlow graph it was made from.
        answer: what the process found out.
        seconds: of the whole export.
    """

    model: onnx.ModelProto
    folder: Path
    answer: ExportAnswer
    seconds: float


def export(
    saved_model: SavedModel,
    signature: Signature,
    image: ImageInput,
    options: ExportOptions,
    folder: Path,
) -> Export:
    """Export one signature into ``folder``, at the lowest opset that it takes.

    Args:
        image: which input is the image, and its size.

    Raises:
        ExportError: tf2onnx failed, or its graph is not valid; with what to do.
    """
    opsets = options.opsets
    request = ExportRequest(
        saved_model=str(saved_model.path.absolute()),
        tags=saved_model.tags,
        inputs={tensor.name: tensor.graph_name for tensor in signature.inputs},
        outputs={tensor.name: tensor.graph_name for tensor in signature.outputs},
        image=image.name,
        image_shape=image.exported_shape,
        encoded=image.encoded,
        values=dict(options.values),
        opset=opsets.lowest,
        highest_opset=opsets.highest,
        keep_suppression=options.keep_suppression,
        set_aside=True,
        folder=str(folder),
        ends=signature.ends if signature.inner else (),
    )
    started = time.monotonic()
    answer, model = _export_checked(request, saved_model, folder)
    answer = replace(
        answer,
        opset_reasons=(*opsets.reasons, *answer.opset_reasons),
        notes=(*filter(None, [image.size_note]), *answer.notes),
    )
    return Export(model, folder, answer, time.monotonic() - started)


def _export_checked(
    request: ExportRequest, saved_model: SavedModel, folder: Path
) -> tuple[ExportAnswer, onnx.ModelProto]:
    """Export, and once more where the result is not valid: at a later opset if types need it, or
    with all weights in the graph, because some conversions need to see the values."""
    answer = _run_process(request, saved_model, folder)
    _check_answer(answer)
    try:
        return answer, _load_checked(answer, folder)
    except ExportError:
        needs = _needs_of_types(folder)
        if not (needs or answer.weights):
            raise
    if needs:
        return _export_later(request, needs, saved_model, folder)
    return _export_anew(replace(request, set_aside=False), saved_model, folder / "whole")


def _export_anew(
    request: ExportRequest, saved_model: SavedModel, folder: Path
) -> tuple[ExportAnswer, onnx.ModelProto]:
    """Export into a folder of its own; the files that come out replace those in the one around
    it."""
    folder.mkdir()
    result = _export_checked(replace(request, folder=str(folder)), saved_model, folder)
    for file in folder.iterdir():
        if file.is_file():
            file.replace(folder.parent / file.name)
    return result


def _needs_of_types(folder: Path) -> tuple[OpsetNeed, ...]:
    model = onnx.load(str(folder / MODEL_FILE), load_external_data=False)
    return types_of_later_opsets(model, HIGHEST_OPSET)


def _export_later(
    request: ExportRequest, needs: Sequence[OpsetNeed], saved_model: SavedModel, folder: Path
) -> tuple[ExportAnswer, onnx.ModelProto]:
    """Export at the opset that all of ``needs`` have."""
    opset, reasons = max(need.opset for need in needs), describe_needs(needs)
    if opset > request.highest_opset:
        raise ExportError(
            f"the network cannot be expressed in opset {request.highest_opset}: "
            f"{'; '.join(reasons)}. Convert with --opset {opset} for boards that take it, or "
            "compute in float32 there (tf.cast)"
        )
    request = replace(request, opset=opset)
    answer, model = _export_anew(request, saved_model, folder / f"opset_{opset}")
    return replace(answer, opset_reasons=(*reasons, *answer.opset_reasons)), model


def _run_process(request: ExportRequest, saved_model: SavedModel, folder: Path) -> ExportAnswer:
    asked, answered, log = (folder / name for name in ("request.json", "answer.json", "export.log"))
    request_answer.write_message(request, asked)
    module = "converter.export.worker_process"
    exit_code = _run([sys.executable, "-m", module, str(asked), str(answered)], log)
    if exit_code != 0 or not answered.is_file():
        raise ExportError(
            f"'{saved_model.path}' could not be exported ({_reason(exit_code)}):\n"
            f"{_last_lines(log)}\n{_remedy(log, saved_model)}"
        )
    return request_answer.read_answer(answered)


def _run(command: list[str], log: Path) -> int:
    """The exit code of ``command``."""
    # The package is found from wherever the user has started.
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": path}
    process: subprocess.Popen[bytes] | None = None
    with log.open("wb") as stream:
        try:
            with _interruption_held():
                process = subprocess.Popen(
                    command, stdout=stream, stderr=subprocess.STDOUT, env=environment
                )
            return process.wait()
        except BaseException:  # Ctrl-C must not leave the process behind
            if process is not None:
                process.kill()
                process.wait()
            raise


@contextmanager
def _interruption_held() -> Iterator[None]:
    """Raise a KeyboardInterrupt at the end rather than in the middle, where a process is started
    that nobody knows yet."""
    heard: list[int] = []
    usual = signal.getsignal(signal.SIGINT)
    held = callable(usual) and threading.current_thread() is threading.main_thread()
    if held:
        signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        yield
    finally:
        if held:
            signal.signal(signal.SIGINT, usual)
    if heard:
        raise KeyboardInterrupt


def _reason(exit_code: int) -> str:
    if exit_code == -9:
        return "killed, most likely because the memory ran out"
    return f"exit code {exit_code}"


# Texts in TensorFlow's log, and what a user can do about each.
_REMEDIES = {
    "Read less bytes than requested": (
        "The file with the weights is cut off: copy it, or export the model again"
    ),
    "not found in checkpoint": (
        "The files in variables/ are of another graph: copy the whole SavedModel again, from where "
        "it was saved"
    ),
    "Op type not registered": (
        "The model has an operator of its own that TensorFlow does not know: end the signature "
        "before it, or compute the same with TensorFlow's operators"
    ),
}


def _remedy(log: Path, saved_model: SavedModel) -> str:
    """What the user can do; where nothing better is known, find out whose fault it is."""
    text = log.read_text("utf-8", errors="replace")
    usual = (
        f"When tf.saved_model.load('{saved_model.path}') fails too, export the model again; "
        "otherwise please report it with the model"
    )
    return next((remedy for sign, remedy in _REMEDIES.items() if sign in text), usual)


def _last_lines(log: Path) -> str:
    """The last lines of the log; a Python exception without the places where it was raised."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    shown = [line for line in lines if line.strip() and not line.startswith((" ", "Traceback"))]
    return "\n".join(f"  {line}" for line in shown[-LOG_LINES:])


def _check_answer(answer: ExportAnswer) -> None:
    if answer.error:
        raise ExportError(answer.error)
    if answer.unsupported:
        raise unsupported_error(answer.unsupported)


def _load_checked(answer: ExportAnswer, folder: Path) -> onnx.ModelProto:
    """The model with its weights, saved again, valid."""
    file = folder / MODEL_FILE
    try:
        model = onnx.load(str(file), load_external_data=False)
        attach(model, {name: Path(path) for name, path in answer.weights.items()}, folder)
        clean(model)
        file.write_bytes(model.SerializeToString())
        onnx.checker.check_model(str(file), full_check=True)
    except Exception as error:  # the checker's errors have no common base below Exception
        loops = loops_of(answer.operators)
        remedy = loop_remedy(loops) if loops else "Please report it with the model"
        raise ExportError(f"tf2onnx wrote an invalid graph: {error}. {remedy}") from error
    return model
