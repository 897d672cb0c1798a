"""A namespace for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from test.trt_inference.ros.client import Client, NodeProcess, node_process

Start = Callable[..., tuple[NodeProcess, Client]]
_numbers = itertools.count()


@pytest.fixture
def start_node(ros: None, tmp_path: Path) -> Iterator[Start]:
    """Starts a node with parameters, and gives its process and a client in its namespace."""
    with ExitStack() as stack:

        def start(**parameters: object) -> tuple[NodeProcess, Client]:
            namespace = f"/test_{next(_numbers)}"
            parameters.setdefault("diagnostics_period", 0.1)
            process = stack.enter_context(node_process(tmp_path, namespace, **parameters))
            client = Client(namespace)
            stack.callback(client.destroy_node)
            return process, client

        yield start
