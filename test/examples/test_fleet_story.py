"""The order of the demo's phases, without robots and without a server."""

import subprocess
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Callable

import pytest

from examples.fleet import story
from examples.fleet.story import Fleet, Story
from trt_inference.bundles.bundle import load_bundle


class Monitor:
    """Receives nothing, and waits for nothing but what is done beside it."""

    def __init__(self) -> None:
        self.robots: Any = {}

    def spin(self, seconds: float, until: Callable[[], bool] = lambda: True) -> bool:
        return until()

    def wait(self, seconds: float, until: Callable[[], bool], what: str) -> None:
        while not until():
            time.sleep(0.001)


class Narrator:
    """Tells nobody, and takes its time, as a terminal may."""

    def tell(self, sentence: str) -> None:
        time.sleep(0.001)


class Server:
    """Takes its time to be killed, as a real one does."""

    url, pid = "localhost:1", 1

    def __init__(self, repository: Path, poll: bool) -> None:
        """Nothing."""

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing."""

    def kill(self) -> None:
        time.sleep(0.01)

    def launch(self) -> None:
        """Nothing."""

    def wait_ready(self) -> None:
        """Nothing."""


def test_no_image_is_between_two_phases(
    shared_color_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be in no row of the tables, above all when the server is killed."""
    monkeypatch.setattr(story, "TritonServer", Server)
    monkeypatch.setattr(story, "robots", lambda *given: nullcontext())
    monkeypatch.setattr(story, "_wait_for_version", lambda *given: None)
    done = subprocess.CompletedProcess([], 0, "")
    monkeypatch.setattr(story.subprocess, "run", lambda *given, **options: done)
    monitor: Any = Monitor()
    narrator: Any = Narrator()
    told = Story(Fleet(load_bundle(shared_color_bundle), "fp32", tmp_path, monitor, narrator), 0.0)
    told.run()
    assert [one.name for one in told.phases] == [
        *("on the server", "new version", "killed", "starting again"),
        "ready again",
    ]
    for one, following in zip(told.phases, told.phases[1:]):
        assert one.begin < one.end == following.begin
