"""What a robot of the fleet is told to do, and what it has measured, as a line of JSON each."""

import json
from typing import Any, Dict, NamedTuple

import numpy as np

FREE = 0.0  # images a second: as fast as it can, the next image when the last has its result


class Task(NamedTuple):
    """One run of one robot.

    Attributes:
        bundle: folder.
        precision: of the network.
        rate: images a second, or ``FREE``.
        seconds: how long.
        delay: seconds before the first image, so that the cameras of a fleet do not all take
            theirs at the same time.
        url: ``host:port`` of the server; empty: an engine on this machine.
        model: what the bundle is called there.
    """

    bundle: str
    precision: str
    rate: float
    seconds: float
    delay: float = 0.0
    url: str = ""
    model: str = ""

    def line(self) -> str:
        """For ``task_of``."""
        return json.dumps(self._asdict())


def task_of(line: str) -> Task:
    """What ``Task.line`` gave."""
    return Task(**json.loads(line))


class Measured(NamedTuple):
    """Seconds of each image that has a result, ``[n]`` each, and of the whole run.

    Attributes:
        fit: the camera's image into the engine's input.
        hand_over: what ``start`` takes, which with a server serialises and sends.
        round_trip: from the start of the run until its candidates are there.
        suppress: candidates → result.
        elapsed: of all images.
        processor: time of all threads of the process, of all images.
        lost: images without an answer.
        sent: bytes of an image to the server; 0 without one.
        received: bytes of its answer.
    """

    fit: np.ndarray
    hand_over: np.ndarray
    round_trip: np.ndarray
    suppress: np.ndarray
    elapsed: float
    processor: float
    lost: int
    sent: float = 0.0
    received: float = 0.0

    def line(self) -> str:
        """For ``measured_of``."""
        plain = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in self._asdict().items()
        }
        return json.dumps(plain)


def measured_of(line: str) -> Measured:
    """What ``Measured.line`` gave."""
    values: Dict[str, Any] = {
        name: np.array(value, float) if isinstance(value, list) else value
        for name, value in json.loads(line).items()
    }
    return Measured(**values)
