"""Take in a plan that was built elsewhere, by trtexec or by an exporter."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, Optional, Sequence, Tuple

from converter.errors import BuildError
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.mapped_file import map_file
from trt_inference.bundles.precisions import model_file_name
from trt_inference.engines.tensorrt.gpu import GpuContext, import_tensorrt
from trt_inference.engines.tensorrt.io_tensors import DTYPES, has_named_tensors, serves
from trt_inference.engines.tensorrt.plan import Log, make_logger
from trt_inference.engines.tensorrt.plugins import (
    UNKNOWN_PLUGIN,
    lacks_plugin,
    register_plugins,
)

_LENGTH_BYTES = 4  # before the text that Ultralytics puts in front of a plan
_LARGEST_TEXT = 1 << 20
_SHOWN = ("description", "task", "imgsz", "batch", "stride")
_INPUT_TYPES = ("uint8", "float32")

# Words in TensorRT's log about a plan that it does not take, and what they mean.
_REASONS = (
    (
        "not compatible with this version",
        "it was built by another TensorRT: plans are for one "
        "version to the last digit, unless they are built --version-compatible",
    ),
    (
        "version tag does not match",
        "it was built by another TensorRT: plans are for one version to "
        "the last digit, unless they are built --version-compatible",
    ),
    ("incompatible device", "it was built on another kind of GPU"),
    ("magic tag", "it is no plan of TensorRT, or it was cut short"),
)


@dataclass(frozen=True)
class PlanTensor:
    """An input or output of a plan; -1 in ``shape`` is open. ``batches`` are the fewest and the
    most images at once that it takes, of an input."""

    name: str
    is_input: bool
    dtype: str
    shape: Tuple[int, ...]
    batches: Tuple[int, int] = (1, 1)

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} {list(self.shape)}"


@dataclass(frozen=True)
class Imported:
    """A plan that fits the bundle, in the file as memory. ``note`` describes what was in front of
    it, if anything was; ``any_batch``: it takes one image as well as its batch of several."""

    plan: memoryview
    input_dtype: str
    note: str = ""
    any_batch: bool = False


def read_plan(file: Path, bundle: Bundle, batch: int, device: int = 0) -> Imported:
    """Load a plan on this machine, and check that its inputs and outputs are those of the bundle.

    Args:
        batch: images at once that it must take.
        device: number of the GPU.

    Raises:
        BuildError: it cannot be read, does not run here, or does not fit; with the reason.
        EngineError: there is no TensorRT or no GPU here.
    """
    try:
        content = memoryview(map_file(file))
    except (OSError, ValueError) as error:  # ValueError: it is empty
        raise BuildError(f"--import-engine: '{file}' cannot be read: {error}") from error
    described, plan = split_description(content)
    note = _describe(described) if described is not None else ""
    trt = import_tensorrt()
    with GpuContext(device):
        tensors = _tensors(trt, plan, file, note)
    against = _reason_against(tensors, bundle, batch)
    if against:
        raise BuildError(_misfit(file, tensors, against, bundle, note))
    image = next(one for one in tensors if one.is_input)
    left_out = f"'{file}' {note}, which is left out" if note else ""
    return Imported(plan, image.dtype, left_out, image.batches[0] == 1 < batch)


def split_description(content: memoryview) -> Tuple[Optional[Dict[str, Any]], memoryview]:
    """Split a file into what Ultralytics' exporter writes before a plan (a length of 4 bytes,
    little-endian, and a JSON object of that length; None where there is no such description) and
    the plan."""
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    end = _LENGTH_BYTES + length
    if not 2 <= length <= min(_LARGEST_TEXT, len(content) - _LENGTH_BYTES):
        return None, content
    try:
        described = json.loads(bytes(content[_LENGTH_BYTES:end]).decode("utf-8"))
    except ValueError:
        return None, content
    return (described, content[end:]) if isinstance(described, dict) else (None, content)


def _describe(described: Dict[str, Any]) -> str:
    shown = ", ".join(f"{name} {described[name]}" for name in _SHOWN if name in described)
    return f"begins with a description by Ultralytics' exporter ({shown or 'without details'})"


def _tensors(trt: ModuleType, plan: memoryview, file: Path, note: str) -> List[PlanTensor]:
    log = Log()
    logger = make_logger(trt, log)
    without_plugins = register_plugins(trt)
    runtime = trt.Runtime(logger)
    engine = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        remark = f" It {note}." if note else ""
        raise BuildError(
            f"--import-engine: TensorRT {trt.__version__} does not take '{file}': "
            f"{_reason(log, without_plugins)}.{remark} Build the engine on this machine"
        )
    if has_named_tensors(engine):
        return [_named(trt, engine, index) for index in range(engine.num_io_tensors)]
    return [_bound(engine, index) for index in range(engine.num_bindings)]


def _reason(log: Log, without_plugins: str) -> str:
    """Why a plan is not taken, in TensorRT's words, and what they mean if that is known."""
    message = log.last()
    if lacks_plugin(message):
        return f"it needs a plugin: {without_plugins or UNKNOWN_PLUGIN} ({message})"
    reason = next((text for words, text in _REASONS if words in message.lower()), "")
    return f"{reason} ({message})" if reason else message


