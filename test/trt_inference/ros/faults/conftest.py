"""A running node that the tests of one file share."""

import os
from pathlib import Path
from typing import Iterator, Tuple

import pytest

from test.trt_inference.ros.client import Client, NodeProcess, node_process

Detector = Tuple[NodeProcess, Client]
FREQUENT = 0.1  # seconds between two messages on /diagnostics


@pytest.fixture(scope="module")
def detector(
    ros: None,
    shared_color_bundle: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Detector]:
    """An active node on the color bundle with its default settings, and a client."""
    name = request.module.__name__.rpartition(".")[2]
    namespace = f"/shared_{name}_{os.getpid()}"
    folder = tmp_path_factory.mktemp(name)
    with node_process(
        folder, namespace, bundle=shared_color_bundle, diagnostics_period=FREQUENT
    ) as node:
        client = Client(namespace)
        try:
            client.start()
            yield node, client
        finally:
            client.destroy_node()
