"""How much memory this machine has left, for the GPU and for programs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict

MIB = 1 << 20
GIB = 1 << 30
_MEMINFO = Path("/proc/meminfo")
# What the system can give to others: file caches, all of which may be dropped.
_GIVEN_UP = ("MemFree", "Buffers", "Cached", "SReclaimable")

MAKE_ROOM = (
    "close other programs and the desktop (sudo systemctl isolate multi-user.target), add 4 GB of "
    "swap, into which other programs can go"
)


@dataclass(frozen=True)
class Memory:
    """The memory of a machine, in bytes.

    Attributes:
        shared: the GPU works in the processor's memory, as on a Jetson.
        system_obtainable: what would be free without file caches, and with as much swapped out as
            swap has room for. The GPU cannot use swap itself.
    """

    gpu_free: int
    gpu_total: int
    system_free: int
    system_total: int
    shared: bool = False
    system_obtainable: int = 0
    swap_total: int = 0

    @property
    def free(self) -> int:
        """Bytes that the GPU can have. Where memory is shared, CUDA's free memory leaves out the
        file caches, which the system gives up when it must."""
        return max(self.gpu_free, self.system_free) if self.shared else self.gpu_free

    @property
    def obtainable(self) -> int:
        """Bytes that the GPU can have at the very most, while other programs run on."""
        if not self.shared:
            return self.gpu_free
        return min(self.gpu_total, max(self.free, self.system_obtainable))


def measure_memory(cuda: Any, architecture: str) -> Memory:
    """Measure the memory as it is now.

    Args:
        cuda: what gives ``memory_info()``, as ``Cuda`` does, with a context.
        architecture: of the processor, as ``aarch64``.
    """
    gpu_free, gpu_total = cuda.memory_info()
    system = system_memory()
    total = system.get("MemTotal", 0)
    return Memory(
        gpu_free,
        gpu_total,
        system.get("MemAvailable", 0),
        total,
        shared=architecture == "aarch64" and abs(gpu_total - total) < 0.1 * gpu_total,
        system_obtainable=sum(system.get(name, 0) for name in (*_GIVEN_UP, "SwapFree")),
        swap_total=system.get("SwapTotal", 0),
    )


def system_memory() -> Dict[str, int]:
    """Return bytes by the names of ``/proc/meminfo``; nothing where there is no such file."""
    return read_meminfo(_MEMINFO.read_text("ascii")) if _MEMINFO.exists() else {}


def read_meminfo(text: str) -> Dict[str, int]:
    """Return bytes by name from the text of ``/proc/meminfo``."""
    lines = (line.split() for line in text.splitlines())
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) == 3}


def binary_size(number: float) -> str:
    """Format bytes as the command line takes them: ``256MiB``."""
    return f"{number / GIB:.1f}GiB" if number >= GIB else f"{number / MIB:.0f}MiB"
