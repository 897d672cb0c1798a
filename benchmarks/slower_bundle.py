"""A bundle whose network takes longer, and finds the same."""

import json
import shutil
import time
from pathlib import Path
from statistics import median
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from converter.bundle.write_bundle import write_manifest
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.bundles.manifest import MANIFEST
from trt_inference.bundles.names import SCORES
from trt_inference.engines.backends import open_engine

_CHANNELS = 32
_TOO_SMALL = 1e-30  # to change a score of float32, which is added to it
_RUNS = 15


def write_slower_bundle(source: Path, output: Path, milliseconds: Optional[float]) -> Path:
    """Write a bundle with the fp32 network of ``source`` as its fp32 and its fp16, of which both
    together take about so many milliseconds an image on this CPU; None: as long as they do."""
    layers = 0
    if milliseconds is not None:
        few, many = (_measure(_write(source, output, count)) for count in (4, 12))
        each = (many - few) / 8
        layers = max(1, round((milliseconds / 2 - few) / each) + 4)
    return _write(source, output, layers)


def _measure(bundle: Path) -> float:
    """Milliseconds of an image, the median."""
    engine = open_engine(load_bundle(bundle), "onnxruntime", "fp32")
    times = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        engine.infer()
        times.append(1e3 * (time.perf_counter() - began))
    engine.close()
    return median(times[_RUNS // 3 :])


def _write(source: Path, output: Path, layers: int) -> Path:
    shutil.rmtree(str(output), ignore_errors=True)
    output.mkdir(parents=True)
    manifest: Dict[str, Any] = json.loads((source / MANIFEST).read_text("utf-8"))
    shutil.copyfile(str(source / manifest["labels"]["file"]), str(output / "labels.txt"))
    file = output / "fp32.onnx"
    model = onnx.load(str(source / manifest["precisions"]["fp32"]["file"]))
    if layers:
        _add_layers(model, layers)
    onnx.save(model, str(file))
    entry = {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    manifest["precisions"] = {"fp32": entry, "fp16": entry}
    manifest["labels"]["file"] = "labels.txt"
    write_manifest(output, manifest)
    return output


def _add_layers(model: onnx.ModelProto, layers: int) -> None:
    """Convolutions of the image, whose mean is added to the scores and is lost in them."""
    graph = model.graph
    image, old = graph.input[0].name, "slower/scores"
    for node in graph.node:
        node.output[:] = [old if name == SCORES else name for name in node.output]
        node.input[:] = [old if name == SCORES else name for name in node.input]
    nodes: List[onnx.NodeProto] = [
        helper.make_node("Cast", [image], ["slower/float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["slower/float"], ["slower/0"], perm=[0, 3, 1, 2]),
    ]
    for number in range(layers):
        first = number == 0
        shape = (_CHANNELS, 3 if first else _CHANNELS, 3, 3)
        graph.initializer.append(_weights(f"slower/w{number}", shape))
        nodes.append(
            helper.make_node(
                "Conv",
                [f"slower/{number}", f"slower/w{number}"],
                [f"slower/{number + 1}"],
                strides=[2, 2] if first else [1, 1],
                pads=[1, 1, 1, 1],
            )
        )
    axes = numpy_helper.from_array(np.array([1], np.int64), "slower/axes")
    scale = numpy_helper.from_array(np.array(_TOO_SMALL, np.float32), "slower/scale")
    graph.initializer.extend([axes, scale])
    nodes += [
        helper.make_node("GlobalAveragePool", [f"slower/{layers}"], ["slower/pooled"]),
        helper.make_node("Flatten", ["slower/pooled"], ["slower/flat"]),
        helper.make_node("ReduceMax", ["slower/flat"], ["slower/mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["slower/mean", "slower/scale"], ["slower/nothing"]),
        helper.make_node("Add", [old, "slower/nothing"], [SCORES]),
    ]
    graph.node.extend(nodes)


def _weights(name: str, shape: Tuple[int, ...]) -> onnx.TensorProto:
    """Small ones, so that no number of layers overflows."""
    values = np.random.default_rng(0).normal(0, 0.02, shape).astype(np.float32)
    return numpy_helper.from_array(values, name)
