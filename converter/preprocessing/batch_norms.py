"""The batch normalisations of a TensorFlow graph, with the statistics that training stored.

They are one operator, or written out as Keras 3 and ``tf.nn.batch_normalization`` do:
``x * inv + (offset - mean * inv)`` with ``inv = rsqrt(variance + epsilon) * scale``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.nodes import attribute

_FUSED = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
_HAND_ON = ("Cast", "Identity", "Reshape", "Squeeze", "ExpandDims")


@dataclass(frozen=True)
class BatchNorm:
    """Names of tensors of the graph: what enters, and the mean and variance of each channel that
    were stored. ``first`` tells that no other normalisation stands before it, and
    ``channels_first`` that the channels are axis 1 of what enters."""

    input: str
    mean: str
    variance: str
    first: bool
    channels_first: bool


def find_batch_norms(view: GraphView, image: str, most: int) -> tuple[BatchNorm, ...]:
    """The batch normalisations that are the nearest to the image, at most ``most``.

    Args:
        image: the tensor of the image.
    """
    behind = view.descendants([image])
    found: dict[str, BatchNorm] = {}
    for node in view.graph_def.node:
        for norm in _norms_at(view, node, behind):
            found[node_of(norm.input)] = norm
    order = [found[name] for name in _nearest_first(view, image) if name in found]
    return tuple(
        replace(norm, first=not found.keys() & _before(view, norm, behind)) for norm in order[:most]
    )


def _before(view: GraphView, norm: BatchNorm, behind: set[str]) -> set[str]:
    """What lies between the image and what enters a normalisation."""
    return view.ancestors([norm.input]) & behind - {node_of(norm.input)}


def _nearest_first(view: GraphView, image: str) -> list[str]:
    """Names of all nodes behind the image, by the number of steps to them."""
    order, seen = [node_of(image)], {node_of(image)}
    for name in order:
        for node in view.consumers(name):
            if node.name not in seen:
                seen.add(node.name)
                order.append(node.name)
    return order


def _norms_at(view: GraphView, node: Any, behind: set[str]) -> Iterator[BatchNorm]:
    if node.op in _FUSED and not attribute(node, "is_training").b:
        values, _, _, mean, variance = node.input[:5]
        if not {node_of(mean), node_of(variance)} & behind:
            channels_first = attribute(node, "data_format").s == b"NCHW"
            yield _norm(values, mean, variance, channels_first)
    elif node.op == "Rsqrt" and node.name not in behind:
        add = view.source(view.through_identity(node.input[0]))
        if add.op in ("Add", "AddV2"):
            yield from _written_out(view, node.name, add.input[0], behind)


def _written_out(
    view: GraphView, inverse: str, variance: str, behind: set[str]
) -> Iterator[BatchNorm]:
    """The normalisation that multiplies by the node ``inverse``, or by what is made of it."""
    users = [node for node in view.consumers(inverse) if node.op == "Mul"]
    scaled = [_other(node, inverse) for node in users if node.name in behind]
    means = [_mean(view, node, inverse) for node in users if node.name not in behind]
    for values in scaled:
        for mean in filter(None, means):
            yield _norm(values, mean, variance, False)
    if not scaled:
        for node in view.consumers(inverse):
            if node.name not in behind and node.op in ("Mul", *_HAND_ON):
                yield from _written_out(view, node.name, variance, behind)


def _norm(values: str, mean: str, variance: str, channels_first: bool) -> BatchNorm:
    names = canonical(values), canonical(mean), canonical(variance)
    return BatchNorm(*names, first=False, channels_first=channels_first)


def _mean(view: GraphView, product: Any, inverse: str) -> str | None:
    """The mean in ``offset - mean * inverse``; None where that is not what the product is for."""
    if not any(user.op in ("Sub", "Neg", "AddV2") for user in view.consumers(product.name)):
        return None
    mean = _other(product, inverse)
    source = view.source(mean)
    return source.input[0] if source.op == "Neg" else mean


def _other(product: Any, factor: str) -> str:
    first, second = product.input[:2]
    return second if node_of(first) == factor else first
