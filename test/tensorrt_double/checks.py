"""What the real builder would not build."""

from typing import Any, List, Set, Tuple

import onnx
import onnx.numpy_helper  # old versions of onnx do not import it
from onnx import TensorProto

from test.tensorrt_double.importers import bodies_of, nodes_of
from test.tensorrt_double.importers.choice_importers import MOST_K
from test.tensorrt_double.network import types_in

PRECISION_FLAGS = (
    "FP16",
    "INT8",
    "BF16",
    "FP8",
    "OBEY_PRECISION_CONSTRAINTS",
    "PREFER_PRECISION_CONSTRAINTS",
)
QUANTIZING = {"QuantizeLinear", "DequantizeLinear"}
KERNELS = {"Conv": "CONVOLUTION", "ConvTranspose": "DECONVOLUTION"}
NO_FAST_INT8 = {(5, 3), (6, 0), (6, 2), (7, 0)}


class Refused(Exception):
    """Why there is no plan; logged, and None returned."""


def fast_fp16(capability: Tuple[int, int]) -> bool:
    """Whether such a device has fp16 in hardware."""
    return capability == (5, 3) or (capability >= (6, 0) and capability != (6, 1))


def fast_int8(capability: Tuple[int, int]) -> bool:
    """Whether such a device has int8 in hardware."""
    return capability >= (6, 1) and capability not in NO_FAST_INT8


def check(api: Any, network: Any, config: Any) -> None:
    """
    Raises:
        Refused: the real builder would not build it.
    """
    if api.machine.faults.build is not None:
        raise Refused(api.machine.faults.build)
    if network._model is None or not network._outputs:
        raise Refused("Error Code 4: Internal Error (Network must have at least one output)")
    (_check_strong if network._strong else _check_weak)(api, network, config)
    _check_uint8(network)
    _check_constants(api, network._model.graph, set())
    _check_k(network._model.graph)
    _check_loops(api, network._model.graph)
    _check_profiles(network, config)
    if config.default_device_type.name == "DLA":
        if api.machine.dla_cores <= max(0, config.DLA_core):
            raise Refused(f"Error Code 2: Internal Error (DLA core {config.DLA_core} is not there)")
        if not network._strong and not (config._has("FP16") or config._has("INT8")):
            raise Refused("Error Code 4: API Usage Error (DLA supports only FP16 and INT8)")


def _check_strong(api: Any, network: Any, config: Any) -> None:
    for flag in PRECISION_FLAGS:
        if config._has(flag):
            raise Refused(
                f"Error Code 3: API Usage Error (Parameter check failed, condition: "
                f"!config.getFlag(BuilderFlag::k{flag}). The network is strongly typed)"
            )
    if any(getattr(layer, "_precision", None) is not None for layer in network._layers):
        raise Refused("Error Code 3: API Usage Error (precision of a strongly typed network)")
    _need_int8_device(api, network)


def _check_weak(api: Any, network: Any, config: Any) -> None:
    wanted = {dtype.name for layer in network._layers for dtype in _wanted(layer)}
    half = TensorProto.FLOAT16 in types_in(network._model) or "HALF" in wanted
    quantized = _quantized(network) or "INT8" in wanted
    for needed, flag, name in ((half, "FP16", "fp16"), (quantized, "INT8", "int8")):
        if needed and not config._has(flag):
            raise Refused(
                "[network.cpp::validate::2772] Error Code 4: Internal Error "
                f"({name} precision has been set for a layer or layer output, but {name} is not "
                "configured in the builder)"
            )
    if config._has("INT8") and not quantized:  # seen with 8.5.3 and 8.6.0
        raise Refused(
            "Error Code 4: Internal Error (Calibration failure occurred with no scaling factors "
            "detected. This could be due to no int8 calibrator or insufficient custom scales for "
            "network layers. Please see int8 sample to setup calibration correctly.)"
        )
    for flag, fast in (("FP16", fast_fp16), ("INT8", fast_int8)):
        if config._has(flag) and not fast(api.machine.capability):
            config._log(
                "WARNING",
                f"{flag} support requested on hardware without native {flag} support, "
                "performance will be negatively affected.",
            )
    _need_int8_device(api, network)


def _wanted(layer: Any) -> List[Any]:
    precision = getattr(layer, "_precision", None)
    types = list(getattr(layer, "_output_types", {}).values())
    return types if precision is None else [precision, *types]


def _quantized(network: Any) -> bool:
    return any(node.op_type in QUANTIZING for node in nodes_of(network._model.graph))


