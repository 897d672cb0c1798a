"""If, Loop and Scan: what is known inside of their bodies."""

from typing import List

import numpy as np
import onnx

from test.tensorrt_double.importers.imported_node import ImportedNode, importer
from test.tensorrt_double.importers.values import Value, tensors_of

INT32_MAX = np.iinfo(np.int32).max
SAME_NAMES = "TensorRT requires conditional subgraphs to have different output tensor names!"

SAME_SHAPE = "IIfConditionalOutputLayer inputs must have the same shape."


@importer("Loop")
def import_loop(node: ImportedNode) -> None:
    """The number of the turn is known where turns are counted, the condition where it is given."""
    body = node.attribute("body")
    names = [value.name for value in body.input]
    unknown = [names[index] for index in range(2) if node.value(index) is None]
    if _is_endless(node):
        unknown.append(names[0])
    known = tensors_of(node.api, body.input)
    given = {name: value for name, value in known.items() if name not in unknown}
    node.reader.read_body(node, body, given)


def _is_endless(node: ImportedNode) -> bool:
    """From 8.5 on so many turns are none that are counted."""
    trips = node.weights(0)
    return node.api.at_least(8, 5) and trips is not None and int(trips.ravel()[0]) >= INT32_MAX


@importer("Scan")
def import_scan(node: ImportedNode) -> None:
    """All that its body takes has a name."""
    body = node.attribute("body")
    node.reader.read_body(node, body, tensors_of(node.api, body.input))


@importer("If")
def import_condition(node: ImportedNode) -> None:
    """By a constant, one branch is all that is read."""
    branches = [node.attribute("then_branch"), node.attribute("else_branch")]
    chosen = node.weights(0)
    if chosen is not None and chosen.size == 1:
        node.reader.read_body(node, branches[0 if chosen.ravel()[0] else 1], {})
        return
    if not node.api.at_least(8, 4):
        for then, other in zip(*(branch.output for branch in branches)):
            node.require(then.name != other.name, "thenName != elseName", SAME_NAMES)
    _import_branches(node, branches)


def _import_branches(node: ImportedNode, branches: List[onnx.GraphProto]) -> None:
    found = [list(node.reader.read_body(node, branch, {}).values()) for branch in branches]
    for then, other in zip(*found):
        if _differ(then, other):
            node.refuse_in_core(f"{node.name}_OutputLayer: {SAME_SHAPE}")


def _differ(one: Value, other: Value) -> bool:
    """In rank, or in a size that is known of both."""
    if one.shape is None or other.shape is None:
        return False
    known = [pair for pair in zip(one.shape, other.shape) if None not in pair]
    return len(one.shape) != len(other.shape) or any(a != b for a, b in known)
