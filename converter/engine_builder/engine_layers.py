"""The layers that TensorRT made of the network: the type and the time of each."""

import json
import re
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Dict, List, Sequence, Tuple

from converter.engine_builder import tensorrt_api

# As the inspector's texts name them in one version or another, the narrowest first: "Row major
# linear FP16 format", "Half", "BFloat16", "FP8", "FP4E2M1". They are whole words, so that uint8, as
# images are, is no int8.
_TYPES = (
    ("fp4", r"fp4\w*"),
    ("int4", r"int4"),
    ("fp8", r"fp8\w*|e4m3\w*|e5m2\w*"),
    ("int8", r"int8"),
    ("fp16", r"fp16|half"),
    ("bf16", r"bf16|bfloat16"),
    ("fp32", r"fp32|float|tf32|floatcomplex"),
    ("fp64", r"fp64|double|doublecomplex"),
    # Whole numbers, and scales of narrow types: no layer computes in them.
    ("other", r"u?int(8|16|32|64)|bool|e8m0"),
)
_MOVES = ("reformat", "noop", "constant", "shape", "signal", "wait")  # layers that compute nothing
# The profiler alone has these, by their names.
_MOVING_NAMES = ("reformatting copynode", "[hosttodevicecopy", "[shapehosttodevicecopy")
# "Format/Datatype" before 11. From 11 on there is "DataType" beside "Format".
_TYPE_KEYS = ("datatype", "format/datatype")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class EngineLayer:
    """One layer of an engine, which often is several of the model.

    Attributes:
        precision: the narrowest type of its inputs and outputs: ``int8``, ``fp16``, ``fp32``, …;
            ``other`` for whole numbers, ``unknown`` where one of these types is not known.
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
    tensors = [*(found.get("Inputs") or ()), *(found.get("Outputs") or ())]
    kind = f"{found.get('LayerType', '')}".lower()
    return EngineLayer(
        str(found.get("Name", "")),
        _narrowest([_type(one) for one in tensors]),
        moves=any(word in kind for word in _MOVES),
    )


def _type(tensor: Any) -> str:
    """The type of an input or output; ``unknown`` where it is not among those that are known."""
    if not isinstance(tensor, dict):
        return UNKNOWN
    texts = {key.lower(): str(value).lower() for key, value in tensor.items()}
    text = next((texts[key] for key in _TYPE_KEYS if key in texts), "")
    matches = (name for name, words in _TYPES if re.search(rf"\b({words})\b", text))
    return next(matches, UNKNOWN)


def _narrowest(types: Sequence[str]) -> str:
    """What a layer computes in; ``unknown`` unless each of its types is known."""
    if not types or UNKNOWN in types:
        return UNKNOWN
    return next(name for name, _ in _TYPES if name in types)


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
    others = (
        EngineLayer(name, UNKNOWN, value, moves=name.lower().startswith(_MOVING_NAMES))
        for name, value in means.items()
    )
    return (*timed, *others)


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
    """Whether no layer computes in a precision; False unless the types of all are known."""
    computing = {one.precision for one in layers if not one.moves}
    return bool(computing) and not computing & {precision, UNKNOWN}


def may_be_unused(precision: str, layers: Sequence[EngineLayer]) -> int:
    """How many layers are of unknown type where no other computes in a precision; else 0."""
    computing = [one.precision for one in layers if not one.moves]
    return 0 if precision in computing else computing.count(UNKNOWN)
