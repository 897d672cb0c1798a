"""Make the models of ``test/ready_models.py`` with the converter:

.venv/converter/bin/python -m test.converter.make_ready_models
"""

import tempfile
from pathlib import Path
from typing import Callable, Dict

import onnx

from converter.precision.float32_model import Float32Model
from converter.precision.fp16.fp16_graph import can_be_float16, narrow
from converter.precision.int8.int8_graph import activations, find_quantizable_nodes, quantize_graph
from test.converter.color_model import color_model
from test.converter.precision.models import colored_cells, read, two_layers
from test.ready_models import ready_model


def _two_layers() -> onnx.ModelProto:
    return colored_cells(*two_layers())


def _half() -> onnx.ModelProto:
    source = _float32()
    able = [node.name for node in source.nodes(source.body) if can_be_float16(node, source)]
    return narrow(source, able)


def _quantised() -> onnx.ModelProto:
    """The first convolution is quantised, the last one never is."""
    source = _float32()
    places = find_quantizable_nodes(source)
    ranges = dict.fromkeys(activations(source, places), 1.0)
    return quantize_graph(source, places, ranges, {place.node for place in places})


def _float32() -> Float32Model:
    with tempfile.TemporaryDirectory() as folder:
        return read(Path(folder), _two_layers())


MAKERS: Dict[str, Callable[[], onnx.ModelProto]] = {
    "colors": color_model,
    "layers_fp32": _two_layers,
    "layers_fp16": _half,
    "layers_int8": _quantised,
}

if __name__ == "__main__":
    for name, make in MAKERS.items():
        onnx.save(make(), str(ready_model(name)))
