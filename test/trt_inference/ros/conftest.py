"""A namespace for each test."""

import itertools
from contextlib import ExitStack
from pathlib import Path
from typing import Callable, Iterator, Tuple

import pytest

from test.trt_inference.ros.client import Client, NodeProcess, node_process

Start = Callable[..., Tuple[NodeProcess, Client]]
_numbers = itertools.count()


@pytest.fixture
def start_node(ros: None, tmp_path: Path) -> Iterator[Start]:
    """Starts a node with parameters, and gives its process and a client in its namespace. It loads
    bundles from all folders of the tests, unless it is told which."""
    with ExitStack() as stack:

        def start(**parameters: object) -> Tuple[NodeProcess, Client]:
            namespace = f"/test_{next(_numbers)}"
            parameters.setdefault("diagnostics_period", 0.1)
            parameters.setdefault("bundle_folders", [str(tmp_path.parent)])
            process = stack.enter_context(node_process(tmp_path, namespace, **parameters))
            client = Client(namespace)
            stack.callback(client.destroy_node)
            return process, client

        yield start
