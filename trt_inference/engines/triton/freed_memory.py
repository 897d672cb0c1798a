"""Have the C library keep the memory of requests, which is allocated and freed with each image.

glibc gives large blocks back to Linux as soon as they are freed. Linux then has to find, clear and
map each page of the next request anew, which costs a robot more than everything else about it. It
learns from the largest block that was freed, and one that is never written to costs nothing.
"""

import numpy as np

# Of larger blocks it learns nothing (DEFAULT_MMAP_THRESHOLD_MAX, with what it adds to a block).
_MOST = (32 << 20) - (1 << 16)


def keep_freed_memory(size: int) -> None:
    """Have what is freed stay with this process, at least so much of it. Other C libraries do as
    they always do.

    Args:
        size: bytes; more than 32 MiB count as so many.
    """
    block = np.empty(min(size, _MOST), np.uint8)
    del block
