"""The memory of a process, as Linux states it, without a library that robots may lack."""

from pathlib import Path
from typing import Union

_KIB = 1 << 10


def status_bytes(process: Union[int, str], name: str) -> int:
    """Bytes of a line ``VmRSS:  1234 kB`` in ``/proc/PROCESS/status``.

    Args:
        process: its number, or ``self``.
        name: ``VmRSS`` for what is resident now, ``VmHWM`` for the most that ever was, or
            ``RssAnon`` for what the process has allocated itself.

    Raises:
        FileNotFoundError: the process has ended.
        KeyError: Linux states no such thing of it, as of one that has ended and is waited for.
    """
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return int(found[name].split()[0]) * _KIB
