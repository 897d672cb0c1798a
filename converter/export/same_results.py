"""Whether two models of the same network give the same results, on random images.

The weights are inputs of both, and are read from their files as they are needed: neither model
takes memory for them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from converter.onnx_tools.edit import all_nodes, draws_random_numbers

_SEED = 5
_RANK = 4  # of a batch of images
_UNKNOWN_SIDE = 64  # pixels
_BATCHES = (1, 2)  # where any size is taken
# The usual ranges of pixels, one of them for each image.
_RANGES = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))
# Rounding of float32 and float16, relative to the largest value. In another order of operations,
# networks of a hundred layers differ by 1e-5.
_ROUNDING = {"float16": 1e-2}
_USUAL_ROUNDING = 1e-4
# So much an input is changed to see what rounding can do, and by how much more results may differ.
_NUDGE, _MARGIN = 1e-6, 100
# Of whole numbers, which rounding seldom changes: the class of a pixel between two classes.
_OTHERS = 1e-4
_REASON_LENGTH = 200
Results = Sequence[np.ndarray]


class SameResults:
    """Compares models with one of them.

    Attributes:
        reason: why there is nothing to compare with; empty where there is.
    """

    def __init__(self, model: onnx.ModelProto, image: str, weights: Mapping[str, Path]) -> None:
        """
        Args:
            model: what others are compared with.
            image: its input that is an image; the others are ``weights``, with their files.
        """
        self._image = image
        self._weights = {name: np.load(file, mmap_mode="r") for name, file in weights.items()}
        self.reason = _reason(model)
        self._batches = [] if self.reason else list(_images(model, image))
        if self.reason:
            return
        try:
            self._session = _open(model)
            self._expected = [self._run(self._session, pixels) for pixels in self._batches]
        except Exception as error:  # its errors have no common base below Exception
            first = str(error).splitlines()[0][:_REASON_LENGTH]
            self.reason = f"ONNX Runtime does not run it before them: {first}"

    def as_of(self, model: onnx.ModelProto) -> bool:
        """Whether ``model`` gives the same."""
        try:
            session = _open(model)
            pairs = zip(self._batches, self._expected, strict=True)
            return all(self._agree(session, *pair) for pair in pairs)
        except Exception:  # as above: it does not run, and the other one does
            return False

    def _agree(self, session: Any, pixels: np.ndarray, expected: Results) -> bool:
        found = self._run(session, pixels)
        if all_agree(expected, found, expected):
            return True
        return all_agree(expected, found, self._run(self._session, _nudged(pixels)))

    def _run(self, session: Any, pixels: np.ndarray) -> Results:
        taken = {value.name for value in session.get_inputs()}
        given = {self._image: pixels, **self._weights}
        results: Results = session.run(
            None, {name: value for name, value in given.items() if name in taken}
        )
        return results


def _open(model: onnx.ModelProto) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its errors come as exceptions
    options.enable_cpu_mem_arena = False  # which would keep the memory
    # What ONNX Runtime itself would do to the graphs is of no interest, and takes time.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _reason(model: onnx.ModelProto) -> str:
    for node in all_nodes(model.graph):
        if draws_random_numbers(node):
            return f"the network draws random numbers ({node.name})"
    return ""


def _images(model: onnx.ModelProto, name: str) -> Iterator[np.ndarray]:
    """Batches of random images as the model takes them."""
    value = next(one for one in model.graph.input if one.name == name).type.tensor_type
    dtype = onnx.helper.tensor_dtype_to_np_dtype(value.elem_type)
    sides = [size.dim_value for size in value.shape.dim]
    generator, ranges = np.random.default_rng(_SEED), itertools.cycle(_RANGES)
    for batch in _BATCHES:
        shape = [side or _UNKNOWN_SIDE for side in sides]
        if len(sides) == _RANK and not sides[0]:
            shape[0] = batch
        images = generator.random(shape if len(sides) == _RANK else [1, *shape])
        if dtype.kind in "iu":
            images = np.minimum(images * 256, np.iinfo(dtype).max)
        else:
            for image, (low, high) in zip(images, ranges, strict=False):
                image[...] = low + image * (high - low)
        yield images.astype(dtype).reshape(shape)


def _nudged(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype.kind != "f":
        return pixels
    return (pixels * (1 + _NUDGE)).astype(pixels.dtype)


def all_agree(expected: Results, found: Results, nudged: Results) -> bool:
    """Whether ``found`` is ``expected`` but for rounding.

    Args:
        nudged: results for an input that is almost the same, which show how much of it there is.
    """
    return all(_agree(*three) for three in zip(expected, found, nudged, strict=True))


def _agree(expected: np.ndarray, found: np.ndarray, nudged: np.ndarray) -> bool:
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return False
    if expected.dtype.kind != "f":
        others = max(int(_OTHERS * expected.size), _MARGIN * _count(expected != nudged))
        return _count(expected != found) <= min(others, expected.size // 2)
    finite = np.isfinite(expected)
    if not np.array_equal(expected[~finite], found[~finite], equal_nan=True):
        return False
    values = expected[finite]
    rounding = _ROUNDING.get(expected.dtype.name, _USUAL_ROUNDING) * _largest(values)
    limit = max(rounding, _MARGIN * _largest(nudged[finite] - values))
    return bool(np.isfinite(found[finite]).all()) and _largest(found[finite] - values) <= limit


def _count(mask: Any) -> int:
    return int(np.count_nonzero(mask))


def _largest(values: np.ndarray) -> float:
    return float(np.abs(values).max(initial=0))
