"""Float16: the network in half precision, what overflows there in float32."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from converter.errors import PrecisionError
from converter.inputs.dataset import Sample, Track
from converter.onnx_tools.node_names import HEAD, NETWORK
from converter.precision.float32_model import Float32Model, short_name
from converter.precision.fp16_graph import can_be_half, narrow
from converter.precision.layers import Layer, split_into_layers
from converter.precision.precision_results import Calibration, KeptLayer
from converter.precision.probes import first_not_finite, largest_values
from trt_inference.bundles.bundle import Bundle

LARGEST = float(np.finfo(np.float16).max)
# What images that were not looked at may add.
_MARGIN = 2.0
# Each round keeps at least one node more; beyond these the network is no case for float16.
_MOST_ROUNDS = 20
# They square what goes in.
_SQUARES = ("ReduceL2",)
_IS_0 = "which is 0 in float16"
# They give a tiny number on, and fail on 0.
_PASS_ON = (
    "Sqrt",
    "Add",
    "Max",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Expand",
    "Transpose",
    "Identity",
)
_NEED_MORE_THAN_0 = ("Div", "Reciprocal", "Log", "Pow")


class Float16:
    """See ``Narrowing``."""

    precision = "fp16"
    calibration: Calibration | None = None

    def __init__(
        self,
        source: Float32Model,
        bundle: Bundle,
        calibration: Sequence[Sample],
        every: Sequence[Sample],
        track: Track,
    ) -> None:
        """
        Args:
            calibration: images to find ranges on.
            every: images on which nothing may become NaN or infinite.

        Raises:
            PrecisionError: NaN or infinity that no float32 mends.
        """
        self.source = source
        able = [node for node in source.nodes(source.body) if can_be_half(node, source)]
        if not able:
            raise PrecisionError(
                "fp16: the network has no float32 layers that can be narrowed: what it computes in "
                "already is in fp32.onnx"
            )
        network = [
            node for node in source.model.graph.node if node.output[0].startswith((NETWORK, HEAD))
        ]
        tensors = _float_outputs(source, network)
        images = track(calibration, "find the ranges of float16")
        largest = largest_values(source.model, tensors, bundle, images)
        self._reasons = _beyond_range(source, able, largest)
        self._half = {node.name for node in able} - set(self._reasons)
        # Infinity that masks something is in float32 already, and means no harm.
        sound = [name for name in tensors if np.isfinite(largest[name])]
        self._keep_not_finite(bundle, sound, (*every, *_plain_frames(bundle)), track)
        self.layers = split_into_layers(source, self._half)
        if not self.layers:
            raise PrecisionError(
                "fp16: no product with weights is in float32 and stays within float16: use fp32"
            )
        self.must_keep = tuple(
            KeptLayer(short_name(name), reason) for name, reason in self._reasons.items()
        )

    def build(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Typed float16, with a Cast at each border."""
        return narrow(self.source, _names(layers))

    def measurable(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Float32, rounded to float16 where the other computes in it."""
        return narrow(self.source, _names(layers), rounded=True)

    def _keep_not_finite(
        self, bundle: Bundle, tensors: Sequence[str], every: Sequence[Sample], track: Track
    ) -> None:
        """Run all images, and keep in float32 what gives NaN or infinity in float16."""
        for _ in range(_MOST_ROUNDS):
            rounded = narrow(self.source, self._half, rounded=True)
            images = track(every, "look for NaN and infinity in float16")
            found = first_not_finite(rounded, tensors, bundle, images)
            if not found:
                return
            for tensor, image in found.items():
                self._keep(tensor, f"gives NaN or infinity in float16 on {image}")
        raise PrecisionError(
            f"fp16: after {_MOST_ROUNDS} layers in float32 there still are NaN or infinite values, "
            f"now from layer {', '.join(short_name(name) for name in found)}: use fp32"
        )

    def _keep(self, tensor: str, reason: str) -> None:
        """In float32: the node that gives ``tensor``, or those in float16 that it depends on."""
        made_by = {name: node for node in self.source.model.graph.node for name in node.output}
        waiting, seen = [tensor], {tensor}
        found: list[str] = []
        while waiting:
            node = made_by.get(waiting.pop())
            if node is None:
                continue
            if node.name in self._half:
                found.append(node.name)
                continue
            waiting.extend(name for name in node.input if name not in seen)
            seen.update(node.input)
        if not found:
            raise PrecisionError(
                f"fp16: layer {short_name(tensor)} {reason.replace('float16', 'float32')}: the "
                "network itself is not sound on this image"
            )
        for name in found:
            self._half.discard(name)
            self._reasons[name] = reason


def _names(layers: Iterable[Layer]) -> set[str]:
    return {name for layer in layers for name in layer.nodes}


def _float_outputs(source: Float32Model, nodes: Iterable[onnx.NodeProto]) -> list[str]:
    return [name for node in nodes for name in node.output if source.is_float(name)]


def _beyond_range(
    source: Float32Model, nodes: Sequence[onnx.NodeProto], largest: dict[str, float]
) -> dict[str, str]:
    """Nodes that float16 has no numbers for, each with the reason."""
    constants = {tensor.name: tensor for tensor in source.model.graph.initializer}
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in nodes:
        for name in node.input:
            users.setdefault(name, []).append(node)
    reasons: dict[str, str] = {}
    for node in nodes:
        reason = _reason(node, largest) or _reason_in_constants(node, constants)
        if reason:
            reasons[node.name] = reason
        if reason.endswith(_IS_0):
            for name in _guarded(node, users):
                reasons.setdefault(name, f"is guarded by {short_name(node.name)}, which {reason}")
    return reasons


def _reason(node: onnx.NodeProto, largest: dict[str, float]) -> str:
    inside = max((largest.get(name, 0.0) for name in (*node.input, *node.output)), default=0.0)
    if node.op_type in _SQUARES:
        inside = inside**2
    if inside * _MARGIN <= LARGEST:
        return ""
    return f"values reach {inside:.3g}, which is near or beyond the end of float16, {LARGEST:.0f}"


def _guarded(node: onnx.NodeProto, users: Mapping[str, Sequence[onnx.NodeProto]]) -> set[str]:
    """Names of the nodes from one with a tiny constant up to the divisions, logarithms and powers
    that it keeps from 0: in float16 it would be lost before it gets there."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for user in users.get(waiting.pop().output[0], ()):
            if user.name not in found and user.op_type in (*_PASS_ON, *_NEED_MORE_THAN_0):
                found.add(user.name)
                waiting.extend([user] if user.op_type in _PASS_ON else [])
    return found


def _plain_frames(bundle: Bundle) -> tuple[Sample, ...]:
    """A camera gives them when it starts or is covered, and no folder of pictures has them."""
    shape = bundle.input.height, bundle.input.width, 3
    return tuple(
        Sample(f"a {name} image", None, np.full(shape, value, np.uint8))
        for name, value in (("black", 0), ("white", 255))
    )


def _reason_in_constants(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]) -> str:
    for name in node.input:
        if name not in constants or constants[name].data_type != onnx.TensorProto.FLOAT:
            continue
        values = np.abs(numpy_helper.to_array(constants[name]))
        most = float(values.max(initial=0))
        if most > LARGEST:
            return f"has a constant of {most:.3g}, float16 ends at {LARGEST:.0f}"
        if most > 0 and np.float16(most) == 0:
            return f"has a constant of {most:.3g}, {_IS_0}"
    return ""
