"""Graft the stages on the exported network: image in, what the task asks for out."""

from __future__ import annotations

import onnx
from onnx import compose

from converter.errors import ExportError
from converter.export.exported_network import Network
from converter.heads.base import Head
from converter.inputs.pixels import Pixels
from converter.onnx_tools.edit import all_graphs, all_nodes, remove_unused
from converter.onnx_tools.node_names import HEAD, INPUT_STAGE, NETWORK, NETWORK_PIXELS, OUTPUT_STAGE
from converter.onnx_tools.text import ir_version
from converter.onnx_tools.trained_grids import read_grids, write_grids
from converter.stages.input_stage import input_stage
from converter.stages.output_stage import output_stage
from trt_inference.bundles.names import OUTPUTS

STANDARD_DOMAINS = ("", "ai.onnx")


def assemble(network: Network, pixels: Pixels, head: Head, candidates: int) -> onnx.ModelProto:
    """Join the stages and the network to one model, which makes the outputs that ``OUTPUTS`` lists
    for the task from uint8 ``image [N, H, W, 3]``.

    The names of its nodes and tensors begin with ``INPUT_STAGE``, ``NETWORK``, ``HEAD`` or
    ``OUTPUT_STAGE``, so that a later step knows what must stay in float32.

    Raises:
        ExportError: the network has operators that are not ONNX's own.
    """
    opset = network.opset
    first = input_stage(*network.input_size, pixels, opset, network.ending)
    model = _join(
        prefixed(first, INPUT_STAGE),
        prefixed(_only_standard_operators(network.model, opset), NETWORK),
        {INPUT_STAGE + NETWORK_PIXELS: NETWORK + network.input},
    )
    stage = head.stage(opset)
    links = zip(head.inputs, [value.name for value in stage.graph.input], strict=True)
    model = _join(
        model,
        prefixed(stage, HEAD),
        {NETWORK + output: HEAD + name for output, name in links},
    )
    last = output_stage(head, candidates, opset)
    stage_of_outputs = HEAD
    if last is not None:
        model = _join(
            model,
            prefixed(last, OUTPUT_STAGE),
            {HEAD + value.name: OUTPUT_STAGE + value.name for value in last.graph.input},
        )
        stage_of_outputs = OUTPUT_STAGE
    model = _finished(model, stage_of_outputs, OUTPUTS[head.task])
    _keep_grids(network, model)
    return model


def _keep_grids(network: Network, model: onnx.ModelProto) -> None:
    """Keep what quantization-aware training has found for tensors that are still there."""
    there = {name for node in model.graph.node for name in node.input}
    joined = {NETWORK + network.input: INPUT_STAGE + NETWORK_PIXELS}
    named = {NETWORK + name: grid for name, grid in read_grids(network.model).items()}
    grids = {joined.get(name, name): grid for name, grid in named.items()}
    write_grids(model, {name: grid for name, grid in grids.items() if name in there})


def prefixed(model: onnx.ModelProto, prefix: str) -> onnx.ModelProto:
    """Return a copy with ``prefix`` before every name. onnx.compose has such a function too, but
    it leaves out the names that loops and branches take from the graph around them."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    taken = {""}
    for graph in all_graphs(copy.graph):
        for node in graph.node:
            name = node.name or node.output[0]
            while name in taken:  # by another node, which was called like this one's output
                name += "_"
            taken.add(name)
            node.name = prefix + name
            node.input[:] = [name and prefix + name for name in node.input]
            node.output[:] = [name and prefix + name for name in node.output]
        for named in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
            named.name = prefix + named.name
        for sparse in graph.sparse_initializer:
            sparse.values.name = prefix + sparse.values.name
    return copy


def _join(
    first: onnx.ModelProto, second: onnx.ModelProto, links: dict[str, str]
) -> onnx.ModelProto:
    """Without compose's own check, which does not find weights that are in a file."""
    graph = compose.merge_graphs(first.graph, second.graph, io_map=list(links.items()))
    model = onnx.ModelProto(ir_version=first.ir_version, graph=graph)
    model.opset_import.extend(first.opset_import)
    return model


def _only_standard_operators(network: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """Drop the imports of operator sets that tf2onnx names but no node uses.

    Raises:
        ExportError: a node uses one of them.
    """
    others = {
        f"{node.domain}.{node.op_type}"
        for node in all_nodes(network.graph)
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
    cleaned.ir_version = ir_version(opset)
    return cleaned


def _finished(model: onnx.ModelProto, stage: str, outputs: tuple[str, ...]) -> onnx.ModelProto:
    """Take the prefixes off the inputs and outputs, and drop what leads to no output."""
    graph = model.graph
    by_name = {value.name: value for value in graph.output}
    kept = [by_name[f"{stage}{name}"] for name in outputs]
    wanted = {value.name: value.name.split("/", 1)[1] for value in (*graph.input, *kept)}
    copies = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in kept]
    del graph.output[:]
    graph.output.extend(copies)
    for value in [*graph.input, *graph.output]:
        value.name = wanted[value.name]
    for node in graph.node:
        node.input[:] = [wanted.get(name, name) for name in node.input]
        node.output[:] = [wanted.get(name, name) for name in node.output]
    remove_unused(graph)
    graph.name = "trt_inference"
    model.producer_name = "trt_inference"
    return model
