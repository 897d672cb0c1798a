"""Robots on loopback: sshd where it is installed, and a server of asyncssh.

Both are behind a proxy that counts bytes and breaks connections. The commands that run are real.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from test.needs import is_missing

ROOT = Path(__file__).parents[3]
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
SERVERS = [
    *(["sshd"] if SSHD else []),
    *([] if is_missing("asyncssh") else ["asyncssh"]),
]
_HIDDEN = {"rsync", "trt-inference"}  # programs that a robot here has only if a test gives it them


class Proxy:
    """Hands connections on to a server. ``received`` counts what clients sent. When it reaches
    ``cut_at``, all connections break, and the limit is gone; when it reaches ``hold_at``, nothing
    comes through until ``release``."""

    def __init__(self, port: int) -> None:
        self.received = 0
        self.connections = 0
        self.cut_at: int | None = None
        self.hold_at: int | None = None
        self.is_held = threading.Event()
        self._released = threading.Event()
        self._target = port
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End it with its connections."""
        self._listener.close()
        self.break_all()

    def break_all(self) -> None:
        """Break all connections, as a lost network does that is noticed at once."""
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Let everything through again."""
        self.hold_at = None
        self._released.set()

    def reset(self) -> None:
        """As it was at first."""
        self.release()
        self.break_all()
        self.received, self.cut_at = 0, None
        self.is_held.clear()
        self._released.clear()

    def _hold(self) -> None:
        if self.hold_at is not None and self.received >= self.hold_at:
            self.is_held.set()
            self._released.wait()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self.connections += 1
            self._open |= {client, server}
            for ends in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            for piece in iter(lambda: source.recv(1 << 14), b""):
                if counted:
                    self.received += len(piece)
                self._hold()
                target.sendall(piece)
                if self.cut_at is not None and self.received >= self.cut_at:
                    self.cut_at = None
                    self.break_all()
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@dataclass
class SshRobot:
    """A robot: a home of its own, and programs that a test gives it.

    Attributes:
        ssh: the client's command line, for ``--ssh``.
        path: its PATH.
    """

    home: Path
    proxy: Proxy
    ssh: str
    path: str

    def reset(self) -> None:
        """As a new one."""
        self.proxy.reset()
        shutil.rmtree(self.home, ignore_errors=True)
        (self.home / "programs").mkdir(parents=True)
        profile = f"PATH={shlex.quote(self.path)}\nexport PATH\n"
        (self.home / ".profile").write_text(profile, "utf-8")

    def give(self, name: str, text: str) -> None:
        """Put a shell script on the PATH there."""
        file = self.home / "programs" / name
        file.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        file.chmod(0o755)

    def give_program(self, text: str) -> None:
        """Let it have a trt-inference that runs a shell script for everything but its help."""
        usage = "usage: trt-inference COMMAND"
        self.give("trt-inference", f'if [ "$1" = --help ]; then echo "{usage}"; exit; fi\n{text}')

    def give_rsync(self) -> None:
        """Let the robot have the rsync of this machine."""
        (self.home / "programs" / "rsync").symlink_to(str(shutil.which("rsync")))


@contextlib.contextmanager
def ssh_robot(kind: str, folder: Path, tools: Path) -> Iterator[SshRobot]:
    """A server with keys of its own.

    Args:
        tools: as of ``link_tools``.
    """
    home, path = folder / "home", f"{folder}/home/programs:{tools}"
    home.mkdir(parents=True)
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    start = {"sshd": _start_sshd, "asyncssh": _start_asyncssh}[kind]
    process, port = start(folder, home, path)
    proxy = Proxy(port)
    (folder / "known").write_text(f"[127.0.0.1]:{proxy.port} {(folder / 'host.pub').read_text()}")
    (folder / "config").write_text(_CLIENT.format(folder=folder, port=proxy.port), "utf-8")
    try:
        yield SshRobot(home, proxy, f"ssh -F {folder / 'config'}", path)
    finally:
        proxy.close()
        process.terminate()
        process.wait()


_CLIENT = """Host robot
HostName 127.0.0.1
Port {port}
User {user}
IdentityFile {folder}/user
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {folder}/known
GlobalKnownHostsFile none
BatchMode yes
""".replace("{user}", getpass.getuser())

_SERVER = """ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
SetEnv HOME={home} PATH={path}
ForceCommand {folder}/enter
"""


def _start_sshd(folder: Path, home: Path, path: str) -> tuple[subprocess.Popen[bytes], int]:
    enter = folder / "enter"
    enter.write_text('#!/bin/sh\ncd && exec sh -c "$SSH_ORIGINAL_COMMAND"\n')
    enter.chmod(0o755)
    with contextlib.suppress(OSError):
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "sshd").write_text(
        _SERVER.format(folder=folder, port=port, home=home, path=path), "utf-8"
    )
    log = (folder / "log").open("wb")
    process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(folder / "sshd")], stderr=log)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, port
        except OSError as error:
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text()) from error


def _start_asyncssh(folder: Path, home: Path, path: str) -> tuple[subprocess.Popen[bytes], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "test.converter.deployment.asyncssh_server", str(folder)],
        cwd=ROOT,
        env={"HOME": str(home), "PATH": path},  # as a login, without what is set here
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def link_tools(folder: Path) -> Path:
    """A folder for the PATH of robots, with the programs of this machine but for some."""
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for file in Path(place).iterdir():
            link = folder / file.name
            if file.name not in _HIDDEN and not link.is_symlink():
                link.symlink_to(file)
    return folder
