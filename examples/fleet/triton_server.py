"""A real Triton server on this machine, which the demo, benchmarks and tests start, kill and stop.

``scripts/environment.sh triton`` makes the environment that it is in: the ``tritonserver`` of
``nvidia-pytriton`` with one backend, Python's. It speaks gRPC on loopback, and nothing else.
"""

import importlib.util
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("TRT_INFERENCE_TRITON") or ROOT / ".venv" / "triton").absolute()
# What scripts/environment.sh writes where there can be none.
MISSING = FOLDER / ".missing"
MOST_SECONDS = 120.0  # from its start until it is ready, on a machine that is very busy
SHARED_MEMORY = Path("/dev/shm")
# Triton's Python backend gives up a lock for which it waits too long, and the server ends with it:
# where the machine is very busy, and where it was stopped for seconds.
# https://github.com/triton-inference-server/server/issues/8882
CRASH = "boost::interprocess::lock_exception"
_MOST_STARTS = 3


def _site_packages() -> Optional[Path]:
    return next(FOLDER.glob("lib/python3*/site-packages"), None)


def server_program() -> Optional[Path]:
    """``tritonserver``; None where it is not installed."""
    packages = _site_packages()
    program = packages and packages / "pytriton" / "tritonserver" / "bin" / "tritonserver"
    return program if program and program.is_file() else None


def why_there_is_none() -> str:
    """Why no server can be started here, and what to do about it; empty where one can."""
    if MISSING.is_file():
        return f"no Triton server here: {MISSING.read_text('utf-8').strip()}"
    if server_program() is None or not (FOLDER / "backends" / "python").is_dir():
        return f"no Triton server in {FOLDER}: scripts/environment.sh triton installs it"
    if importlib.util.find_spec("tritonclient") is None:
        return "needs tritonclient: python3 -m pip install 'tritonclient[grpc]'"
    return ""


class TritonServerError(RuntimeError):
    """A server does not start, or is not ready in time."""


class TlsFiles(NamedTuple):
    """Files in PEM with which a server encrypts.

    Attributes:
        ca_file: the certificates that it checks its clients' by, and they its own.
        certificate_file: its own.
        key_file: its private key.
        client_certificate_file: that of a client, if it has to have one; the server asks for it.
        client_key_file: the private key of that client.
    """

    ca_file: Path
    certificate_file: Path
    key_file: Path
    client_certificate_file: Optional[Path] = None
    client_key_file: Optional[Path] = None

    def options(self) -> List[str]:
        """Those of the server."""
        return [
            f"--grpc-use-ssl={int(self.client_certificate_file is None)}",
            f"--grpc-use-ssl-mutual={int(self.client_certificate_file is not None)}",
            f"--grpc-server-cert={self.certificate_file}",
            f"--grpc-server-key={self.key_file}",
            f"--grpc-root-cert={self.ca_file}",
        ]


