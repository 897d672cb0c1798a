"""One limit of TensorRT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from converter.compatibility.limits.node_view import NodeView
from trt_inference.bundles.tensorrt_versions import FIRST_VERSION, reaches


@dataclass(frozen=True)
class Limit:
    """What some versions of TensorRT refuse of an operator that they have.

    Versions that do not look at an attribute and compute something else count as refusing it.

    Attributes:
        operators: names of ONNX.
        text: what these versions do not take, or all that they take, in a few words.
        breaks: whether a node is one that they refuse. What is not known of a node breaks nothing.
        remedy: what the user can do; it continues a sentence.
        source: where it is from, as ``file:line@branch``.
        since: the first version that has the limit.
        until: the first version without it; empty where all later ones have it.
    """

    operators: tuple[str, ...]
    text: str
    breaks: Callable[[NodeView], bool]
    remedy: str
    source: str
    since: str = FIRST_VERSION
    until: str = ""

    def holds_in(self, tensorrt: str) -> bool:
        """Whether that version, such as ``10.3``, has the limit."""
        return reaches(tensorrt, self.since) and not (self.until and reaches(tensorrt, self.until))
