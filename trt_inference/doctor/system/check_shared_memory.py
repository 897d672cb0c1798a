"""/dev/shm, through which the middleware moves images between processes."""

import fcntl
import os
import re
from typing import Iterator, List, Tuple

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host, Space

_SUBJECT = "Shared memory"
_FOLDER = "/dev/shm"
_MIB = 1 << 20
_OF_A_PROCESS = 16 * _MIB  # with the middleware profile of this project
_SMALL = 4 * _OF_A_PROCESS  # what Docker gives
# Fast DDS (fastrtps before ROS 2 Kilted) locks the file _el while the process lives.
_SEGMENT = re.compile("(fastdds|fastrtps)_(?!port)[0-9a-f]+$")
_LOCK = "_el"


def check_shared_memory(host: Host) -> Iterator[Diagnosis]:
    """Whether /dev/shm is there, large enough and not full of what dead processes left."""
    space = host.space(_FOLDER)
    if space is None or not host.may_use(_FOLDER):
        yield error(
            _SUBJECT,
            "shm-missing",
            f"{_FOLDER} is not there, or this user may not write to it: the middleware moves large "
            "images through it.",
            "sudo mount -t tmpfs -o mode=1777 tmpfs /dev/shm",
        )
        return
    left, size = _left_behind(host)
    yield _judge_room(space, bool(left))
    if left:
        yield caution(
            _SUBJECT,
            "shm-left-behind",
            f"Processes that were killed have left segments in {_FOLDER}: {len(left)} with "
            f"{size / _MIB:.1f} MiB, such as {left[0]}.",
            "fastdds shm clean, or where that is missing, with all nodes ended: rm "
            f"{_FOLDER}/fastdds_* {_FOLDER}/fastrtps_*",
        )


def _judge_room(space: Space, has_left: bool) -> Diagnosis:
    """
    Args:
        has_left: processes that are gone take some of it.
    """
    text = f"{space.free // _MIB} of {space.total // _MIB} MiB are free in {_FOLDER}"
    if space.free < _OF_A_PROCESS:
        return error(
            _SUBJECT,
            "shm-full",
            f"{text}, and a process takes 16 MiB: nodes may end with SIGBUS, or start without "
            "shared memory.",
            f"{'fastdds shm clean; ' if has_left else ''}ls -lS {_FOLDER} shows what takes it; in "
            "a container, docker run --shm-size 512m or --ipc host ...",
        )
    if space.total <= _SMALL:
        return caution(
            _SUBJECT,
            "shm-small",
            f"{text}: enough for {space.free // _OF_A_PROCESS} processes of 16 MiB each.",
            "docker run --shm-size 512m or --ipc host ...; outside of a container, sudo mount -o "
            "remount,size=50% /dev/shm",
        )
    return ok(_SUBJECT, f"{text}.")


def _left_behind(host: Host) -> Tuple[List[str], int]:
    """The segments whose processes are gone, and the bytes that they take."""
    names = host.names(_FOLDER)
    left, size = [], 0
    for name in filter(_SEGMENT.match, names):
        if f"{name}{_LOCK}" in names and _is_unlocked(host, f"{_FOLDER}/{name}{_LOCK}"):
            left.append(name)
            size += _taken(host, f"{_FOLDER}/{name}")
    return left, size


def _is_unlocked(host: Host, file: str) -> bool:
    """Whether nobody holds the lock, in this container or another one. It is let go at once."""
    try:
        descriptor = os.open(str(host.path(file)), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _taken(host: Host, file: str) -> int:
    try:
        return host.path(file).stat().st_blocks * 512
    except OSError:
        return 0
