"""The machine that is examined: its files, variables, programs, and what its Python can import."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Dict, List, Mapping, NamedTuple, Optional, Tuple

_MOST_BYTES = 1 << 20  # of a file, and of the end of what a program prints
_SECONDS_TO_END = 2.0  # for a program that Ctrl-C ends
_MOST_NAMES = 10_000  # of a folder


class Space(NamedTuple):
    """The bytes of a file system: in all, and those that a user may still write."""

    total: int
    free: int


class Answer(NamedTuple):
    """How a program ended: its exit code, the negative number of the signal that ended it, or None
    where it was still running when its time was up; and what it printed."""

    code: Optional[int]
    output: str
    errors: str


class Host:
    """The machine that is examined.

    Everything that a check looks at goes through here, so that a test can give it another machine.

    Attributes:
        root: under which files of the system are looked for, ``/`` but in tests.
        environment: the variables, of the programs that are run too.
        python: the interpreter of the probes.
        python_version: its version.
        architecture: of the processor, as ``aarch64``.
        device: the number of the GPU, among those that CUDA_VISIBLE_DEVICES leaves.
    """

    python_version: Tuple[int, ...] = sys.version_info[:3]
    architecture: str = os.uname().machine

    def __init__(
        self,
        root: Path = Path("/"),
        environment: Optional[Mapping[str, str]] = None,
        python: str = sys.executable,
        device: int = 0,
    ) -> None:
        self.root = root
        self.environment: Dict[str, str] = dict(os.environ if environment is None else environment)
        self.python = python
        self.device = device

    def path(self, name: str) -> Path:
        """Where a file of the system is, such as ``/etc/nv_tegra_release``."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> Optional[str]:
        """The text of a file of the system without zeros and white space at its ends, at most the
        first MiB; None where it cannot be read. A FIFO is not waited for."""
        try:
            descriptor = os.open(str(self.path(name)), os.O_RDONLY | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:
                content = file.read(_MOST_BYTES) or b""
        except OSError:
            return None
        return content.decode("utf-8", "replace").strip("\0 \t\r\n")

    def number(self, name: str) -> Optional[int]:
        """The whole number that a file of the system consists of, as those in ``/sys`` do; None
        where there is none."""
        try:
            return int(self.text(name) or "")
        except ValueError:
            return None

    def names(self, folder: str) -> List[str]:
        """The names in a folder of the system, sorted; none where it cannot be read."""
        try:
            return sorted(os.listdir(str(self.path(folder))))[:_MOST_NAMES]
        except OSError:
            return []

    def exists(self, name: str) -> bool:
        """Whether there is such a file or folder of the system, as far as this user may see it:
        pathlib raises where a folder above it may not be entered."""
        return os.path.exists(str(self.path(name)))

    def is_file(self, name: str) -> bool:
        """Whether that is a file, as far as this user may see it."""
        return os.path.isfile(str(self.path(name)))

    def is_folder(self, name: str) -> bool:
        """Whether that is a folder, as far as this user may see it."""
        return os.path.isdir(str(self.path(name)))

    def space(self, name: str) -> Optional[Space]:
        """The room of the file system that a folder is on; None where there is no such folder."""
        try:
            found = os.statvfs(str(self.path(name)))
        except OSError:
            return None
        return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)

    def may_use(self, name: str, mode: int = os.R_OK | os.W_OK) -> bool:
        """Whether this user may read and write a file of the system, such as a device."""
        return os.access(str(self.path(name)), mode)

    def time(self) -> float:
        """What the clock of the machine shows, in seconds since 1970."""
        return time.time()

    def program(self, name: str) -> Optional[str]:
        """Where a program is on the PATH; None where it is not."""
        return shutil.which(name, path=self.environment.get("PATH", os.defpath))

    def run(self, command: List[str], seconds: float = 10) -> Optional[Answer]:
        """Run a program to its end, or for so many seconds; None where it cannot be started. What
        it started itself, and did not detach, ends with it."""
        program = self.program(command[0])
        if program is None:
            return None
        try:
            started = subprocess.Popen(
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.environment,
                start_new_session=True,
            )
        except OSError:
            return None
        code: Optional[int] = None
        try:
            tails = [_Tail(started.stdout), _Tail(started.stderr)]
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = started.wait(seconds)
        except BaseException:  # Ctrl-C, which a session of its own does not hear
            _end(started)
            raise
        _kill(started)
        return Answer(code, *(tail.text() for tail in tails))


class _Tail(threading.Thread):
    """Reads what a program prints, and keeps the end of it, where answers and errors are: not even
    a GB of it may take the memory of a small board."""

    def __init__(self, pipe: Optional[IO[bytes]]) -> None:
        super().__init__(daemon=True)
        self._pipe, self._content = pipe, b""
        self.start()

    def run(self) -> None:
        """Read to the end."""
        if self._pipe is not None:
            with self._pipe as pipe:
                for part in iter(lambda: os.read(pipe.fileno(), _MOST_BYTES), b""):
                    self._content = (self._content + part)[-_MOST_BYTES:]

    def text(self) -> str:
        """What there is once the program has ended: what it detached may still hold its output."""
        self.join(1)
        return self._content.decode("utf-8", "replace").strip()


def _end(started: "subprocess.Popen[bytes]") -> None:
    """Let a program clear up, as its memory in /dev/shm, and kill it if that takes long."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        started.wait(_SECONDS_TO_END)
    _kill(started)


def _kill(started: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
