"""Room on the disks: for engines beside the bundle, for temporary files and caches."""

import contextlib
from pathlib import Path
from typing import Iterable, Iterator, List, Optional

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import is_container

_SUBJECT = "Disk"
_MIB = 1 << 20
_FULL, _SCARCE = 64 * _MIB, 1024 * _MIB
_MAKE_ROOM = "sudo apt clean; the largest folders are shown by: du -xh {folder} | sort -h | tail"


def check_disks(host: Host, bundle: Optional[Path] = None) -> Iterator[Diagnosis]:
    """Whether there is room where this project writes, and the disk takes writes at all."""
    yield from _check_writable(host)
    home = host.environment.get("HOME", "/root")
    purposes = {home: "caches and logs", "/tmp": "temporary files"}
    if bundle is not None:
        with contextlib.suppress(OSError):  # where the working folder has been removed
            purposes[str(bundle.absolute())] = "the engines of the bundle"
    problems = [
        problem
        for folder, purpose in purposes.items()
        for problem in _check_room(host, folder, purpose)
    ]
    yield from problems
    rooms = _rooms(host, purposes)
    if rooms and not problems:
        yield ok(_SUBJECT, f"{', '.join(rooms)} are free.")


def _check_room(host: Host, folder: str, purpose: str) -> Iterator[Diagnosis]:
    space = host.space(folder)
    if space is None or space.free >= _SCARCE:
        return
    text = f"{space.free // _MIB} MiB are free in {folder}, for {purpose}."
    remedy = _MAKE_ROOM.format(folder=folder)
    if space.free < _FULL:
        yield error(_SUBJECT, "disk-full", text, remedy)
    else:
        yield caution(_SUBJECT, "disk-nearly-full", text, remedy)


def _rooms(host: Host, folders: Iterable[str]) -> List[str]:
    """What is free in each folder that is there."""
    spaces = ((folder, host.space(folder)) for folder in folders)
    return [f"{space.free >> 30} GiB in {folder}" for folder, space in spaces if space is not None]


def _check_writable(host: Host) -> Iterator[Diagnosis]:
    """Linux stops writing to a disk that fails, as memory cards do. In a container it may be
    wanted."""
    for line in (host.text("/proc/mounts") or "").splitlines():
        words = line.split()
        if len(words) >= 4 and words[1] == "/" and "ro" in words[3].split(","):
            if not is_container(host):
                yield error(
                    _SUBJECT,
                    "root-file-system-read-only",
                    f"The root file system, {words[0]}, cannot be written: Linux stops writing to "
                    "a disk that fails.",
                    "dmesg | grep -i 'error' shows why; save what you need, and replace the card.",
                )
            return