def _need_int8_device(api: Any, network: Any) -> None:
    if _quantized(network) and not fast_int8(api.machine.capability):
        raise Refused(
            "Error Code 10: Internal Error (Could not find any implementation for node "
            f"{network._layers[0].name}.)"
        )


def _check_uint8(network: Any) -> None:
    """uint8 is for inputs that are cast, and outputs that come from a cast."""
    graph = network._model.graph
    names = {tensor.name for tensor in network._inputs if tensor.dtype.name == "UINT8"}
    made = {tensor.name for tensor in network._outputs if tensor.dtype.name == "UINT8"}
    for node in graph.node:
        clash = names & set(node.input) | made & set(node.output)
        if clash and node.op_type != "Cast":
            raise Refused(
                f"Error Code 4: API Usage Error ({node.name}: UINT8 tensor {sorted(clash)[0]} is "
                f"not allowed for {node.op_type}, only for a cast)"
            )


def _check_constants(api: Any, graph: onnx.GraphProto, around: Set[str]) -> None:
    """Up to 10.2, scales are known when it is built; before 8.5, kernels beside quantisation, too.

    Args:
        around: the constants of the graphs around this one.
    """
    known = around | {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        for body in bodies_of(node):
            _check_constants(api, body, known)
        if all(name in known for name in node.input if name) and not list(bodies_of(node)):
            known.update(node.output)
        given = node.input[1] if len(node.input) > 1 else ""
        if node.op_type in QUANTIZING and not api.at_least(10, 3) and given not in known:
            raise Refused(
                "[optimizer.cpp::filterQDQFormats::4670] Error Code 2: Internal Error (Assertion "
                "!n->candidateRequirements.empty() failed. All of the candidates were removed, "
                "which points to the node being incorrectly marked as an int8 node.)"
            )
        if node.op_type == "OneHot" and given not in known:
            raise Refused(
                f"Error Code 4: Internal Error ({node.name}: its depth is no build-time constant)"
            )
        if node.op_type in KERNELS and not api.at_least(8, 5) and given not in known:
            raise Refused(
                f"Error Code 2: Internal Error ({node.name}: Could not fuse 2nd input (kernel "
                f"weights) of {KERNELS[node.op_type]})"
            )


def _check_loops(api: Any, graph: onnx.GraphProto) -> None:
    """Seen in 8.6.0: a convolution in a loop needs weights that are known."""
    if api.at_least(10):
        return
    for loop in (node for node in nodes_of(graph) if node.op_type == "Loop"):
        for body in bodies_of(loop):
            made = {
                name for node in body.node if node.op_type != "Constant" for name in node.output
            }
            if any(node.op_type == "Conv" and node.input[1] in made for node in body.node):
                raise Refused(
                    "[makeReshapeExplicit.cpp::expandConvolution::132] Error Code 2: Internal "
                    "Error (Myelin support for convolution with 2 inputs will be added by "
                    "TRT-12816.)"
                )


def _check_k(graph: onnx.GraphProto) -> None:
    """The parser has this limit before 8.6."""
    weights = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        for body in bodies_of(node):
            _check_k(body)
        k = weights.get(node.input[1]) if node.op_type == "TopK" else None
        if k is not None and int(onnx.numpy_helper.to_array(k).ravel()[0]) > MOST_K:
            raise Refused(
                "[graphShapeAnalyzer.cpp::processCheck::862] Error Code 4: Internal Error "
                f"({node.name}: K exceeds the maximum value allowed ({MOST_K}).)"
            )


def _check_profiles(network: Any, config: Any) -> None:
    for tensor in network._inputs:
        is_open = -1 in tensor._shape
        if is_open and not config._profiles:
            raise Refused(
                "Error Code 4: API Usage Error (Network has dynamic or shape inputs, but no "
                "optimization profile has been defined.)"
            )
        for number, profile in enumerate(config._profiles):
            shapes = profile._shapes.get(tensor.name)
            if shapes is None and not is_open:  # they may, but need not, be there
                continue
            if shapes is None:
                raise Refused(
                    f"Error Code 4: API Usage Error ({tensor.name}: optimization profile {number} "
                    "is missing shapes of a dynamic input)"
                )
            if any(not _fits(shape, tensor._shape) for shape in shapes):
                raise Refused(
                    f"Error Code 4: API Usage Error ({tensor.name}: the shapes {shapes} of "
                    f"optimization profile {number} do not fit {tuple(tensor._shape)})"
                )


def _fits(shape: List[int], pattern: List[int]) -> bool:
    return len(shape) == len(pattern) and all(p in (-1, s) for s, p in zip(shape, pattern))
