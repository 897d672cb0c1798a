"""The versions of TensorRT that are known, the opset of each, and the boards that have them.

``tensorrt_operators.json`` holds the opsets, from the first lines of the operator matrix that
onnx-tensorrt publishes with each version. Its parsers refuse no later opset: they read operators
whose meaning has changed as if it had not, and may so build an engine that computes something else.

Robots read this before they build, and the doctor does.
"""

import json
import re
from pathlib import Path
from typing import Any, Dict, NamedTuple, Tuple

TENSORRT_TABLE: Dict[str, Any] = json.loads(
    Path(__file__).with_name("tensorrt_operators.json").read_text("utf-8")
)

# The versions of TensorRT in the table, oldest first.
VERSIONS: Tuple[str, ...] = tuple(TENSORRT_TABLE["versions"])
# Nothing is known of those before it.
FIRST_VERSION: str = VERSIONS[0]


def documented_opset(tensorrt: str) -> int:
    """The latest ONNX opset that a version documents, such as 13 for ``8.2.1.8``."""
    return int(TENSORRT_TABLE["versions"][known_version(tensorrt)]["opset"])


def known_version(tensorrt: str) -> str:
    """The version of the table by which one is judged, such as ``8.2`` for ``8.2.1.8``: the newest
    that is not newer."""
    older = [version for version in VERSIONS if reaches(tensorrt, version)]
    return (older or VERSIONS[:1])[-1]


def reaches(version: str, other: str) -> bool:
    """Whether a version of TensorRT is as new as ``other``, or newer."""
    return _number(version) >= _number(other)


def _number(version: str) -> Tuple[int, ...]:
    return tuple(map(int, re.findall("[0-9]+", version)))


class Target(NamedTuple):
    """What a bundle may be converted for: its name, the machines, and their TensorRT.

    ``capabilities`` are the compute capabilities of its GPUs, where some of them lack a precision.
    """

    name: str
    board: str
    tensorrt: str
    capabilities: Tuple[Tuple[int, int], ...] = ()

    @property
    def opset(self) -> int:
        """The latest opset that it takes."""
        return documented_opset(self.tensorrt)

    def __str__(self) -> str:
        return f"{self.name} ({self.board}, TensorRT {self.tensorrt})"


TARGETS: Dict[str, Target] = {
    target.name: target
    for target in (
        Target("jetson-nano", "Jetson Nano and TX2 with JetPack 4.6", "8.2", ((5, 3), (6, 2))),
        Target("jetpack5", "Xavier and Orin with JetPack 5", "8.5"),
        Target("jetpack6", "Orin with JetPack 6", "10.3"),
        Target("jetpack7", "Jetson with JetPack 7", "10.13"),
        Target("desktop", "PC with an NVIDIA GPU", "10.13"),
    )
}


def target_of(tensorrt: str) -> Target:
    """The target whose models a version takes: the one of the latest opset that it documents."""
    most = documented_opset(tensorrt)
    taken = [target for target in TARGETS.values() if target.opset <= most]
    return max(taken, key=lambda target: target.opset)
