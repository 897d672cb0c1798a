"""Bring the bundle on a robot up to the one here, from wherever an earlier try ended."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from converter.deployment.bundle_contents import BundleContents, FileToSend
from converter.deployment.robot import Robot
from converter.deployment.robot_folder import (
    RobotFolder,
    check_space,
    check_usable,
    describe_folder,
    put_in_place,
    tidy,
)
from converter.deployment.send_files import FileState, Sender, look_for, uses_rsync
from converter.deployment.ssh_connection import ConnectionLost, SshConnection
from converter.errors import DeployError
from converter.tables.wording import counted, file_size
from converter.terminal.progress import Progress


@dataclass(frozen=True)
class Copied:
    """What was done.

    Attributes:
        folder: of the bundle on the robot, absolute.
        sent: the number of files that were sent; others were there.
        stale: engines there of other models than the bundle has now.
        left: what could not be removed of the bundle that was replaced.
    """

    folder: str
    sent: int
    stale: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class BundleCopy:
    """Copies one bundle to one robot."""

    def __init__(
        self, robot: Robot, folder: str, contents: BundleContents, progress: Progress
    ) -> None:
        self._robot, self._folder, self._contents = robot, folder, contents
        self._progress = progress
        self._there: dict[str, int] = {}
        self._show: Callable[[int], None] = lambda _: None
        self._sender = Sender(robot.login, self._on_bytes)
        self._sent: set[str] = set()

    def run(self) -> Copied:
        """Copy it. A reader there sees the old bundle or the new one.

        Raises:
            DeployError: it cannot be; the bundle there is the old one, or the new one, whole.
        """
        try:
            return self._robot.attempt(self._copy, lambda: sum(self._there.values()))
        except ConnectionLost as lost:
            raise DeployError(
                f"{lost}. What was copied stays there: the same command goes on"
            ) from lost

    def _copy(self, connection: SshConnection) -> Copied:
        folder = describe_folder(connection, self._folder)
        check_usable(folder, self._robot.login)
        files, keeps_report = self._files(folder)
        left = []
        if folder.has_replaced:
            left = tidy(connection, folder, [file.name for file in files])
        with self._progress.step(f"look for {counted(len(files), 'file')} there"):
            states = look_for(connection, folder, files)
        self._send(connection, folder, files, states)
        if any(state.place != "there" for state in states):
            left = put_in_place(connection, folder, files, keeps_report)
        stale = folder.stale_engines(self._contents)
        return Copied(folder.path, len(self._sent), tuple(stale), tuple(left))

    def _files(self, folder: RobotFolder) -> tuple[list[FileToSend], bool]:
        """What has to be there, and whether the report is the robot's, who may have added its
        engines to that of the very same bundle."""
        contents = self._contents
        keeps_report = folder.is_same_bundle(contents.bundle)
        report = () if keeps_report else contents.report
        return [*contents.files, *report, *contents.pictures], keeps_report

    def _send(
        self,
        connection: SshConnection,
        folder: RobotFolder,
        files: Sequence[FileToSend],
        states: Sequence[FileState],
    ) -> None:
        waiting = {
            file: min(state.bytes, file.size)
            for file, state in zip(files, states, strict=True)
            if state.place == "part"
        }
        total, start = sum(file.size for file in waiting), sum(waiting.values())
        check_space(folder, total - start, self._robot.login)
        if not waiting:
            return
        began = time.monotonic()
        self._there = {file.name: there for file, there in waiting.items()}
        with self._progress.transfer(f"copy {counted(len(waiting), 'file')}", total, start) as show:
            self._show = show
            for file, there in waiting.items():
                self._sender.send(connection, folder, file, there)
                self._sent.add(file.name)
        seconds = time.monotonic() - began
        how = "rsync" if uses_rsync(connection, folder) else "ssh"
        resumed = f", {file_size(start)} were there" if start else ""
        rate = file_size(int((total - start) / max(seconds, 1e-3)))
        what = f"{counted(len(waiting), 'file')}, {file_size(total)}{resumed}"
        self._progress.done(f"copy {what}, by {how}, {rate}/s", seconds)

    def _on_bytes(self, file: FileToSend, there: int) -> None:
        self._there[file.name] = max(there, self._there.get(file.name, 0))
        self._show(sum(self._there.values()))
