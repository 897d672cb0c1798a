"""Feature maps: outputs with values for each cell of a grid over the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from converter.heads.decoding.onnx_lines import Lines, index
from converter.heads.evidence import Evidence
from converter.inputs.tensor import Tensor


@dataclass(frozen=True)
class Grid:
    """float32 ``[N, h, w, channels]``, or ``[N, channels, h, w]`` where ``channels_first``."""

    name: str
    height: int
    width: int
    channels: int
    channels_first: bool = False

    @property
    def cells(self) -> int:
        """h * w."""
        return self.height * self.width

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes as the network gives them, without the batch."""
        sizes = (self.height, self.width)
        return (self.channels, *sizes) if self.channels_first else (*sizes, self.channels)

    def stride(self, input_size: tuple[int, int]) -> tuple[float, float]:
        """Width and height of a cell in pixels of the input."""
        return input_size[1] / self.width, input_size[0] / self.height

    def distortion(self, input_size: tuple[int, int]) -> float:
        """How far its cells are from square: 0 for square, by ratio."""
        width, height = self.stride(input_size)
        return float(abs(np.log(width / height)))

    def points(self, input_size: tuple[int, int], inside: float) -> np.ndarray:
        """x, y in pixels, float32 ``[h * w, 2]`` row by row, of the point that lies ``inside``
        of each cell: 0 for its corner, 0.5 for its middle."""
        x, y = np.meshgrid(np.arange(self.width), np.arange(self.height))
        points = np.stack([x, y], axis=-1).reshape(-1, 2) + inside
        return (points * self.stride(input_size)).astype(np.float32)

    def __str__(self) -> str:
        return f"{self.name} [N, {', '.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class Rows:
    """``[N, A, values]``, put together from outputs one after the other: the cells of a grid row
    by row, and of a cell with k * ``values`` channels k rows. Of the values, ``columns`` are
    kept, the first and the end; all where it is None."""

    parts: tuple[Grid | Tensor, ...]
    values: int
    columns: tuple[int, int] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The outputs."""
        return tuple(part.name for part in self.parts)

    @property
    def width(self) -> int:
        """Values of a row that are kept."""
        first, end = self.columns or (0, self.values)
        return end - first

    @property
    def count(self) -> int:
        """A."""
        return sum(int(np.prod(sizes_of(part))) for part in self.parts) // self.values

    def of(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """From the outputs by name."""
        rows = [
            cells_last(outputs[part.name], part).reshape(len(outputs[part.name]), -1, self.values)
            for part in self.parts
        ]
        return np.concatenate(rows, axis=1)[..., slice(*self.columns or (0, self.values))]

    def lines(self, inputs: Mapping[str, str], target: str) -> Lines:
        """The same in ONNX, in which the outputs are called ``inputs``.

        Takes names that begin with ``target``.
        """
        nodes, parts = [], []
        for place, part in enumerate(self.parts):
            source, rows = inputs[part.name], f"{target}_{place}"
            if isinstance(part, Grid) and part.channels_first:
                nodes.append(f"{rows}_cells = Transpose <perm = [0, 2, 3, 1]> ({source})")
                source = f"{rows}_cells"
            nodes.append(f"{rows} = Reshape ({source}, {target}_shape)")
            parts.append(rows)
        joined = target if self.columns is None else f"{target}_and_others"
        nodes.append(f"{joined} = Concat <axis = 1> ({', '.join(parts)})")
        constants = [f"int64[3] {target}_shape = {{0, -1, {self.values}}}"]
        if self.columns is not None:
            first, end, axis = (f"{target}_{name}" for name in ("first", "end", "axis"))
            constants += [index(first, self.columns[0]), index(end, self.columns[1])]
            constants.append(index(axis, 2))
            nodes.append(f"{target} = Slice ({joined}, {first}, {end}, {axis})")
        return Lines(tuple(constants), tuple(nodes))


def cells_last(values: np.ndarray, part: Grid | Tensor) -> np.ndarray:
    """With the channels on the last axis."""
    first = isinstance(part, Grid) and part.channels_first
    return np.moveaxis(values, 1, -1) if first else values


def sizes_of(part: Grid | Tensor) -> tuple[int, ...]:
    """Sizes without the batch; empty where they are unknown."""
    if isinstance(part, Grid):
        return part.shape
    return (part.shape or ())[1:]


def declare(parts: Sequence[Grid | Tensor]) -> tuple[dict[str, str], list[str]]:
    """Inputs of a stage: their names in the graph by those of the outputs, and their declarations
    in ONNX text."""
    shapes = {part.name: sizes_of(part) for part in parts}
    names = {name: f"output_{index}" for index, name in enumerate(shapes)}
    return names, [
        f"float[N, {', '.join(map(str, shape))}] {names[name]}" for name, shape in shapes.items()
    ]


def grids(evidence: Evidence) -> list[Grid]:
    """All float32 outputs that lie over the image as a grid.

    Where one could have its channels first or last, the proportions of the input decide, then
    the other outputs, and channels are last where these do not tell.
    """
    layouts = [found for output in evidence.outputs if (found := _layouts(output, evidence))]
    clear = [found[0].channels_first for found in layouts if len(found) == 1]
    first = bool(clear) and all(clear)
    return [min(found, key=lambda grid: grid.channels_first != first) for found in layouts]


def _layouts(output: Tensor, evidence: Evidence) -> list[Grid]:
    """The ways to read an output as a grid, of which none distorts it less than another."""
    sizes = sizes_of(output)
    if output.dtype != "float32" or len(sizes) != 3 or min(sizes) < 1:
        return []
    last = Grid(output.name, sizes[0], sizes[1], sizes[2])
    first = Grid(output.name, sizes[1], sizes[2], sizes[0], channels_first=True)
    found = [g for g in (last, first) if fits((g.height, g.width), evidence.input_size)]
    distortions = [grid.distortion(evidence.input_size) for grid in found]
    return [g for g, much in zip(found, distortions, strict=True) if much == min(distortions)]


def fits(sizes: Sequence[int], input_size: tuple[int, int]) -> bool:
    """Whether a grid of h x w cells has one stride in both directions, as far as an input that
    is no multiple of it allows."""
    strides = [
        {stride for stride in range(1, side + 1) if side // stride <= size <= -(-side // stride)}
        for size, side in zip(sizes, input_size, strict=True)
    ]
    return bool(strides[0] & strides[1])
