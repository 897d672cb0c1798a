"""Float16: the network in float16, and what overflows there in float32."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import onnx

from converter.errors import PrecisionError
from converter.inputs.dataset import Track
from converter.inputs.sample import Sample
from converter.onnx_tools.node_names import HEAD, NETWORK
from converter.precision.float32_model import Float32Model, short_name
from converter.precision.fp16.fp16_graph import can_be_float16, narrow
from converter.precision.fp16.probes import first_not_finite, largest_values
from converter.precision.fp16.ranges import nodes_beyond_range
from converter.precision.layers import Layer, split_into_layers
from converter.precision.precision_kinds import PrecisionKind, PrecisionRequest
from converter.precision.precision_results import Calibration, KeptLayer, TrainedRanges
from trt_inference.bundles.bundle import Bundle

NAME = "fp16"
# Each round keeps at least one node more; beyond these the network is no case for float16.
_MOST_ROUNDS = 20


class Float16:
    """See ``PrecisionBuilder``."""

    precision = NAME
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
        able = [node for node in source.nodes(source.body) if can_be_float16(node, source)]
        if not able:
            raise PrecisionError(
                f"{NAME}: the network has no float32 layers that can be narrowed: what it computes "
                "in already is in fp32.onnx"
            )
        network = [
            node for node in source.model.graph.node if node.output[0].startswith((NETWORK, HEAD))
        ]
        tensors = _float_outputs(source, network)
        images = track(calibration, "find the ranges of float16")
        largest = largest_values(source.model, tensors, bundle, images)
        self._reasons = nodes_beyond_range(source, able, largest)
        self._narrow = {node.name for node in able} - set(self._reasons)
        # Infinity that masks something is in float32 already, and means no harm.
        sound = [name for name in tensors if np.isfinite(largest[name])]
        self._keep_not_finite(bundle, sound, (*every, *_plain_frames(bundle)), track)
        self.layers = split_into_layers(source, self._narrow)
        if not self.layers:
            raise PrecisionError(
                f"{NAME}: no product with weights is in float32 and stays within float16: use fp32"
            )
        self.must_keep = tuple(
            KeptLayer(short_name(name), reason) for name, reason in self._reasons.items()
        )

    def trained_in(self, layers: Iterable[Layer]) -> TrainedRanges | None:
        """Return None: float16 has no ranges."""
        return None

    def build(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Build a model with float16 types, and a Cast at each border."""
        return narrow(self.source, _names(layers))

    def measurable(self, layers: Iterable[Layer]) -> onnx.ModelProto:
        """Build a float32 model that rounds to float16 where the other one computes in it."""
        return narrow(self.source, _names(layers), rounded=True)

    def _keep_not_finite(
        self, bundle: Bundle, tensors: Sequence[str], every: Sequence[Sample], track: Track
    ) -> None:
        """Run all images, and keep in float32 what gives NaN or infinity in float16."""
        for _ in range(_MOST_ROUNDS):
            rounded = narrow(self.source, self._narrow, rounded=True)
            images = track(every, "look for NaN and infinity in float16")
            found = first_not_finite(rounded, tensors, bundle, images)
            if not found:
                return
            harmless = self._infinite_in_float32(found, bundle, every)
            tensors = [name for name in tensors if name not in harmless]
            for tensor, image in found.items():
                if tensor in harmless:
                    continue
                self._keep(tensor, f"gives NaN or infinity in float16 on {image}")
        raise PrecisionError(
            f"{NAME}: after {_MOST_ROUNDS} layers in float32 there still is NaN or infinity, "
            f"now from layer {', '.join(short_name(name) for name in found)}: use fp32"
        )

    def _infinite_in_float32(
        self, found: Mapping[str, str], bundle: Bundle, every: Iterable[Sample]
    ) -> set[str]:
        """Those of the tensors in ``found`` that are infinite in float32 too, as the inverse of 0
        is, on the image that is named there."""
        images = [sample for sample in every if sample.name in found.values()]
        largest = largest_values(self.source.model, list(found), bundle, images)
        return {name for name, value in largest.items() if np.isinf(value)}

    def _keep(self, tensor: str, reason: str) -> None:
        """Keep the node that gives ``tensor`` in float32, or those that it depends on."""
        made_by = {name: node for node in self.source.model.graph.node for name in node.output}
        waiting, seen = [tensor], {tensor}
        found: list[str] = []
        while waiting:
            node = made_by.get(waiting.pop())
            if node is None:
                continue
            if node.name in self._narrow:
                found.append(node.name)
                continue
            waiting.extend(name for name in node.input if name not in seen)
            seen.update(node.input)
        if not found:
            raise PrecisionError(
                f"{NAME}: layer {short_name(tensor)} {reason.replace('float16', 'float32')}: the "
                "network itself is not sound on this image"
            )
        for name in found:
            self._narrow.discard(name)
            self._reasons[name] = reason


def _names(layers: Iterable[Layer]) -> set[str]:
    return {name for layer in layers for name in layer.nodes}


def _float_outputs(source: Float32Model, nodes: Iterable[onnx.NodeProto]) -> list[str]:
    return [name for node in nodes for name in node.output if source.is_float(name)]


def _plain_frames(bundle: Bundle) -> tuple[Sample, ...]:
    """A camera gives them when it starts or is covered, and no folder of pictures has them."""
    shape = bundle.input.height, bundle.input.width, 3
    return tuple(
        Sample(f"a {name} image", None, np.full(shape, value, np.uint8))
        for name, value in (("black", 0), ("white", 255))
    )


def _prepare(request: PrecisionRequest) -> Float16:
    every = (*request.calibration, *request.held_out)
    return Float16(request.source, request.bundle, request.calibration, every, request.track)


PRECISION = PrecisionKind(
    NAME,
    largest_loss=0.002,
    calibrates=False,
    always_float32="both stages, the head, and the decoding before it",
    prepare=_prepare,
)
