"""What a SavedModel tells of the Python code behind its nodes.

Debug info has the lines of the code, where ``tf.saved_model.SaveOptions(save_debug_info=True)``
kept them. ``model.save`` of Keras 2 keeps names, classes and settings of layers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from converter.compatibility.python_names import layer_by_usual_name
from converter.inputs.quiet_tensorflow import tensorflow

_DEBUG_INFO = Path("debug") / "saved_model_debug_info.pb"
_KERAS_METADATA = "keras_metadata.pb"
_MOST_BYTES = 1 << 28
_NUMBER = re.compile(r"_\d+$")
_LIBRARIES = re.compile(r"/(site-packages|dist-packages)/|^<|/lib/python3[^/]*/")
# Settings that decide on the operators of a layer.
_SETTINGS = ("activation", "interpolation", "data_format", "output_mode")
_USUAL = (None, "linear", "channels_last", "nearest", "int")


class WrittenAs:
    """Reads both files of the SavedModel in ``folder``, where they are there; a file that cannot
    be read tells nothing."""

    def __init__(self, folder: Path) -> None:
        self._lines = dict(_lines(_read(folder / _DEBUG_INFO)))
        self._layers = dict(_keras_layers(_read(folder / _KERAS_METADATA)))

    def layer(self, node: str) -> str:
        """The layer of a node: its name and class; empty where neither is known."""
        scopes = node.split("/")[:-1]
        for scope in reversed(scopes):
            known = self._layers.get(scope) or self._layers.get(_NUMBER.sub("", scope))
            if known:
                return f"{scope}, which is {known}"
        usual = layer_by_usual_name(scopes)
        if usual:
            return f"{_named_so(scopes)}, named as Keras names {usual}"
        return ""

    def line(self, node: str) -> str:
        """The line of the user's code that made a node; empty where it is not known."""
        parts = node.split("/")
        for start in range(len(parts)):
            found = self._lines.get("/".join(parts[start:]))
            if found:
                return found
        return ""


def _named_so(scopes: list[str]) -> str:
    return next(scope for scope in reversed(scopes) if layer_by_usual_name([scope]))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes() if file.stat().st_size <= _MOST_BYTES else b""
    except OSError:
        return b""


def _lines(content: bytes) -> Iterator[tuple[str, str]]:
    """For each node in a function, its name there and the innermost line outside of libraries."""
    tensorflow()
    from google.protobuf.message import DecodeError
    from tensorflow.core.framework import graph_debug_info_pb2

    info = graph_debug_info_pb2.GraphDebugInfo()
    try:
        info.ParseFromString(content)
    except DecodeError:
        return
    traces = {name: info.traces_by_id.get(number) for name, number in info.name_to_trace_id.items()}
    for name, trace in (traces or info.traces).items():
        text = "" if trace is None else _own_line(info, trace)
        if text:
            yield name.partition("@")[0], text


def _own_line(info: Any, trace: Any) -> str:
    frames = [info.frames_by_id[number] for number in trace.frame_id] or trace.file_line_cols
    for frame in reversed(frames):  # the first is that of the program
        file = info.files[frame.file_index] if frame.file_index < len(info.files) else ""
        if file and not _LIBRARIES.search(file):
            return f"{Path(file).name}, line {frame.line}"
    return ""


def _keras_layers(content: bytes) -> Iterator[tuple[str, str]]:
    """For each layer its name, and its class with the settings that are not usual."""
    tensorflow()
    from google.protobuf.message import DecodeError
    from tensorflow.python.keras.protobuf import saved_metadata_pb2

    saved = saved_metadata_pb2.SavedMetadata()
    try:
        saved.ParseFromString(content)
    except DecodeError:
        return
    for node in saved.nodes:
        if node.identifier not in ("_tf_keras_layer", "_tf_keras_rnn_layer"):
            continue
        try:
            metadata = json.loads(node.metadata)
        except ValueError:
            continue
        if isinstance(metadata, dict) and metadata.get("name") and metadata.get("class_name"):
            yield str(metadata["name"]), _described(metadata)


def _described(metadata: dict[str, Any]) -> str:
    config = metadata.get("config") or {}
    given = {name: config.get(name) for name in _SETTINGS if isinstance(config, dict)}
    shown = [f'{name}="{value}"' for name, value in given.items() if value not in _USUAL]
    kind = str(metadata["class_name"])
    package = "" if ">" in kind else "keras.layers."
    return f"{package}{kind}({', '.join(shown)})" if shown else f"{package}{kind}"
