"""What an engine is built for: it runs there and nowhere else."""

from dataclasses import dataclass
from typing import Tuple


@dataclass(frozen=True)
class Machine:
    """A GPU with the software around it.

    Attributes:
        tensorrt: its full version, as ``10.3.0.26``.
        cuda: the driver's CUDA version, as ``12.2``.
        capability: compute capability of the GPU, as ``(8, 7)``.
        gpu: name of the GPU.
        system: operating system, as ``linux``.
        architecture: of the processor, as ``aarch64``.
    """

    tensorrt: str
    cuda: str
    capability: Tuple[int, int]
    gpu: str
    system: str
    architecture: str

    @property
    def sm(self) -> str:
        """The compute capability as NVIDIA's tools write it: ``sm_87``."""
        return f"sm_{self.capability[0]}{self.capability[1]}"

    def __str__(self) -> str:
        return f"TensorRT {self.tensorrt} and {self.sm} ({self.gpu}, {self.architecture})"
