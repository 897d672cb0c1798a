"""What quantization-aware training has found for a tensor, kept with an ONNX model.

The model's metadata holds them by the tensors' names, so that they go with the file.
"""

import json
from dataclasses import dataclass
from typing import Dict, Mapping, Optional, Tuple

import numpy as np
import onnx

_KEY = "trained_grids"


@dataclass(frozen=True)
class TrainedGrid:
    """The numbers that training has rounded a tensor to: ``step`` times a whole number.

    Attributes:
        steps: the distance of two numbers.
        first, last: the whole numbers of the lowest and of the highest value. 0 is among them.
        axis: along which there is one of each for every channel; None where there is one in all.
    """

    steps: Tuple[float, ...]
    first: Tuple[int, ...]
    last: Tuple[int, ...]
    axis: Optional[int] = None

    @property
    def low(self) -> float:
        """The lowest value, of all channels."""
        return min(step * level for step, level in zip(self.steps, self.first))

    @property
    def high(self) -> float:
        """The highest value, of all channels."""
        return max(step * level for step, level in zip(self.steps, self.last))

    def levels(self, values: np.ndarray) -> np.ndarray:
        """Return the whole numbers that ``values``, float32, are rounded to, as int64.

        As TensorFlow's kernels do it, in float32 (fake_quant_ops_functor.h), so that a value in the
        middle of two numbers falls to the same one.
        """
        shape = [1] * values.ndim
        if self.axis is not None:
            shape[self.axis] = -1
        steps = np.array(self.steps, np.float32).reshape(shape)
        first, last = (np.array(one, np.float32).reshape(shape) for one in (self.first, self.last))
        clipped = np.clip(values, first * steps, last * steps)
        above = np.floor((clipped - first * steps) / steps + np.float32(0.5))
        return (above + first).astype(np.int64)


def read_grids(model: onnx.ModelProto) -> Dict[str, TrainedGrid]:
    """Return the grids of the model's tensors, by their names."""
    text = next((entry.value for entry in model.metadata_props if entry.key == _KEY), "{}")
    return {
        name: TrainedGrid(tuple(one["steps"]), tuple(one["first"]), tuple(one["last"]), one["axis"])
        for name, one in json.loads(text).items()
    }


def write_grids(model: onnx.ModelProto, grids: Mapping[str, TrainedGrid]) -> None:
    """Keep ``grids`` with the model, in place of those that it has."""
    others = [entry for entry in model.metadata_props if entry.key != _KEY]
    kept = [(entry.key, entry.value) for entry in others]
    if grids:
        kept.append((_KEY, json.dumps({name: vars(grid) for name, grid in grids.items()})))
    del model.metadata_props[:]
    for key, value in kept:
        model.metadata_props.add(key=key, value=value)


def rename_grid(model: onnx.ModelProto, old: str, new: str) -> None:
    """Follow a tensor that gets another name."""
    grids = read_grids(model)
    if old in grids:
        write_grids(model, {new if name == old else name: one for name, one in grids.items()})
