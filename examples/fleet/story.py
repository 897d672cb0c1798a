"""What happens in the demo, in its order: robots work with a server, another version is exported,
the server is killed, the robots go on without it, and it comes back."""

import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, List, NamedTuple

from examples.fleet.fleet_monitor import FleetMonitor
from examples.fleet.narrator import Narrator, current_answerer
from examples.fleet.receipts import SERVER, Phase
from examples.fleet.robots import robots
from examples.fleet.triton_server import TritonServer
from examples.shapes.processes import ROOT, program
from examples.shapes.watching_node import MonitorError
from trt_inference.bundles.bundle import Bundle
from trt_inference.printable import printable

LONGEST = 120.0  # seconds against waiting for ever, on a machine that is busy
LAST = 2.0  # seconds in which the results of the last images come
BACK = 30.0  # seconds that robots may take to come back to a server that is ready


class Fleet(NamedTuple):
    """What the demo consists of.

    Attributes:
        bundle: of robots and server.
        precision: which of its networks the server has.
        folder: for the model repository and the logs.
        monitor: receives what the robots send.
        narrator: tells what happens.
    """

    bundle: Bundle
    precision: str
    folder: Path
    monitor: FleetMonitor
    narrator: Narrator


class Story:
    """Lets it happen.

    Attributes:
        phases: those that are over. The last one begins when the server is ready again.
    """

    def __init__(self, fleet: Fleet, seconds: float) -> None:
        """
        Args:
            seconds: of a phase in which nothing is waited for.
        """
        self.phases: List[Phase] = []
        self._fleet, self._seconds = fleet, seconds
        self._monitor, self._tell = fleet.monitor, fleet.narrator.tell

    def run(self) -> None:
        """From the first process to the end of the last one.

        Raises:
            MonitorError: a robot does not come up, or ends, or the export fails.
            TritonServerError: the server does not start.
        """
        self._tell(
            f"The {self._fleet.precision} network of {self._fleet.bundle.path} is exported for "
            "a server:"
        )
        self._export()
        with TritonServer(self._repository, poll=True) as server:
            self._tell(f"A Triton server is ready at {server.url} (process {server.pid}).")
            given = (f"bundle:={self._fleet.bundle.path}", f"server_url:={server.url}")
            with robots(self._monitor, given, self._fleet.folder):
                self._work_on_the_server()
                self._export_another_version_and_kill(server)
                self._go_on_without_it()
                self._start_again(server)
            self._tell("Robots and server end.")

    def _work_on_the_server(self) -> None:
        names = " and ".join(self._monitor.robots)
        self._tell(f"Start {names}, each with a camera of its own, and with backend: triton.")
        logs = f"(their logs are in {self._fleet.folder})"
        self._monitor.wait(
            LONGEST, self._all_on_the_server, f"not all robots got results of the server {logs}"
        )
        with self._phase("on the server"):
            self._monitor.spin(self._seconds)

    def _export_another_version_and_kill(self, server: TritonServer) -> None:
        self._tell(
            "The network is exported again, as version 2. Robots keep the version that they have:"
        )
        with self._phase("new version"):
            self._beside(self._export, "the export is not done")
            name = self._fleet.bundle.name
            self._beside(lambda: _wait_for_version(server, name), "the server does not load it")
            self._tell("The server has loaded version 2.")
            self._monitor.spin(self._seconds / 2)
            # The images that are taken meanwhile may still be answered by the server.
            server.kill()

    def _go_on_without_it(self) -> None:
        self._tell("The server is killed (kill -9). The robots run the network themselves.")
        with self._phase("killed"):
            self._monitor.spin(self._seconds)

    def _start_again(self, server: TritonServer) -> None:
        self._tell("The server is started again, and loads its models.")
        with self._phase("starting again"):
            server.launch()
            self._beside(server.wait_ready, "the server is not ready")
        self._tell("The server is ready. Robots go back to it after three good answers in a row.")
        with self._phase("ready again"):
            if self._monitor.spin(BACK, self._all_on_the_server):
                self._monitor.spin(self._seconds)
        self._monitor.spin(LAST)

    def _all_on_the_server(self) -> bool:
        return all(current_answerer(one) == SERVER for one in self._monitor.robots.values())

    @property
    def _repository(self) -> Path:
        return self._fleet.folder / "repository"

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        # Where the last one ended: no image is between two phases, and missing in the tables.
        begin = self.phases[-1].end if self.phases else time.time()
        yield
        self.phases.append(Phase(name, begin, time.time()))

    def _export(self) -> None:
        bundle = str(self._fleet.bundle.path)
        arguments = ["export-triton", bundle, str(self._repository), "--platform", "python"]
        arguments += ["--precision", self._fleet.precision]
        self._tell(f"  {program()} {' '.join(arguments)}")
        done = subprocess.run(
            [sys.executable, "-m", "converter", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            check=False,
        )
        if done.returncode != 0:
            raise MonitorError(f"the export has failed: {printable(done.stdout.strip())}")

    def _beside(self, do: Callable[[], Any], problem: str) -> None:
        """Receive while something is done on another thread. What it raises is raised here."""
        done: Future[Any] = Future()

        def run() -> None:
            try:
                done.set_result(do())
            except Exception as error:
                done.set_exception(error)

        # It does not keep a demo that is interrupted from ending.
        threading.Thread(target=run, daemon=True).start()
        self._monitor.wait(LONGEST, done.done, problem)
        done.result()


def _wait_for_version(server: TritonServer, model: str, version: str = "2") -> None:
    """Wait until the server has loaded a version, for which it looks once a second."""
    from tritonclient.grpc import InferenceServerClient

    with InferenceServerClient(server.url) as client:
        while not client.is_model_ready(model, version):
            time.sleep(0.1)
