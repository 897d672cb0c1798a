"""The input stage: a camera's uint8 BGR image → what the network was trained on."""

from __future__ import annotations

import numpy as np
import onnx

from converter.inputs.pixels import GREY, Pixels
from converter.onnx_tools.model_inputs_outputs import NetworkInput
from converter.onnx_tools.node_names import NETWORK_PIXELS
from converter.onnx_tools.text import floats, model_from_text
from trt_inference.bundles.names import IMAGE


def input_stage(
    height: int, width: int, pixels: Pixels, opset: int, ending: NetworkInput | None = None
) -> onnx.ModelProto:
    """uint8 ``image [N, height, width, 3]`` → ``pixels`` as the network takes them.

    The work is done on whole planes, between two transpositions: the second cancels the one with
    which an exported TensorFlow network begins, and picking planes is twelve times faster in
    ONNX Runtime than swapping the channels of each pixel.
    """
    ending = ending or NetworkInput()
    lines = _Lines()
    lines.add("Cast <to = 1> ({})")
    lines.add("Transpose <perm = [0, 3, 1, 2]> ({})")
    _add_channels(lines, pixels)
    if not pixels.as_they_are:
        _add_arithmetic(lines, pixels)
    _add_ending(lines, ending)
    shape, kind = _shape(height, width, pixels.count, ending.layout), _TYPES[ending.element_type]
    return model_from_text(
        opset,
        f"input_stage (uint8[N, {height}, {width}, 3] {IMAGE})\n"
        f"  => ({kind}[{shape}] {NETWORK_PIXELS})\n{lines.text()}",
    )


# The types that an image can have, as ONNX' syntax spells them; whole numbers are rounded to.
_WHOLE: dict[int, str] = {
    onnx.TensorProto.UINT8: "uint8",
    onnx.TensorProto.INT8: "int8",
    onnx.TensorProto.INT16: "int16",
    onnx.TensorProto.INT32: "int32",
    onnx.TensorProto.INT64: "int64",
}
_TYPES: dict[int, str] = {
    **_WHOLE,
    onnx.TensorProto.FLOAT: "float",
    onnx.TensorProto.DOUBLE: "double",
    onnx.TensorProto.FLOAT16: "float16",
    onnx.TensorProto.BFLOAT16: "bfloat16",
}


class _Lines:
    """A chain of operators: each takes what the one before it gives."""

    def __init__(self) -> None:
        self._calls: list[str] = []
        self._constants: list[str] = []

    def add(self, call: str, constant: str = "") -> None:
        """One operator, with ``{}`` for its input, and the constant that it takes."""
        self._calls.append(call)
        if constant:
            self._constants.append(constant)

    def text(self) -> str:
        """Constants and operators of the graph."""
        between = (f"step_{number}" for number in range(1, len(self._calls)))
        names = [IMAGE, *between, NETWORK_PIXELS]
        body = [
            f"{result} = {call.format(source)}"
            for call, source, result in zip(self._calls, names, names[1:], strict=False)
        ]
        constants = f"<{', '.join(self._constants)}>\n" if self._constants else ""
        return constants + "{\n" + "\n".join(body) + "\n}"


def _add_channels(lines: _Lines, pixels: Pixels) -> None:
    if pixels.channels == "grey":
        constants = f"float[1, 3, 1, 1] grey = {{{floats(GREY)}}}, float[1] half = {{0.5}}"
        lines.add("Conv({}, grey, half)", constants)
        lines.add("Floor({})")  # images are stored rounded, half up
    elif pixels.channels == "rgb":
        lines.add("Gather <axis = 1> ({}, order)", "int64[3] order = {2, 1, 0}")


def _add_arithmetic(lines: _Lines, pixels: Pixels) -> None:
    count = pixels.count
    mean, std = (np.asarray(values[:count], np.float32) for values in (pixels.mean, pixels.std))
    scale, offset = np.float32(pixels.scale) / std, -mean / std
    lines.add("Mul({}, scale)", f"float[{count}, 1, 1] scale = {{{floats(scale)}}}")
    lines.add("Add({}, offset)", f"float[{count}, 1, 1] offset = {{{floats(offset)}}}")


def _add_ending(lines: _Lines, ending: NetworkInput) -> None:
    """Bring float32 planes into the network's layout and type."""
    if ending.element_type in _WHOLE:
        lines.add("Round({})")
    if ending.layout in ("NHWC", "HWC"):
        lines.add("Transpose <perm = [0, 2, 3, 1]> ({})")
    if not ending.layout.startswith("N"):
        lines.add("Squeeze({}, batch)", "int64[1] batch = {0}")
    if ending.element_type != onnx.TensorProto.FLOAT:
        lines.add(f"Cast <to = {ending.element_type}> ({{}})")


def _shape(height: int, width: int, channels: int, layout: str) -> str:
    sizes = {"N": "N", "H": height, "W": width, "C": channels}
    return ", ".join(str(sizes[axis]) for axis in layout)
