"""One connection to the robot for all commands, so that ssh asks for a password once at most.

The first ssh holds the connection, and a command there that waits for the end of its input. When
this process ends, even by SIGKILL, that input ends, and with it both.
"""

import base64
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from converter.deployment.ssh_problems import explain_ssh
from converter.errors import DeployError
from trt_inference.bundles.atomic_write import remove_leftovers
from trt_inference.printable import printable, printable_lines, shortened

FACT = "@"  # begins the lines that the scripts print
_LOST = 255  # ssh's exit code, where it is not the command's
_READY = f"{FACT}ready"
BEGIN = f"{FACT}begin"  # ends what the files of the login shell print, as .bashrc
_PREFIX = "trt-inference-ssh-"
_LONGEST_WORD = 512  # characters that csh takes
_LONGEST_FOLDER = 40  # characters: a socket has 107, of which ssh itself needs some
# Ctrl-C in a terminal reaches all of its programs, but this one decides when ssh ends. The ssh that
# may ask for a password has to stay in that terminal; those that use its connection do not.
_WITHOUT_CTRL_C = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
_USUAL = (
    *("-T", "-o", "ControlPersist=no", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=10"),
    *("-o", "ServerAliveCountMax=3", "-o", "ClearAllForwardings=yes", "-o", "ForwardX11=no"),
    *("-o", "RemoteCommand=none", "-o", "PermitLocalCommand=no"),
)


class ConnectionLost(DeployError):
    """There is no connection any more, or not yet; another try may help."""


class RobotRefused(DeployError):
    """A command on the robot failed; the message is what it printed."""


class SshConnection:
    """An open connection. It is to be closed.

    Attributes:
        is_quiet: the robot's login shell printed nothing of its own so far.
    """

    def __init__(self, login: str, ssh: Sequence[str]) -> None:
        """Connect.

        Args:
            ssh: the program with options.

        Raises:
            ConnectionLost: the robot does not answer.
            DeployError: the robot refuses, or there is no such host.
        """
        self._login, self._ssh = login, list(ssh)
        self._folder = Path(_private_folder())
        self._said: list[str] = []
        self.is_quiet = True
        try:
            self._master = self._connect()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def close(self) -> None:
        """End it, and all that still runs there."""
        end_process(self._master)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def is_alive(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return self._master.poll() is None

    def run(self, script: str, *arguments: str) -> list[str]:
        """Run a script there, and return the facts that it prints, without their mark.

        Raises:
            ConnectionLost: the connection broke.
            RobotRefused: it failed.
        """
        with tempfile.TemporaryFile() as errors:
            process = self.start(script, *arguments, stdin=subprocess.DEVNULL, stderr=errors)
            try:
                output = process.communicate()[0]
            except BaseException:
                end_process(process)
                raise
            self.check(process.returncode, errors)
        login, _, told = output.decode("utf-8", "surrogateescape").partition(f"\n{BEGIN}\n")
        self.is_quiet = self.is_quiet and not login.strip()
        return [line[len(FACT) :] for line in told.splitlines() if line.startswith(FACT)]

    def start(
        self,
        script: str,
        *arguments: str,
        stdin: object = subprocess.PIPE,
        stderr: object = None,
        inside: Sequence[str] = (),
    ) -> "subprocess.Popen[bytes]":
        """Begin a script there, with pipes. What it prints comes behind the line ``BEGIN``.

        Args:
            inside: words of a command there that runs another one, as in a container.
        """
        words = [*inside, "sh", "-c", script, "sh", *arguments]
        line = f"echo; echo {BEGIN}; exec {shlex.join(words)}"
        return subprocess.Popen(
            [*self._second(), _for_any_shell(line)],
            start_new_session=True,
            stdin=stdin,  # type: ignore[call-overload]
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    def shell_for_rsync(self) -> str:
        """What rsync starts as its ``-e``: the words of the host are left out, as the connection is
        there, and no name is interpreted twice."""
        file = self._folder / "rsh"
        file.write_text(f'shift\nexec {shlex.join(self._second())} "$@"\n', "utf-8")
        return f"sh {file}"

    def check(self, code: int, errors: IO[bytes]) -> None:
        """
        Raises:
            ConnectionLost, RobotRefused: as of ``run``.
        """
        if code == 0:
            return
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace").strip()
        if code == _LOST or code < 0 or not self.is_alive:
            detail = said or "; ".join(self._said[-2:])
            raise ConnectionLost(
                f"the connection to {self._login} broke off"
                + (f" ({shortened(printable(detail))})" if detail else "")
            )
        raise RobotRefused(shortened(printable(said)) or f"a command there ended with {code}")

    def _second(self) -> list[str]:
        """An ssh that uses the connection. Without it, it must not make one of its own."""
        path = f"ControlPath={self._folder / 's'}"
        options = ("-o", "ControlMaster=no", "-o", path, "-o", "ProxyCommand=false")
        return [*self._ssh, *options, *_USUAL, "-o", "BatchMode=yes", "--", self._login]

    def _connect(self) -> "subprocess.Popen[bytes]":
        path = f"ControlPath={self._folder / 's'}"
        asks = () if _has_terminal() else ("-o", "BatchMode=yes")
        options = ("-o", "ControlMaster=yes", "-o", path, *_USUAL, *asks)
        wait = f"exec sh -c 'echo; echo {_READY}; exec cat'"
        if shutil.which(self._ssh[0]) is None:
            raise DeployError(
                f"there is no program '{printable(self._ssh[0])}' here: install ssh with sudo apt "
                "install openssh-client"
            )
        process = subprocess.Popen(
            [*_WITHOUT_CTRL_C, *self._ssh, *options, "--", self._login, wait],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        listener = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)
        listener.start()
        try:
            self._await_ready(process, listener)
        except BaseException:
            end_process(process)
            raise
        return process

    def _await_ready(self, process: "subprocess.Popen[bytes]", listener: threading.Thread) -> None:
        output: IO[bytes] = process.stdout  # type: ignore[assignment]
        for line in iter(output.readline, b""):
            if line.strip() == _READY.encode():
                return
        process.wait()
        listener.join(5)
        problem = explain_ssh("\n".join(self._said), self._login)
        raise (ConnectionLost if problem.may_pass else DeployError)(problem.text)

    def _listen(self, errors: IO[bytes]) -> None:
        """Keep what ssh says. Who is asked for a password sees it at once."""
        for line in errors:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self._said.append(text)
            if _has_terminal():
                print(printable_lines(text), file=sys.stderr, flush=True)


def _for_any_shell(line: str) -> str:
    """A line of sh for a login shell that may have other quotes, as fish and csh."""
    code = base64.b64encode(line.encode("utf-8", "surrogateescape")).decode()
    words = " ".join(code[at : at + _LONGEST_WORD] for at in range(0, len(code), _LONGEST_WORD))
    return f"""exec sh -c 'eval "$(printf %s "$@" | base64 -d)"' sh {words}"""


def _private_folder() -> str:
    """A folder that only this user can enter, with the number of this process at its end."""
    place = tempfile.gettempdir()
    if len(place) > _LONGEST_FOLDER or shlex.quote(place) != place:
        place = "/tmp"
    remove_leftovers(Path(place), _PREFIX)
    return tempfile.mkdtemp(prefix=_PREFIX, suffix=f"-{os.getpid()}", dir=place)


def _has_terminal() -> bool:
    """Whether somebody can be asked."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def end_process(process: "subprocess.Popen[bytes]") -> None:
    """End a command that may run no longer, and close its pipes."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
