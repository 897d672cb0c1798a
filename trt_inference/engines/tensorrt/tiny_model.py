"""A network of two layers as an ONNX model, and what it computes: to see whether a GPU does it.

It is written without the onnx package, which robots do not have. The wire format of protobuf:
https://protobuf.dev/programming-guides/encoding/; the numbers of fields are those of onnx.proto.
"""

from typing import Sequence, Tuple

import numpy as np

INPUT, OUTPUT = "x", "y"
_CHANNELS, _SIDE = 4, 8
_OPSET, _IR_VERSION = 11, 6  # which every TensorRT from 8.0 on takes
_FLOAT, _INTS = 1, 7


def tiny_input() -> np.ndarray:
    """float32 ``[1, 4, 8, 8]``: whole numbers, so that products and sums are exact in any type."""
    count = _CHANNELS * _SIDE * _SIDE
    values = np.arange(count, dtype=np.float32) % 7 - 3
    return values.reshape(1, _CHANNELS, _SIDE, _SIDE)


def tiny_output() -> np.ndarray:
    """float32 ``[1, 4, 8, 8]``: what the network gives for ``tiny_input``, by its definition."""
    padded = np.pad(tiny_input()[0], ((0, 0), (1, 1), (1, 1)), "constant")
    found = np.zeros((_CHANNELS, _SIDE, _SIDE), np.float32)
    for row in range(3):
        for column in range(3):
            part = padded[:, row : row + _SIDE, column : column + _SIDE]
            found += np.einsum("oi,ihw->ohw", _weights()[:, :, row, column], part)
    return np.maximum(found, 0)[np.newaxis]


def tiny_model() -> bytes:
    """A convolution of 3x3 and a Relu on ``x``, as an ONNX model."""
    shape = (1, _CHANNELS, _SIDE, _SIDE)
    pads = _text(1, "pads") + b"".join(_number(8, 1) for _ in range(4)) + _number(20, _INTS)
    convolution = (
        b"".join((_text(1, INPUT), _text(1, "w"), _text(2, "c"), _text(3, "convolution")))
        + _text(4, "Conv")
        + _piece(5, pads)
    )
    relu = _text(1, "c") + _text(2, OUTPUT) + _text(3, "relu") + _text(4, "Relu")
    graph = (
        _piece(1, convolution)
        + _piece(1, relu)
        + _text(2, "tiny")
        + _piece(5, _tensor("w", _weights()))
        + _piece(11, _value(INPUT, shape))
        + _piece(12, _value(OUTPUT, shape))
    )
    return _number(1, _IR_VERSION) + _piece(7, graph) + _piece(8, _number(2, _OPSET))


def _weights() -> np.ndarray:
    """float32 ``[4, 4, 3, 3]``, out of in: -2 to 2."""
    values = np.arange(_CHANNELS * _CHANNELS * 9, dtype=np.float32) % 5 - 2
    return values.reshape(_CHANNELS, _CHANNELS, 3, 3)


def _tensor(name: str, values: np.ndarray) -> bytes:
    sizes = b"".join(_number(1, size) for size in values.shape)
    content = values.astype("<f4").tobytes()
    return sizes + _number(2, _FLOAT) + _text(8, name) + _piece(9, content)


def _value(name: str, shape: Tuple[int, ...]) -> bytes:
    sizes = b"".join(_piece(1, _number(1, size)) for size in shape)
    kind = _piece(1, _number(1, _FLOAT) + _piece(2, sizes))
    return _text(1, name) + _piece(2, kind)


def _text(number: int, text: str) -> bytes:
    return _piece(number, text.encode("ascii"))


def _piece(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    digits: Sequence[int] = [
        value >> shift & 0x7F for shift in range(0, value.bit_length() or 1, 7)
    ]
    return bytes([*(digit | 0x80 for digit in digits[:-1]), digits[-1]])
