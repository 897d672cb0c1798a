"""Networks made of a few lines of ONNX, and bundles whose detections are known beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime

from converter.export.exported_network import Network
from converter.heads.base import Head
from converter.heads.classification.recognise import FAMILY as CLASSIFICATION_FAMILY
from converter.heads.evidence import Evidence
from converter.heads.family import Family
from converter.heads.segmentation.recognise import FAMILY as SEGMENTATION_FAMILY
from converter.inputs.dataset import Dataset
from converter.inputs.image_input import ImageInput
from converter.inputs.pixels import Pixels
from converter.inputs.sample import Sample
from converter.onnx_tools.text import floats, model_from_text
from converter.precision.float32_model import Float32Model, read_float32
from converter.stages.assemble import assemble, prefixed
from test.changed_bundles import replace_model
from test.color_bundle import CANDIDATES, OPSET, SIZE, write_color_bundle
from test.converter.color_model import color_head, color_network
from test.converter.expected import scene
from test.task_bundles import (
    CELL,
    HEIGHT,
    MAP_HEIGHT,
    MAP_WIDTH,
    MARGIN,
    WIDTH,
    write_classification_bundle,
    write_segmentation_bundle,
)
from trt_inference.inference.detections import Detections

# From red, green, blue to the same and a fourth channel, and back without that one.
WIDEN = np.eye(4, 3, dtype=np.float32)
NARROW = np.eye(3, 4, dtype=np.float32)


def constant(name: str, values: Any) -> str:
    """A float32 constant in the textual syntax."""
    array = np.asarray(values, np.float32)
    shape = f"[{', '.join(map(str, array.shape))}]" if array.shape else ""
    return f"float{shape} {name} = {{{floats(array.ravel())}}}"


def kernel(name: str, matrix: Any) -> str:
    """The weights of a convolution of one pixel: a row for each channel that comes out."""
    return constant(name, np.asarray(matrix, np.float32)[:, :, None, None])


def two_layers(extra: float = 0.0) -> tuple[str, str]:
    """Constants and nodes of two convolutions that change nothing, for ``colored_cells``.

    TensorRT finds the size of quantised kernels in ``kernel_shape``, which tf2onnx writes.

    Args:
        extra: the value of a fourth channel between them, which the second one leaves out.
    """
    bias = constant("bias", [0, 0, 0, extra])
    nodes = """
        first = Conv <kernel_shape = [1, 1]> (planes, widen, bias)
        active = Relu (first)
        seen = Conv <kernel_shape = [1, 1]> (active, narrow)
    """
    return f"{kernel('widen', WIDEN)}, {kernel('narrow', NARROW)}, {bias}", nodes


def colored_cells(constants: str, nodes: str) -> onnx.ModelProto:
    """The bundle's model of ``test/color_bundle.py`` with more layers in its network.

    Args:
        constants, nodes: what makes ``seen [N, 3, 64, 64]`` of ``planes``, of the same shape: red,
            green and blue in [0, 1]. The detections are those of the colors in ``seen``.
    """
    size = f"float[N, 3, {SIZE}, {SIZE}]"
    layers = model_from_text(
        OPSET, f"layers ({size} planes) => ({size} seen) <{constants}> {{ {nodes} }}"
    ).graph
    model = color_network()
    transpose, pool, *rest = copies(model.graph.node)
    pool.input[0] = "seen"
    del model.graph.node[:]
    model.graph.node.extend([transpose, *layers.node, pool, *rest])
    model.graph.initializer.extend(layers.initializer)
    network = exported(model, SIZE, SIZE)
    return assemble(network, Pixels(), color_head(network), CANDIDATES)


def copies(nodes: Iterable[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """That stay when the graph of ``nodes`` changes."""
    return [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]


def exported(model: onnx.ModelProto, height: int, width: int) -> Network:
    """As it comes out of an export: NHWC, and with names like those of tf2onnx."""
    image = ImageInput("images", "float32", "NHWC", 3, height, width, -1, 4)
    return Network(with_names(model), OPSET, image)


def write_bundle(folder: Path, model: onnx.ModelProto, **changes: Any) -> Path:
    """A color bundle with another model; ``changes`` replace entries of the manifest."""
    return replace_model(write_color_bundle(folder, **changes), model)


# From red, green, blue to blue, green, red; and to background, blue, green, red.
TO_CLASSES = 5 * np.eye(3)[::-1]
TO_SEGMENTS = np.concatenate([np.zeros((1, 3)), 2 * np.eye(3)[::-1] - 1])


def write_classifier(folder: Path, extra: float = 0.0) -> Path:
    """The classifier of ``test/task_bundles.py`` as a network with ``two_layers``."""
    network = classifier(extra)
    head = task_head(network, CLASSIFICATION_FAMILY, 3)
    return replace_model(write_classification_bundle(folder), assemble(network, Pixels(), head, 3))


def write_segmenter(folder: Path, extra: float = 0.0) -> Path:
    """The segmenter of ``test/task_bundles.py`` as a network with ``two_layers``."""
    network = segmenter(extra)
    head = task_head(network, SEGMENTATION_FAMILY, 4)
    return replace_model(write_segmentation_bundle(folder), assemble(network, Pixels(), head, 4))


def classifier(extra: float = 0.0) -> Network:
    """float32 RGB ``images`` in [0, 1] → ``logits [N, 3]``."""
    return _task_network(
        extra,
        kernel("last", TO_CLASSES),
        "float[N, 3] logits",
        "means = GlobalAveragePool (seen) classes = Conv (means, last) "
        "logits = Flatten <axis = 1> (classes)",
    )


def segmenter(extra: float = 0.0) -> Network:
    """float32 RGB ``images`` in [0, 1] → ``logits [N, 4, h, w]``."""
    window = f"[{CELL}, {CELL}]"
    bias = constant("margin", [MARGIN / 255, 0, 0, 0])
    return _task_network(
        extra,
        f"{kernel('last', TO_SEGMENTS)}, {bias}",
        f"float[N, 4, {MAP_HEIGHT}, {MAP_WIDTH}] logits",
        f"means = AveragePool <kernel_shape = {window}, strides = {window}> (seen) "
        "logits = Conv (means, last, margin)",
    )


def _task_network(extra: float, constants: str, output: str, nodes: str) -> Network:
    declared, layers = two_layers(extra)
    model = model_from_text(
        OPSET,
        f"net (float[N, {HEIGHT}, {WIDTH}, 3] images) => ({output}) <{declared}, {constants}> "
        f"{{ planes = Transpose <perm = [0, 3, 1, 2]> (images) {layers} {nodes} }}",
    )
    return exported(model, HEIGHT, WIDTH)


def task_head(network: Network, family: Family, classes: int) -> Head:
    """What the family recognises in the outputs for a black and a white picture."""
    images = [np.full((HEIGHT, WIDTH, 3), value, np.float32) for value in (0, 1)]
    runs = [network.run(image) for image in images]
    values = {name: np.concatenate([run[name] for run in runs]) for name in runs[0]}
    evidence = Evidence(network.outputs, values, (HEIGHT, WIDTH), classes)
    recognised = family.recognise(evidence)
    assert recognised is not None
    return recognised.head


def read(folder: Path, model: onnx.ModelProto) -> Float32Model:
    """``model`` as the precisions are made of it."""
    onnx.save(model, str(folder / "fp32.onnx"))
    return read_float32(folder / "fp32.onnx")


def network(graph: str, opset: int = OPSET) -> onnx.ModelProto:
    """A network alone, written as text, with the names that it has in a bundle, and a head that
    changes nothing. Its inputs are those of the text with ``network/`` before their names."""
    model = prefixed(with_names(model_from_text(opset, graph)), "network/")
    for output in model.graph.output:
        inside = output.name
        output.name = f"head/{inside.removeprefix('network/')}"
        model.graph.node.append(onnx.helper.make_node("Identity", [inside], [output.name]))
    return model


def with_names(model: onnx.ModelProto) -> onnx.ModelProto:
    """A node and its output have two names, as tf2onnx gives them."""
    for node in model.graph.node:
        node.name = f"model/{node.output[0]}"
    return model


def run(
    model: onnx.ModelProto, feeds: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None
) -> list[np.ndarray]:
    """What ONNX Runtime makes of it."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")  # see model_engine.py
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(outputs, dict(feeds)))


def scenes(count: int, seed: int = 0) -> list[tuple[np.ndarray, Detections]]:
    """Pictures of 64x64 with colored cells, and these as detections."""
    generator = np.random.default_rng(seed)
    return [scene(generator) for _ in range(count)]


def samples(*frames: np.ndarray) -> tuple[Sample, ...]:
    """Images in memory; their names are their numbers."""
    return tuple(Sample(f"{number}.png", None, frame) for number, frame in enumerate(frames))


def dataset(*frames: np.ndarray) -> Dataset:
    """The same without annotations."""
    return Dataset(samples(*frames), None, synthetic=False)


def write_pictures(folder: Path, frames: Sequence[np.ndarray]) -> Path:
    """A folder of PNG files in that order."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{number:03}.png"), frame)
    return folder


def operators(model: onnx.ModelProto) -> list[str]:
    """The operators of all nodes, in the order of execution."""
    return [node.op_type for node in model.graph.node]


def constants_of(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """By name."""
    return {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}


def untracked(items: Any, name: str) -> Any:
    """In the place of a progress bar."""
    return items
