"""Keep layers in float32 where TensorRT may choose their types, so that they are as the model
defines them."""

from types import ModuleType
from typing import Any, Dict, List, Set

from converter.onnx_tools.node_names import (
    HEAD,
    IN_FLOAT16,
    IN_FLOAT32,
    INPUT_STAGE,
    OUTPUT_STAGE,
)

_STAGES = (INPUT_STAGE, HEAD, OUTPUT_STAGE)


def has_quantised(trt: ModuleType, network: Any) -> bool:
    """Whether a model has QuantizeLinear or DequantizeLinear."""
    kinds = (trt.LayerType.QUANTIZE, trt.LayerType.DEQUANTIZE)
    return any(layer.type in kinds for layer in _layers(network))


def hold_typed_layers(trt: ModuleType, network: Any) -> int:
    """Hold the layers whose outputs are float32 in a model with float16 tensors.

    Returns:
        How many layers it holds.
    """
    half = _float16_tensors(trt, network)
    return _hold_all(
        trt, [layer for layer in _computing(trt, network) if half.isdisjoint(_outputs(layer))]
    )


def _float16_tensors(trt: ModuleType, network: Any) -> Set[str]:
    """Names of the tensors that are float16 in the model. TensorRT itself reports float32 for all
    of them until the engine is built, so they are followed from the Casts and weights to which the
    converter gives names that end with ``IN_FLOAT16``."""
    found: Set[str] = set()
    for layer in _layers(network):
        outputs = _outputs(layer)
        if any(
            name.endswith(IN_FLOAT16) for name in outputs
        ):  # also the Cast after the input stage
            found.update(outputs)
        elif any(name.endswith(IN_FLOAT32) for name in outputs) or layer.name.startswith(_STAGES):
            continue
        elif layer.type != trt.LayerType.SHAPE and not found.isdisjoint(_inputs(layer)):
            found.update(outputs)
    return found


def hold_around_quantised(trt: ModuleType, network: Any) -> int:
    """Hold the layers of a model with QuantizeLinear that must stay in float32: both stages, the
    head, and what follows the last quantised layers, which decodes. What is between quantised
    layers may run in float16.

    Returns:
        How many layers it holds.
    """
    quantised = _before_quantised(trt, network)
    made_by_dequantise = _outputs_of(network, trt.LayerType.DEQUANTIZE)
    held = [
        layer
        for layer in _computing(trt, network)
        if layer.name.startswith(_STAGES)
        or (layer.name not in quantised and not made_by_dequantise & set(_inputs(layer)))
    ]
    return _hold_all(trt, held)


def _hold_all(trt: ModuleType, layers: List[Any]) -> int:
    return sum(_hold(trt, layer) for layer in layers)


def _hold(trt: ModuleType, layer: Any) -> bool:
    """Hold the float32 outputs of one layer; False where it has none. Whole numbers, such as
    indices, stay what they are."""
    floats = [
        index
        for index in range(layer.num_outputs)
        if layer.get_output(index).dtype == trt.DataType.FLOAT
        and not layer.get_output(index).is_shape_tensor
    ]
    for index in floats:
        layer.set_output_type(index, trt.DataType.FLOAT)
    if floats and not _converts(trt, layer):
        layer.precision = trt.DataType.FLOAT
    return bool(floats)


def _converts(trt: ModuleType, layer: Any) -> bool:
    """Whether it is a Cast from another type: it computes nothing in float32."""
    names = ("IDENTITY", "CAST")  # what the parser makes of one
    kinds = {getattr(trt.LayerType, name) for name in names if hasattr(trt.LayerType, name)}
    return layer.type in kinds and layer.get_input(0).dtype != trt.DataType.FLOAT


def _computing(trt: ModuleType, network: Any) -> List[Any]:
    # A Cast, where there is a layer for it, has a type of its own, and fails when it gets another.
    names = ("CONSTANT", "QUANTIZE", "DEQUANTIZE", "CAST")
    kept = [getattr(trt.LayerType, name) for name in names if hasattr(trt.LayerType, name)]
    return [layer for layer in _layers(network) if layer.type not in kept]


def _layers(network: Any) -> List[Any]:
    return [network.get_layer(index) for index in range(network.num_layers)]


def _before_quantised(trt: ModuleType, network: Any) -> Set[str]:
    """Names of the layers that lead to one that quantises."""
    made_by: Dict[str, Any] = {}
    waiting = []
    for layer in _layers(network):
        made_by.update(dict.fromkeys(_outputs(layer), layer))
        if layer.type == trt.LayerType.QUANTIZE:
            waiting.append(layer)
    found: Set[str] = set()
    while waiting:
        layer = waiting.pop()
        if layer.name not in found:
            found.add(layer.name)
            waiting.extend(made_by[name] for name in _inputs(layer) if name in made_by)
    return found


def _outputs_of(network: Any, kind: Any) -> Set[str]:
    return {name for layer in _layers(network) if layer.type == kind for name in _outputs(layer)}


def _inputs(layer: Any) -> List[str]:
    tensors = (layer.get_input(index) for index in range(layer.num_inputs))
    return [tensor.name for tensor in tensors if tensor is not None]  # one may be left out


def _outputs(layer: Any) -> List[str]:
    return [layer.get_output(index).name for index in range(layer.num_outputs)]