class TritonServer:
    """A server with a model repository. It ends with the ``with`` block, or when this process does,
    however it ends; so do the processes in which it runs its models.

    Args:
        repository: folder of the models.
        options: more of ``tritonserver``.
        poll: whether it looks at the repository once a second, and loads what has changed.
        tls: the files with which it encrypts; None: it does not.

    Attributes:
        url: ``host:port`` of gRPC. The port is kept for this server until it is closed.
    """

    def __init__(
        self,
        repository: Path,
        *options: str,
        poll: bool = False,
        tls: Optional[TlsFiles] = None,
    ) -> None:
        # Bound, but not listening: nobody else gets the port, and who connects while the server
        # does not run is refused.
        self._port = socket.socket()
        self._port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._port.bind(("127.0.0.1", 0))
        self.url = f"127.0.0.1:{self._port.getsockname()[1]}"
        self._tls = tls
        self._region = f"triton-{os.getpid()}-{self._port.getsockname()[1]}-"
        self._options = [*self._own_options(repository, poll), *options]
        self._folder = tempfile.TemporaryDirectory(prefix="triton-server-")
        self._log = Path(self._folder.name) / "log"
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._watcher: Optional[subprocess.Popen[bytes]] = None

    def _own_options(self, repository: Path, poll: bool) -> List[str]:
        host, _, port = self.url.partition(":")
        return [
            f"--model-repository={repository}",
            f"--backend-directory={FOLDER / 'backends'}",
            f"--backend-config=python,shm-region-prefix-name={self._region}",
            f"--grpc-address={host}",
            f"--grpc-port={port}",
            "--reuse-grpc-port=1",
            "--allow-http=0",
            "--allow-metrics=0",
            *(["--model-control-mode=poll", "--repository-poll-secs=1"] if poll else []),
            *(self._tls.options() if self._tls else []),
        ]

    def __enter__(self) -> "TritonServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def log(self) -> str:
        """What it has printed, since this object was made."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._process is not None, "the server has not been started"
        return self._process.pid

    def is_running(self) -> bool:
        """Whether its process lives, be it stopped or not ready."""
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = MOST_SECONDS) -> None:
        """Start it, and wait until it is ready.

        Raises:
            TritonServerError: it is not; the message has its log.
        """
        for _ in range(_MOST_STARTS - 1):
            before = len(self.log)
            try:
                self._start_once(timeout)
                return
            except TritonServerError:
                if CRASH not in self.log[before:]:
                    raise
        self._start_once(timeout)

    def _start_once(self, timeout: float) -> None:
        self.launch()
        try:
            self.wait_ready(timeout)
        except BaseException:
            self.kill()
            raise

    def launch(self) -> None:
        """Start it, and do not wait."""
        assert not self.is_running(), "the server is running already"
        program = server_program()
        assert program is not None, why_there_is_none()
        with self._log.open("ab") as log:
            # A session, and so a process group, of its own: Ctrl-C is that of who starts it.
            self._process = subprocess.Popen(
                [str(program), *self._options],
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # Its input ends when this process does, even by SIGKILL.
        self._watcher = subprocess.Popen(
            [
                "/bin/sh",
                "-c",
                f"cat; kill -KILL -{self.pid}; rm -f {SHARED_MEMORY}/{self._region}*; "
                f"rm -rf {shlex.quote(self._folder.name)}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_ready(self, timeout: float = MOST_SECONDS) -> None:
        """Wait until all of its models are loaded.

        Raises:
            TritonServerError: it has ended, or it is not ready in time; the message has its log.
        """
        end = time.monotonic() + timeout
        while not self.is_ready():
            if not self.is_running():
                raise TritonServerError(f"the Triton server has ended. Its log:\n{self.log}")
            if time.monotonic() > end:
                raise TritonServerError(
                    f"no Triton server after {timeout:g} s. Its log:\n{self.log}"
                )
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Whether it answers, and all of its models are loaded."""
        # Their import takes a second, and most of who import this need no server.
        from tritonclient.grpc import InferenceServerClient
        from tritonclient.utils import InferenceServerException

        # A new connection each time: one that has failed waits before it tries again.
        with InferenceServerClient(self.url, **self._client_options()) as client:
            try:
                return bool(client.is_server_ready(client_timeout=2.0))
            except InferenceServerException:
                return False

    def _client_options(self) -> Dict[str, object]:
        arguments = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
        if self._tls is None:
            return {"channel_args": arguments}

        def text(file: Optional[Path]) -> Optional[str]:
            return None if file is None else str(file)

        return {
            "channel_args": arguments,
            "ssl": True,
            "root_certificates": text(self._tls.ca_file),
            "certificate_chain": text(self._tls.client_certificate_file),
            "private_key": text(self._tls.client_key_file),
        }

    def kill(self) -> None:
        """End it at once, as a crash or a power cut does."""
        if self._process is not None and self._watcher is not None:
            # The group: the processes that run its models would notice only after a while. The
            # server is waited for last, so that its number still stands for it.
            _signal_group(self._process.pid, signal.SIGKILL)
            self._watcher.kill()
            self._watcher.communicate()
            self._process.wait()
        self._process = self._watcher = None
        for region in SHARED_MEMORY.glob(f"{self._region}*"):
            region.unlink()

    def terminate(self, timeout: float = 60.0) -> None:
        """Ask it to end, and wait: it first answers what it has been asked."""
        if self.is_running() and self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()

    def pause(self) -> None:
        """Stop it: connections stay, and nobody answers. Not what runs its models, which might hold
        a lock then (see ``CRASH``)."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Kill it, and give its port away. It cannot be started again."""
        self.kill()
        self._port.close()
        self._folder.cleanup()


def server_environment() -> Dict[str, str]:
    """Triton's Python finds the packages of its environment by the ``python3`` on the PATH."""
    # Python's own variables, as PYTHONPATH, are for this process.
    variables = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    variables["PATH"] = f"{FOLDER / 'bin'}:{os.environ.get('PATH', os.defpath)}"
    folders = (f"{_site_packages()}/nvidia_pytriton.libs", str(FOLDER / "backends" / "python"))
    variables["LD_LIBRARY_PATH"] = ":".join(folders)
    return variables


def _signal_group(leader: int, number: int) -> None:
    with suppress(ProcessLookupError):  # all have ended
        os.killpg(leader, number)
