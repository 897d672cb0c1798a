"""Parse a bundle's ONNX model into TensorRT's network."""

from pathlib import Path
from types import ModuleType
from typing import Any, List

from converter.engine_builder import protobuf_reader, tensorrt_api
from converter.engine_builder.float_input import with_float_input
from converter.engine_builder.parser_remedies import remedy
from converter.errors import BuildError
from trt_inference.bundles.bundle import Bundle


def parse(trt: ModuleType, network: Any, logger: Any, bundle: Bundle, precision: str) -> None:
    """Fill ``network``, whose weights TensorRT copies.

    Raises:
        BundleError: the model is missing or was changed.
        BuildError: TensorRT does not take it; with all of its errors.
    """
    file = bundle.model_file(precision)
    parser = trt.OnnxParser(network, logger)
    if tensorrt_api.supports_uint8(trt):
        taken = parser.parse_from_file(str(file))
    else:
        model = with_float_input(file.read_bytes(), bundle.input.name)
        # Weights in a second file are looked for beside the path.
        taken = parser.parse(model, path=str(file))
    if not taken:
        raise BuildError(_refusal(trt, parser, bundle, file))


def _refusal(trt: ModuleType, parser: Any, bundle: Bundle, file: Path) -> str:
    errors = [parser.get_error(index) for index in range(parser.num_errors)]
    nodes = protobuf_reader.nodes(file.read_bytes()) if errors else ()
    lines = dict.fromkeys(_line(one, nodes, bundle) for one in errors)
    listed = "".join(f"\n  {line}" for line in lines) or " it gives no reason"
    return f"TensorRT {trt.__version__} does not take {file}:{listed}"


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
    return f"{line}. Remedy: {remedy(bundle.source, operator)}" if operator else line


def _detail(error: Any, name: str) -> str:
    return str(getattr(error, name)()) if hasattr(error, name) else ""
