"""Parse a bundle's ONNX model into TensorRT's network."""

from types import ModuleType
from typing import Any, Dict, List, Optional, Tuple

from converter.engine_builder import tensorrt_api
from converter.engine_builder.build_options import EngineRequest
from converter.engine_builder.fix_batch import find_batch_changes
from converter.engine_builder.parser_remedies import remedy
from converter.engine_builder.replace_uint8 import find_changes
from converter.errors import BuildError
from trt_inference.bundles import protobuf_reader
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.open_model import OpenModel
from trt_inference.bundles.protobuf_reader import Data
from trt_inference.bundles.tensorrt_versions import documented_opset, target_of
from trt_inference.engines.free_memory import MAKE_ROOM

_PLUGIN = "InstanceNormalization"
_LIBRARY = "nvinfer_vc_plugin"
# What becomes of C++ exceptions that leave the parser, as of std::out_of_range.
_THROWN = (RuntimeError, IndexError, ValueError)


def parse(trt: ModuleType, network: Any, logger: Any, request: EngineRequest) -> Any:
    """Fill ``network``, whose weights TensorRT copies.

    Returns:
        The parser.

    Raises:
        BundleError: the model is missing or was changed.
        BuildError: its opset is too late for this TensorRT, or TensorRT does not take it; with all
            of its errors.
    """
    bundle, options = request.bundle, request.options
    with bundle.open_model(request.precision) as model:
        _check_opset(model, trt.__version__)
        parser = trt.OnnxParser(network, logger)
        if options.compatible and not tensorrt_api.use_native_layers(trt, parser):
            _check_plugins(model, trt.__version__)
        thrown = _parse(trt, parser, model, bundle.input.name, options.batch)
        model.check_unchanged()
        if thrown is not None:
            raise BuildError(_refusal(trt, parser, bundle, model, thrown))
    return parser


def _parse(trt: ModuleType, parser: Any, model: OpenModel, image: str, batch: int) -> Optional[str]:
    """Parse, and return None; where that fails, what was thrown in words, which may be none."""
    try:
        taken = _parse_mapped(trt, parser, model, image, batch)
    except MemoryError:
        return f"Out of memory. Remedy: {MAKE_ROOM}"
    except _THROWN as error:  # in words: its trace holds what must not outlive the CUDA context
        return f"{error}. Remedy: {_remedy_for(str(error))}"
    return None if taken else ""


def _remedy_for(thrown: str) -> str:
    if _LIBRARY in thrown:
        return (
            "install the library, which belongs to TensorRT and is missing in the wheel of 8.6.0, "
            "or end the network before the operator that needs it, as RoiAlign"
        )
    return (
        "the parser fails at this model, as it does at some that it cannot take; end the network "
        "before its last operators, or take another TensorRT"
    )


def _check_opset(model: OpenModel, tensorrt: str) -> None:
    """Parsers read what came later as if it meant what it did before, without a word."""
    with model.map() as content:
        opset = protobuf_reader.opset_of_model(content)
    most = documented_opset(tensorrt)
    if opset > most:
        raise BuildError(
            f"{model.path} has opset {opset}, and TensorRT {tensorrt} knows opsets up to {most}: "
            "convert the model again, on the workstation, with trt-inference convert … --target "
            f"{target_of(tensorrt).name}"
        )


def _check_plugins(model: OpenModel, tensorrt: str) -> None:
    """See that a parser which makes plugins of some operators makes none of this model, since they
    cannot be in a plan for others."""
    with model.map() as content:
        found = protobuf_reader.operators(content)
    if _PLUGIN in found:
        raise BuildError(
            f"{model.path} has {_PLUGIN}, of which TensorRT {tensorrt} makes a plugin, and a plan "
            "for other versions or GPUs takes none: leave --version-compatible and "
            "--hardware-compatible out, or take TensorRT 8.6.1 or newer"
        )


def _parse_mapped(trt: ModuleType, parser: Any, model: OpenModel, image: str, batch: int) -> bool:
    needs_changes = not tensorrt_api.supports_uint8(trt)
    with model.map(changeable=needs_changes) as content:
        if needs_changes:
            for place, value in _changes(trt, content, image, batch).items():
                content[place] = value
        # Weights in a second file are looked for beside the path.
        return bool(parser.parse(content, path=model.loadable_path))


def _changes(trt: ModuleType, model: Data, image: str, batch: int) -> Dict[int, int]:
    """What has to be others in a model for a TensorRT without uint8."""
    changes = find_changes(model, image)
    if not tensorrt_api.gathers_open_shapes(trt):
        changes.update(find_batch_changes(model, image, batch))
    return changes


def _refusal(trt: ModuleType, parser: Any, bundle: Bundle, model: OpenModel, thrown: str) -> str:
    errors = [parser.get_error(index) for index in range(parser.num_errors)]
    nodes = _nodes(model) if errors else ()
    lines = dict.fromkeys(filter(None, (*(_line(one, nodes, bundle) for one in errors), thrown)))
    listed = "".join(f"\n  {line}" for line in lines) or " it gives no reason"
    return f"TensorRT {trt.__version__} does not take {model.path}:{listed}"


def _nodes(model: OpenModel) -> Tuple[Tuple[str, str], ...]:
    with model.map() as content:
        return protobuf_reader.nodes(content)


def _line(error: Any, nodes: Any, bundle: Bundle) -> str:
    """One error with its remedy; before 10 it has only the number of the node, if it has one."""
    number = error.node()
    known = nodes[number] if 0 <= number < len(nodes) else ("", "")
    name = _detail(error, "node_name") or known[0]
    operator = _detail(error, "node_operator") or known[1]
    parts: List[str] = []
    if operator:
        parts.append(f"{operator} '{name}'")
    parts.append(error.desc().strip().rstrip("."))
    line = ": ".join(parts)
    return f"{line}. Remedy: {remedy(bundle.source, operator, name)}" if operator else line


def _detail(error: Any, name: str) -> str:
    return str(getattr(error, name)()) if hasattr(error, name) else ""
