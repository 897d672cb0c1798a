"""What the tests with a real Triton server share."""

from pathlib import Path
from typing import Iterator, NamedTuple

import pytest

from test.color_bundle import write_color_bundle
from test.served_models import Mood, export
from test.triton_server import TritonServer
from trt_inference.engines.triton import server_watch


class Served(NamedTuple):
    """A bundle on a server, which does what the mood tells."""

    bundle: Path
    server: TritonServer
    mood: Mood


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that the tests of a module break and mend."""
    folder = tmp_path_factory.mktemp("triton")
    bundle = write_color_bundle(folder / "colors")
    mood = Mood(export(bundle, folder / "repository"), folder / "mood.json")
    with TritonServer(folder / "repository") as server:
        yield Served(bundle, server, mood)


@pytest.fixture
def served(one_server: Served) -> Iterator[Served]:
    """The server of the module, whole before and after each test."""
    yield one_server
    one_server.mood.set()
    if one_server.server.is_running():
        one_server.server.resume()
        one_server.server.wait_ready()
    else:
        one_server.server.start()


@pytest.fixture
def hasty_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Robots look at their server five times a second."""
    monkeypatch.setattr(server_watch, "PERIOD", 0.2)
