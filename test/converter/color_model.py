"""The network of ``test/color_bundle.py``, and the model that the converter makes of it."""

import numpy as np
import onnx

from converter.export.exported_network import Network
from converter.heads.base import Head
from converter.heads.evidence import Evidence, HeadOptions
from converter.heads.yolo.recognise import recognise
from converter.inputs.image_input import ImageInput
from converter.inputs.pixels import Pixels
from converter.onnx_tools.text import floats, model_from_text
from converter.stages.assemble import assemble
from test.color_bundle import CANDIDATES, CELL, CELLS, LABELS, OPSET, SIZE


def color_network() -> onnx.ModelProto:
    """float32 RGB ``images [N, 64, 64, 3]`` in [0, 1] → ``predictions [N, 4+3, 64]``."""
    contrast = -np.ones((3, 3)) + 2 * np.eye(3)  # each channel less the two others
    to_classes = contrast[::-1]  # the network's channels are red, green, blue
    centres = (np.arange(SIZE // CELL) + 0.5) * CELL
    down, across = np.meshgrid(centres, centres, indexing="ij")
    pool = f"[{CELL}, {CELL}]"
    boxes = np.stack([across.ravel(), down.ravel(), *np.full((2, CELLS), float(CELL))])
    return model_from_text(
        OPSET,
        f"""
        colors (float[N, {SIZE}, {SIZE}, 3] images) => (float[N, 7, {CELLS}] predictions)
        <float[3, 3, 1, 1] weight = {{{floats(to_classes.ravel())}}},
         float[1, 4, {CELLS}] boxes = {{{floats(boxes.ravel())}}},
         int64[3] rows = {{0, 3, {CELLS}}}, float[1, 1, 1] nothing = {{0}}>
        {{
            planes = Transpose <perm = [0, 3, 1, 2]> (images)
            means = AveragePool <kernel_shape = {pool}, strides = {pool}> (planes)
            contrasts = Conv (means, weight)
            scores = Reshape (contrasts, rows)
            first_score = ReduceMin <axes = [1, 2], keepdims = 1> (scores)
            zero = Mul (first_score, nothing)
            boxes_of_batch = Add (zero, boxes)
            predictions = Concat <axis = 1> (boxes_of_batch, scores)
        }}
        """,
    )


def load_color_network() -> Network:
    """The network as the converter has it after the export."""
    image = ImageInput("images", "float32", "NHWC", 3, SIZE, SIZE, -1, 4)
    return Network(color_network(), OPSET, image)


def color_head(network: Network) -> Head:
    """Its head: differences of colors, to be taken as the scores that they are."""
    values = network.run(np.zeros((SIZE, SIZE, 3), np.float32))
    options = HeadOptions(activation="none", boxes="pixels")
    evidence = Evidence(network.outputs, values, (SIZE, SIZE), len(LABELS), options)
    recognised = recognise(evidence)
    if recognised is None:
        raise ValueError("the color network is no yolo network")
    return recognised.head


def color_model() -> onnx.ModelProto:
    """The model of the color bundle, as ``convert`` writes it."""
    network = load_color_network()
    return assemble(network, Pixels(), color_head(network), CANDIDATES)
