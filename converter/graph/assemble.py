"""Graft the stages on the exported network: image in, candidates out."""

from __future__ import annotations

import onnx
from onnx import compose

from converter.errors import ExportError
from converter.graph.heads import Head
from converter.graph.input_stage import OUTPUT as PIXELS
from converter.graph.input_stage import Pixels, input_stage
from converter.graph.output_stage import BOXES, CLASS_SCORES, output_stage
from converter.graph.text import IR_VERSION
from converter.network import Network

STANDARD_DOMAINS = ("", "ai.onnx")


def assemble(network: Network, pixels: Pixels, head: Head, candidates: int) -> onnx.ModelProto:
    """One checked model: uint8 ``image [N, H, W, 3]`` → ``boxes``, ``scores``, ``classes``.

    The names of its nodes and tensors begin with ``input_stage/``, ``network/``, ``head/`` or
    ``output_stage/``, so that a later step can tell what must stay in float32.

    Raises:
        ExportError: the network has operators that are not ONNX's own.
    """
    opset = network.opset
    last = output_stage(head.anchors, head.classes, candidates, opset)
    model = _join(
        compose.add_prefix(input_stage(*network.input_size, pixels, opset), "input_stage/"),
        compose.add_prefix(_only_standard_operators(network.model, opset), "network/"),
        {f"input_stage/{PIXELS}": f"network/{network.input}"},
    )
    model = _join(
        model,
        compose.add_prefix(head.stage(opset), "head/"),
        {f"network/{head.input}": "head/predictions"},
    )
    model = _join(
        model,
        compose.add_prefix(last, "output_stage/"),
        {f"head/{name}": f"output_stage/{name}" for name in (BOXES, CLASS_SCORES)},
    )
    return _finished(model)


def _join(
    first: onnx.ModelProto, second: onnx.ModelProto, links: dict[str, str]
) -> onnx.ModelProto:
    return compose.merge_models(first, second, io_map=list(links.items()))


def _only_standard_operators(network: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """Without the imports of operator sets that tf2onnx names but no node uses.

    Raises:
        ExportError: a node does use one.
    """
    others = {
        f"{node.domain}.{node.op_type}"
        for node in network.graph.node
        if node.domain not in STANDARD_DOMAINS
    }
    if others:
        raise ExportError(
            f"the network needs operators outside ONNX's standard set ({', '.join(sorted(others))})"
            ": export a signature without them, which is often one without string outputs"
        )
    cleaned = onnx.ModelProto()
    cleaned.CopyFrom(network)
    del cleaned.opset_import[:]
    cleaned.opset_import.append(onnx.helper.make_opsetid("", opset))
    cleaned.ir_version = IR_VERSION
    return cleaned


def _finished(model: onnx.ModelProto) -> onnx.ModelProto:
    """The outside names without their prefixes, and no outputs but the candidates."""
    graph = model.graph
    wanted = {value.name: value.name.split("/", 1)[1] for value in graph.input}
    wanted.update(
        {
            value.name: value.name.split("/", 1)[1]
            for value in graph.output
            if value.name.startswith("output_stage/")
        }
    )
    kept = [value for value in graph.output if value.name in wanted]
    del graph.output[:]
    graph.output.extend(kept)
    for value in [*graph.input, *graph.output]:
        value.name = wanted[value.name]
    for node in graph.node:
        node.input[:] = [wanted.get(name, name) for name in node.input]
        node.output[:] = [wanted.get(name, name) for name in node.output]
    graph.name = "trt_inference"
    model.producer_name = "trt_inference"
    onnx.checker.check_model(model, full_check=True)
    return model
