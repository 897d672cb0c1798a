"""A server that answers a bundle, and nodes that ask it."""

from pathlib import Path
from typing import Callable, Iterator

import pytest

from test.triton_double import TritonDouble
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.servers.asking_node import LONG_DEADLINE, AskingNode, mark_scores

Ask = Callable[..., AskingNode]


@pytest.fixture
def double(shared_color_bundle: Path) -> Iterator[TritonDouble]:
    """A server with the bundle that the nodes have."""
    with TritonDouble(shared_color_bundle) as server:
        server.faults.change = mark_scores
        yield server


@pytest.fixture
def prepare_node(start_node: Start, shared_color_bundle: Path) -> Ask:
    """Starts an unconfigured node with parameters that asks the server at a URL."""

    def prepare(url: str, **parameters: object) -> AskingNode:
        parameters.setdefault("bundle", shared_color_bundle)
        parameters.setdefault("server_deadline", LONG_DEADLINE)
        parameters.setdefault("image_reliability", "reliable")
        return AskingNode(*start_node(backend="triton", server_url=url, **parameters))

    return prepare


@pytest.fixture
def ask(prepare_node: Ask) -> Ask:
    """The same, and the node is active and has answered an image."""

    def begin(url: str, **parameters: object) -> AskingNode:
        node = prepare_node(url, **parameters)
        node.client.start()
        node.connect()
        return node

    return begin
