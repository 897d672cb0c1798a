"""A tensor of a signature or a network: its name, dtype and shape."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tensor:
    """An input or output of a signature; -1 in ``shape`` stands for any size, and ``shape`` is
    None where even the rank is unknown. ``graph_name`` is the tensor of the graph behind it."""

    name: str
    dtype: str
    shape: tuple[int, ...] | None
    graph_name: str = ""

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.name}: {self.dtype} of any shape"
        sizes = ", ".join("?" if size < 0 else str(size) for size in self.shape)
        return f"{self.name}: {self.dtype} [{sizes}]"
