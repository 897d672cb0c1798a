"""The opset of an export: the lowest one that the network takes, because it runs on most boards.

13 is the latest that TensorRT 8.2 documents, and so the Jetson Nano. tf2onnx 1.17 writes the same
nodes at 13 as at 17: only operators that came later, and types that operators take from a later
opset on, need more. After 17 there are only operators on bits, which no TensorRT has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from converter.export.unsupported import layer_of

LOWEST_OPSET, HIGHEST_OPSET = 13, 17
_LAYERS_SHOWN = 3


class Opsets(NamedTuple):
    """Between which opsets the export chooses. ``reasons`` tell why ``lowest`` is not lower, where
    something was found out before."""

    lowest: int = LOWEST_OPSET
    highest: int = HIGHEST_OPSET
    reasons: tuple[str, ...] = ()


class OpsetNeed(NamedTuple):
    """An operator that needs an opset, and the node that is one. An ``operator`` may have the type
    of its input behind it."""

    operator: str
    opset: int
    node: str


def describe_needs(needs: Iterable[OpsetNeed]) -> tuple[str, ...]:
    """One reason for each operator: ``Relu of int32 needs opset 14 (layer model/act)``."""
    layers: dict[tuple[str, int], dict[str, None]] = {}
    for need in needs:
        layers.setdefault((need.operator, need.opset), {})[layer_of(need.node)] = None
    return tuple(
        f"{operator} needs opset {opset} ({_layers(list(found))})"
        for (operator, opset), found in layers.items()
    )


def _layers(names: list[str]) -> str:
    shown, more = ", ".join(names[:_LAYERS_SHOWN]), len(names) - _LAYERS_SHOWN
    return f"layer {shown}" + (f" and {more} more" if more > 0 else "")
