"""The segments that a process has in /dev/shm through Fast DDS."""

import os
import re
from pathlib import Path
from typing import List

# The lock of a segment, which its owner holds; it was fastrtps_ before Fast DDS 3. Ports are named
# otherwise: they outlive a process in any case, and the next one takes them over.
_LOCK = re.compile(r"(/dev/shm/fast(?:dds|rtps)_[0-9a-f]{16})_el")


def segments_of(process: int) -> List[Path]:
    """The segments that the process owns, with their locks."""
    found = []
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            lock = _LOCK.fullmatch(os.readlink(descriptor))
        except FileNotFoundError:  # closed meanwhile
            continue
        if lock:
            found += [Path(lock[0]), Path(lock[1])]
    return found


def left_of(segments: List[Path]) -> List[Path]:
    """Those that are still there."""
    return [one for one in segments if one.exists()]
