"""A ROS domain for each process that runs tests, so that none hears the nodes of another."""

import fcntl
import getpass
import tempfile
from pathlib import Path
from typing import IO, List

_DOMAINS = range(1, 102)  # those whose ports are free on Linux
_taken: List[IO[str]] = []  # locked as long as this process lives


def take() -> int:
    """Return a domain that no other test process of this user has.

    Raises:
        RuntimeError: there is none.
    """
    folder = Path(tempfile.gettempdir()) / f"ros_domains_of_{getpass.getuser()}"
    folder.mkdir(exist_ok=True)
    for number in _DOMAINS:
        file = (folder / str(number)).open("w", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            continue
        _taken.append(file)
        return number
    raise RuntimeError(f"all ROS domains of {folder} are taken: end other test runs")
