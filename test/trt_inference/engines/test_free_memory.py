"""How much memory there is for the GPU, on machines where it has its own and where it has not."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from trt_inference.engines import free_memory
from trt_inference.engines.free_memory import GIB, MIB, Memory, measure_memory, read_meminfo

NANO = """\
MemTotal:        4051048 kB
MemFree:          409600 kB
MemAvailable:    2097152 kB
Buffers:          102400 kB
Cached:          1638400 kB
SwapTotal:       4194304 kB
SwapFree:        1048576 kB
SReclaimable:      51200 kB
HugePages_Total:       0
"""


def test_meminfo_is_read_in_bytes() -> None:
    found = read_meminfo(NANO)
    assert (found["MemTotal"], found["MemAvailable"]) == (4051048 * 1024, 2 * GIB)
    assert "HugePages_Total" not in found  # a number of pages, no size


@pytest.mark.parametrize(
    ("architecture", "gpu_total", "shared"),
    [
        ("aarch64", 4051048 * 1024, True),  # Jetson
        ("x86_64", 4051048 * 1024, False),  # a small machine with a small GPU
        ("aarch64", 80 * GIB, False),  # Grace Hopper
    ],
)
def test_memory_is_shared_where_the_gpu_has_that_of_the_processor(
    architecture: str,
    gpu_total: int,
    shared: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(NANO, "ascii")
    monkeypatch.setattr(free_memory, "_MEMINFO", meminfo)
    cuda = SimpleNamespace(memory_info=lambda: (300 * MIB, gpu_total))
    memory = measure_memory(cuda, architecture)
    assert memory.shared is shared
    # CUDA calls the file caches used; swapped out, other programs leave room for the GPU.
    assert memory.free == (2 * GIB if shared else 300 * MIB)
    everything = (400 + 100 + 1600 + 50 + 1024) * MIB
    assert memory.obtainable == (everything if shared else 300 * MIB)


def test_no_more_can_be_had_than_there_is() -> None:
    assert Memory(GIB, 4 * GIB, GIB, 4 * GIB, True, 9 * GIB).obtainable == 4 * GIB
