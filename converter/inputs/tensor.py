"""A tensor of a signature or a network: its name, dtype and shape."""

from dataclasses import dataclass
from typing import Optional, Tuple


@dataclass(frozen=True)
class Tensor:
    """An input or output of a signature; -1 in ``shape`` stands for any size, and ``shape`` is
    None where even the rank is unknown. ``graph_name`` is the tensor of the graph behind it."""

    name: str
    dtype: str
    shape: Optional[Tuple[int, ...]]
    graph_name: str = ""

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.name}: {self.dtype} of any shape"
        sizes = ", ".join("?" if size < 0 else str(size) for size in self.shape)
        return f"{self.name}: {self.dtype} [{sizes}]"
