"""Whether a core may be kept busy with waiting for the GPU.

A thread that waits with a busy core goes on some microseconds earlier than one that has to be woken
up, and its core stays at its clock: on an H200 with 16 cores, at 30 images of 1280x720 a second, a
node with a detector of 640x640 needed 5.08 ms from image to detections instead of 5.46 (p50). It
costs a core for as long as the GPU works.

The load at that moment is not asked for: when a node is configured, as at the start of a robot, it
tells nothing of what comes later.
"""

import math
import os
from pathlib import Path
from typing import Iterator

# Two for the node's own threads, two for the camera and the middleware, one for all else, and the
# one that waits. Jetson Nano, Xavier NX and many small PCs have fewer or not more.
FEWEST_CORES = 6

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")


def has_core_to_spare(is_integrated: bool) -> bool:
    """Whether waiting with a busy core takes it from nobody, as far as can be told beforehand.

    Args:
        is_integrated: the GPU is in one chip with the processor, as on a Jetson: both share the
            power and the heat that they may take, and a busy core slows the GPU down.
    """
    return not is_integrated and usable_cores() >= FEWEST_CORES


def usable_cores(cgroups: Path = _CGROUPS, own: Path = _OWN_CGROUPS) -> float:
    """How many cores this process may use at once: those that it may run on, and no more than the
    quota of its container or service leaves it.

    Args:
        cgroups: where Linux shows the groups of processes.
        own: the file with the groups of this process.
    """
    return min([float(len(os.sched_getaffinity(0))), *_quotas(cgroups, own)])


def _quotas(cgroups: Path, own: Path) -> Iterator[float]:
    """Cores that each of the groups may use in which this process is; in a container the outermost
    that is seen is the container's."""
    for line in _text(own).splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        hierarchy = cgroups / controllers if controllers else cgroups
        folder = hierarchy / path.lstrip("/")
        for group in (folder, *folder.parents):
            yield _quota(group)
            if group == hierarchy:
                break


def _quota(group: Path) -> float:
    """Of one group, in both versions of cgroups; infinity where it has none."""
    words = _text(group / "cpu.max").split()
    if not words:
        words = [_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    if len(words) != 2 or not all(word.isdigit() for word in words) or int(words[1]) == 0:
        return math.inf  # "max" and "-1" stand for no limit
    return int(words[0]) / int(words[1])


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError:
        return ""