def _named(trt: ModuleType, engine: Any, index: int) -> PlanTensor:
    name = engine.get_tensor_name(index)
    is_input = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
    dtype, shape = engine.get_tensor_dtype(name), tuple(engine.get_tensor_shape(name))
    profile = engine.get_tensor_profile_shape(name, 0) if is_input else []
    return PlanTensor(name, is_input, _dtype(dtype), shape, _batches(shape, profile))


def _bound(engine: Any, index: int) -> PlanTensor:
    name, is_input = engine.get_binding_name(index), bool(engine.binding_is_input(index))
    dtype, shape = engine.get_binding_dtype(index), tuple(engine.get_binding_shape(index))
    profile = engine.get_profile_shape(0, index) if is_input else []
    return PlanTensor(name, is_input, _dtype(dtype), shape, _batches(shape, profile))


def _batches(shape: Tuple[int, ...], profile: Sequence[Any]) -> Tuple[int, int]:
    """The fewest and the most images at once: of a fixed shape, or of a profile."""
    if not profile or not shape or shape[0] > 0:
        return (shape[0], shape[0]) if shape else (1, 1)
    return int(profile[0][0]), int(profile[-1][0])


def _dtype(kind: Any) -> str:
    return DTYPES[kind.name].__name__ if kind.name in DTYPES else str(kind.name).lower()


def _reason_against(tensors: List[PlanTensor], bundle: Bundle, batch: int) -> str:
    """Why a plan does not fit the bundle; empty where it does."""
    inputs = [one for one in tensors if one.is_input]
    outputs = {one.name: one for one in tensors if not one.is_input}
    spec = bundle.input
    if [one.name for one in inputs] != [spec.name]:
        return f"it must have the one input {spec.name}"
    image = inputs[0]
    if image.dtype not in _INPUT_TYPES or image.shape[1:] != (spec.height, spec.width, 3):
        return f"{spec.name} must be uint8 [N, {spec.height}, {spec.width}, 3]"
    fewest, most = image.batches
    if not fewest <= batch <= most:
        return f"it takes from {fewest} to {most} images at once: give --batch {most}"
    wanted = {one.name: one for one in bundle.outputs}
    if set(outputs) != set(wanted):
        return f"its outputs must be {', '.join(wanted)}"
    for name, one in wanted.items():
        found = outputs[name]
        if found.shape[1:] != one.shape[1:] or not serves(found.dtype, one.dtype):
            return f"{name} must be {one.dtype} {['N', *one.shape[1:]]}".replace("'", "")
    return ""


def _misfit(file: Path, tensors: List[PlanTensor], against: str, bundle: Bundle, note: str) -> str:
    """The message for a plan that does not fit. Most have the bare network, without the stages that
    the robot relies on."""
    remark = f" It {note}." if note else ""
    model = model_file_name(list(bundle.precisions)[-1])
    taken = ", ".join(str(one) for one in tensors if one.is_input) or "nothing"
    given = ", ".join(str(one) for one in tensors if not one.is_input) or "nothing"
    return (
        f"--import-engine: '{file}' does not fit {bundle.path}: {against}.{remark} It takes "
        f"{taken} and gives {given}. An engine of a bundle has the input and output stages in "
        "it: build it from the bundle's own ONNX model, as with trtexec "
        f"--onnx={bundle.path / model}, or with `build`"
    )
