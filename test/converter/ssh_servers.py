"""Robots on loopback: sshd where it is installed, and a server of asyncssh.

Both are behind a proxy that counts bytes and breaks connections. The commands that run are real.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from test.needs import is_missing

ROOT = Path(__file__).parents[2]
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
SERVERS = [
    *(["sshd"] if SSHD else []),
    *([] if is_missing("asyncssh") else ["asyncssh"]),
]
_HIDDEN = {"rsync", "trt-inference"}  # programs that a robot here has only if a test gives it them


class Proxy:
    """Hands connections on to a server. ``received`` counts what clients sent; when it reaches
    ``cut_at``, all connections break, and the limit is gone."""

    def __init__(self, port: int) -> None:
        self.received = 0
        self.connections = 0
        self.cut_at: int | None = None
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
    """

    home: Path
    proxy: Proxy
    ssh: str
    programs: Path = field(init=False)

    def __post_init__(self) -> None:
        self.programs = self.home / "programs"

    def give(self, name: str, text: str) -> None:
        """Put a shell script on the PATH there."""
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        file.chmod(0o755)

    def give_rsync(self) -> None:
        """Let the robot have the rsync of this machine."""
        (self.programs / "rsync").symlink_to(str(shutil.which("rsync")))


@contextlib.contextmanager
def ssh_robot(kind: str, folder: Path, tools: Path) -> Iterator[SshRobot]:
    """A server with keys of its own, for one test.

    Args:
        tools: as of ``link_tools``.
    """
    home = folder / "home"
    (home / "programs").mkdir(parents=True)
    profile = f"PATH={shlex.quote(f'{home}/programs:{tools}')}\n"
    (home / ".profile").write_text(f"{profile}export PATH\n", "utf-8")
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    start = {"sshd": _start_sshd, "asyncssh": _start_asyncssh}[kind]
    process, port = start(folder, home, f"{home}/programs:{tools}")
    proxy = Proxy(port)
    (folder / "known").write_text(f"[127.0.0.1]:{proxy.port} {(folder / 'host.pub').read_text()}")
    (folder / "config").write_text(_CLIENT.format(folder=folder, port=proxy.port), "utf-8")
    try:
        yield SshRobot(home, proxy, f"ssh -F {folder / 'config'}")
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
""".replace("{user}", os.environ.get("USER") or "root")

_SERVER = """ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
ForceCommand {folder}/enter
"""


def _start_sshd(folder: Path, home: Path, path: str) -> tuple[subprocess.Popen[bytes], int]:
    enter = folder / "enter"
    variables = f"HOME={shlex.quote(str(home))} PATH={shlex.quote(path)}"
    go_home, run = f"cd {shlex.quote(str(home))}", 'sh -c "$SSH_ORIGINAL_COMMAND"'
    enter.write_text(f"#!/bin/sh\n{go_home}\nexec env {variables} {run}\n")
    enter.chmod(0o755)
    with contextlib.suppress(OSError):
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "sshd").write_text(_SERVER.format(folder=folder, port=port), "utf-8")
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
        [sys.executable, "-m", "test.converter.asyncssh_server", str(folder)],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "PATH": path},
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
