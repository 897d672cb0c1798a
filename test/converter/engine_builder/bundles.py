"""A bundle that finds colors in three precisions, with a network of two convolutions."""

from pathlib import Path
from typing import Dict

import onnx

from converter.precision.float32_model import Float32Model, read_float32
from converter.precision.fp16.fp16_graph import can_be_float16, narrow
from converter.precision.int8.int8_graph import activations, find_quantizable_nodes, quantize_graph
from test.color_bundle import change_manifest
from test.converter.precision.models import colored_cells, two_layers
from test.converter.precision.models import write_bundle as write_fp32_bundle
from trt_inference.bundles.bundle import sha256_of_file

PRECISIONS = ("fp32", "fp16", "int8")


def write_bundle(folder: Path) -> Path:
    """fp32, fp16 and int8, made as `quantize` makes them; in int8 the first convolution is
    quantised, and the last one is not."""
    write_fp32_bundle(folder, colored_cells(*two_layers()))
    source = read_float32(folder / "fp32.onnx")
    onnx.save(_half(source), str(folder / "fp16.onnx"))
    onnx.save(_quantised(source), str(folder / "int8.onnx"))
    entries = {name: _entry(folder / f"{name}.onnx") for name in PRECISIONS}
    change_manifest(folder, lambda manifest: manifest.update(precisions=entries))
    return folder


def _half(source: Float32Model) -> onnx.ModelProto:
    able = [node.name for node in source.nodes(source.body) if can_be_float16(node, source)]
    return narrow(source, able)


def _quantised(source: Float32Model) -> onnx.ModelProto:
    places = find_quantizable_nodes(source)
    ranges = dict.fromkeys(activations(source, places), 1.0)
    return quantize_graph(source, places, ranges, {place.node for place in places})


def _entry(file: Path) -> Dict[str, object]:
    return {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}
