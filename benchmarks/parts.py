"""The parts of ``python3 -m benchmarks``: what each measures, and about how long it takes."""

from pathlib import Path
from typing import Callable, Dict, Iterator, NamedTuple, Sequence, Tuple

from benchmarks import cameras, memory, messages, node, peer, postprocess, preprocessing
from benchmarks.figures import Sheet

_START = 3.0  # seconds in which a node and its cameras start, and end
_TENSORFLOW_START = 8.0


class Choices(NamedTuple):
    """What the user chose.

    Attributes:
        bundle: that all of them run.
        seconds: of each stretch of a node.
        frames: of the memory run.
        cameras: how many, one after the other.
        size: of their images, width and height.
        saved_model: of the bundle, for TensorFlow.
        peer_spins: whether ONNX Runtime's threads do in the node by hand.
        tell: takes a line for the user.
    """

    bundle: Path
    seconds: float
    frames: int
    cameras: Sequence[int]
    size: Tuple[int, int]
    saved_model: Path
    peer_spins: bool
    tell: Callable[[str], None]


class Part(NamedTuple):
    """``measure`` gives each table when it is there; ``expected`` is in seconds, on two cores."""

    measure: Callable[[Choices], Iterator[Sheet]]
    expected: Callable[[Choices], float]


def _preprocessing(choices: Choices) -> Iterator[Sheet]:
    yield from preprocessing.sheets(choices.bundle)
    yield from messages.sheets()


def _node_seconds(choices: Choices) -> float:
    block = 2 * node.LOOP_SECONDS + node.WARM_UP + 1 + choices.seconds
    return len(node.RATES) * (_START + node.BLOCKS * block + 2 + choices.seconds)


def _peer_seconds(choices: Choices) -> float:
    turn = _START + peer.LOOP_SECONDS + 2 + choices.seconds
    return peer.ROUNDS * 2 * turn + _TENSORFLOW_START


def _cameras_seconds(choices: Choices) -> float:
    diagnostics = float(cameras.DIAGNOSTICS)
    stretches = cameras.BLOCKS * (choices.seconds / cameras.BLOCKS + diagnostics)
    return (2 + len(choices.cameras)) * (_START + diagnostics + stretches)


PARTS: Dict[str, Part] = {
    "preprocessing": Part(_preprocessing, lambda choices: 20.0),
    "postprocess": Part(lambda one: postprocess.sheets(), lambda one: 10.0),
    "node": Part(lambda one: node.sheets(one.bundle, one.seconds), _node_seconds),
    "peer": Part(
        lambda one: peer.sheets(one.bundle, one.seconds, one.saved_model, one.peer_spins, one.tell),
        _peer_seconds,
    ),
    "cameras": Part(
        lambda one: cameras.sheets(one.bundle, one.seconds, one.cameras, one.size, one.tell),
        _cameras_seconds,
    ),
    "memory": Part(
        lambda one: memory.sheets(one.bundle, one.frames),
        lambda one: 2 * _START + 4 + (memory.WARM_UP + one.frames) / memory.RATE,
    ),
}
