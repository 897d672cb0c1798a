"""The layers that TensorRT made of the network: the type and the time of each."""

import json
import re
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from converter.engine_builder import tensorrt_api

# As the inspector's texts name them in one version or another, the narrowest first.
_TYPES = (
    ("int8", r"int8"),
    ("fp8", r"fp8"),
    ("fp16", r"fp16|half"),
    ("bf16", r"bf16|bfloat16"),
    ("fp32", r"fp32|float"),
)
_OTHER = "other"
_MOVES = ("reformat", "noop", "constant", "shape")  # layers that compute nothing
UNKNOWN = "unknown"


@dataclass(frozen=True)
class EngineLayer:
    """One layer of an engine, which often is several of the model.

    Attributes:
        precision: the narrowest type of its inputs and outputs: ``int8``, ``fp16``, ``fp32``, …;
            ``other`` for whole numbers, ``unknown`` where TensorRT does not report it.
        moves: whether it only copies or changes types.
    """

    name: str
    precision: str
    milliseconds: float = 0.0
    moves: bool = False


def inspect_layers(trt: ModuleType, engine: Any, context: Any) -> Tuple[EngineLayer, ...]:
    """List the layers by the engine inspector; none where this version has no inspector."""
    if not tensorrt_api.has_inspector(trt):
        return ()
    # With a context it reports more, but on some GPUs nothing at all.
    return _inspect(trt, engine, context) or _inspect(trt, engine, None)


def _inspect(trt: ModuleType, engine: Any, context: Any) -> Tuple[EngineLayer, ...]:
    inspector = engine.create_engine_inspector()
    if context is not None:
        inspector.execution_context = context
    return read_layers(str(inspector.get_engine_information(trt.LayerInformationFormat.JSON)))


def read_layers(information: str) -> Tuple[EngineLayer, ...]:
    """Read the inspector's JSON, which holds only names for an engine that was built without
    details."""
    try:
        # Not strict: TensorRT puts control characters between the names of fused layers.
        found = json.loads(information, strict=False).get("Layers", [])
    except (ValueError, AttributeError):
        return ()
    return tuple(_layer(one) for one in found)


def _layer(found: Any) -> EngineLayer:
    if not isinstance(found, dict):
        return EngineLayer(str(found), UNKNOWN)
    tensors = [*found.get("Inputs", []), *found.get("Outputs", [])]
    types = [_type(one) for one in tensors if isinstance(one, dict)]
    kind = f"{found.get('LayerType', '')}".lower()
    return EngineLayer(
        str(found.get("Name", "")),
        _narrowest(types),
        moves=any(word in kind for word in _MOVES),
    )


def _type(tensor: Mapping[str, Any]) -> str:
    text = " ".join(str(value) for key, value in tensor.items() if "atatype" in key).lower()
    return next((name for name, pattern in _TYPES if re.search(pattern, text)), _OTHER)


def _narrowest(types: Sequence[str]) -> str:
    return next((name for name, _ in _TYPES if name in types), _OTHER if types else UNKNOWN)


def time_layers(
    trt: ModuleType, context: Any, bindings: List[int], layers: Sequence[EngineLayer], runs: int
) -> Tuple[EngineLayer, ...]:
    """Add mean milliseconds to the layers, and the layers that only the profiler knows."""
    profiler = _make_profiler(trt)
    context.profiler = profiler
    for _ in range(runs):
        context.execute_v2(bindings)
    means = {name: total / runs for name, total in profiler.totals.items()}
    timed = [replace(one, milliseconds=means.pop(one.name, 0.0)) for one in layers]
    return (*timed, *(EngineLayer(name, UNKNOWN, value) for name, value in means.items()))


def _make_profiler(trt: ModuleType) -> Any:
    class Profiler(trt.IProfiler):  # type: ignore[name-defined]
        def __init__(self) -> None:
            trt.IProfiler.__init__(self)
            self.totals: Dict[str, float] = {}

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            self.totals[layer_name] = self.totals.get(layer_name, 0.0) + ms

    return Profiler()


def by_precision(layers: Sequence[EngineLayer]) -> Dict[str, Dict[str, float]]:
    """Return how many layers compute in each type, and their milliseconds."""
    found: Dict[str, Dict[str, float]] = {}
    for layer in layers:
        if not layer.moves:
            entry = found.setdefault(layer.precision, {"layers": 0, "milliseconds": 0.0})
            entry["layers"] += 1
            entry["milliseconds"] += layer.milliseconds
    return found


def is_unused(precision: str, layers: Sequence[EngineLayer]) -> bool:
    """Whether no layer computes in a precision; False where the layers are not known."""
    known = [one.precision for one in layers if one.precision != UNKNOWN and not one.moves]
    return bool(known) and precision not in known
