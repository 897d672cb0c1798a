"""Send files, each from where an earlier try ended, and compare their hashes there."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO

from converter.deployment.bundle_contents import FileToSend
from converter.deployment.robot_folder import RobotFolder, read_script
from converter.deployment.ssh_connection import (
    ConnectionLost,
    RobotRefused,
    SshConnection,
    end_process,
)
from converter.errors import DeployError
from trt_inference.printable import printable

_PIECE = 1 << 16
_COMPLETE = b"@complete"  # of complete.sh
_TRIES = 2  # of a file that arrives with another hash
# What rsync --info=progress2 prints: bytes of the file so far, and their share.
_SO_FAR = re.compile(rb"([0-9][0-9,.]*)\s+[0-9]+%")

# Called with the bytes of a file that are there by now.
OnBytes = Callable[[FileToSend, int], None]


@dataclass(frozen=True)
class FileState:
    """Where a file is by now: ``staged`` beside the bundle, ``there`` in it, or a ``part`` of so
    many bytes."""

    place: str
    bytes: int = 0


@dataclass
class Sender:
    """Sends files over connections of which each may break.

    Attributes:
        wrong: how often each file has arrived with another hash, by name.
    """

    login: str
    on_bytes: OnBytes
    wrong: dict[str, int] = field(default_factory=dict)

    def send(
        self, connection: SshConnection, folder: RobotFolder, file: FileToSend, start: int
    ) -> None:
        """Send the rest of a file and give it its name beside the bundle; twice if need be.

        Args:
            start: bytes that are there.

        Raises:
            ConnectionLost: what has arrived stays there.
            DeployError: it arrives with another hash each time, or cannot be written.
        """
        while True:
            if self._transfer(connection, folder, file, min(start, file.size)):
                return
            self._count_wrong(file)
            start = 0

    def _count_wrong(self, file: FileToSend) -> None:
        self.wrong[file.name] = self.wrong.get(file.name, 0) + 1
        if self.wrong[file.name] >= _TRIES:
            raise DeployError(
                f"{file.name} arrived on {self.login} with another sha256, {_TRIES} times: "
                f"'{file.path}' changes meanwhile, or memory, disk or network of one of the two "
                "are faulty. The bundle there is as it was"
            )

    def _transfer(
        self, connection: SshConnection, folder: RobotFolder, file: FileToSend, start: int
    ) -> bool:
        """Send the rest, and return whether the file is the right one there."""
        transfer = _by_rsync if uses_rsync(connection, folder) else _by_stream
        self.on_bytes(file, start)
        try:
            return transfer(connection, folder, file, start, self.on_bytes)
        except RobotRefused as error:
            raise DeployError(
                f"{file.name} cannot be written on {self.login}: {error}. The bundle there is as "
                "it was; once this is mended, the same command goes on"
            ) from error


def uses_rsync(connection: SshConnection, folder: RobotFolder) -> bool:
    """Whether both ends have it, and no .bashrc there prints into what it says."""
    return folder.has_rsync and connection.is_quiet and shutil.which("rsync") is not None


def look_for(
    connection: SshConnection, folder: RobotFolder, files: Sequence[FileToSend]
) -> list[FileState]:
    """Where each of the files is by now, found by its hash."""
    words = [word for file in files for word in (file.name, file.sha256)]
    facts = connection.run(read_script("look"), folder.staging, folder.path, *words)
    states = [_state(fact) for fact in facts]
    if len(states) != len(files):
        raise DeployError(f"the robot told of {len(states)} files instead of {len(files)}")
    return states


def _state(fact: str) -> FileState:
    place, _, count = fact.partition(" ")
    return FileState(place, int(count) if count.strip().isdecimal() else 0)


def _by_stream(
    connection: SshConnection, folder: RobotFolder, file: FileToSend, start: int, on_bytes: OnBytes
) -> bool:
    """Append to what is there, over ssh alone."""
    script = read_script("receive") + read_script("complete")
    arguments = folder.staging, file.sha256, file.name, str(start), str(file.size)
    with tempfile.TemporaryFile() as errors, file.path.open("rb") as source:
        source.seek(start)
        process = connection.start(script, *arguments, stderr=errors)
        try:
            _pour(source, process, lambda sent: on_bytes(file, start + sent))
            facts = process.stdout.read()  # type: ignore[union-attr]
            process.wait()
        except BaseException:
            end_process(process)
            raise
        connection.check(process.returncode, errors)
    return _COMPLETE in facts.splitlines()


def _pour(
    source: IO[bytes], process: "subprocess.Popen[bytes]", on_sent: Callable[[int], None]
) -> None:
    """Write all of ``source`` into a process; a process that ends tells why by its exit code."""
    sent = 0
    try:
        for piece in iter(lambda: source.read(_PIECE), b""):
            process.stdin.write(piece)  # type: ignore[union-attr]
            sent += len(piece)
            on_sent(sent)
        process.stdin.close()  # type: ignore[union-attr]
    except BrokenPipeError:
        pass


def _by_rsync(
    connection: SshConnection, folder: RobotFolder, file: FileToSend, start: int, on_bytes: OnBytes
) -> bool:
    """Bring what is there up to the file, as rsync does: it sends only what differs."""
    options = ("--inplace", "--partial", "--protect-args", "--info=progress2", "--timeout=60")
    shell = ("-e", connection.shell_for_rsync())
    target = f"robot:{folder.staging}/{file.sha256}.part"
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            ["rsync", *options, *shell, "--", str(file.path.resolve()), target],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        try:
            for line in iter(lambda: process.stdout.read1(_PIECE), b""):  # type: ignore[union-attr]
                for so_far in _SO_FAR.findall(line):
                    on_bytes(file, int(re.sub(rb"[^0-9]", b"", so_far)))
            process.wait()
        except BaseException:
            end_process(process)
            raise
        _check_rsync(connection, process.returncode, errors)
    arguments = folder.staging, file.sha256, file.name
    return "complete" in connection.run(read_script("complete"), *arguments)


def _check_rsync(connection: SshConnection, code: int, errors: IO[bytes]) -> None:
    """rsync has codes of its own for a connection that broke."""
    broken = (10, 12, 30, 35)
    try:
        connection.check(code, errors)
    except RobotRefused as error:
        if code in broken and "No space left" not in str(error):
            raise ConnectionLost(f"the connection broke off ({printable(error)})") from error
        raise
