"""A real Triton server with the models of a benchmark."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

import psutil
from tritonclient.grpc import InferenceServerClient

from benchmarks.fleet_counted import Counted
from examples.fleet.triton_server import TritonServer


class FleetServer:
    """A real server on this machine.

    Attributes:
        url: ``host:port``.
    """

    def __init__(self, server: TritonServer, client: Any) -> None:
        self.url = server.url
        self._client = client
        self._process = psutil.Process(server.pid)

    def counted(self, model: str) -> Counted:
        """What it has counted of a model until now, over all of its versions."""
        found = self._client.get_inference_statistics(model).model_stats
        return Counted(
            images=sum(one.inference_count for one in found),
            requests=sum(one.inference_stats.success.count for one in found),
            executions=sum(one.execution_count for one in found),
            queue=sum(one.inference_stats.queue.ns for one in found) / 1e9,
            compute=sum(_compute(one.inference_stats) for one in found) / 1e9,
            processor=self._processor(),
        )

    def _processor(self) -> float:
        """Of the server and the processes in which it runs its models."""
        processes = [self._process, *self._process.children(recursive=True)]
        times = [process.cpu_times() for process in processes]
        return sum(one.user + one.system for one in times)


def _compute(statistics: Any) -> int:
    parts = (statistics.compute_input, statistics.compute_infer, statistics.compute_output)
    return sum(int(part.ns) for part in parts)


@contextmanager
def serving(repository: Path) -> Iterator[FleetServer]:
    """A server of all models in a repository, ended with the block.

    Raises:
        RuntimeError: it does not start; the message has its log.
    """
    with TritonServer(repository) as server, InferenceServerClient(server.url) as client:
        yield FleetServer(server, client)
