"""TensorFlow functions as the flat graphs that an export leaves, and networks that only say which
image these take."""

from pathlib import Path
from typing import Any, Callable, Tuple

import onnx

from converter.export.exported_network import Network
from converter.export.request_answer import ExportAnswer
from converter.inputs.image_input import ImageInput
from converter.inputs.quiet_tensorflow import tensorflow

tf = tensorflow()

SIDE = 8
_ONNX_TYPES = {"float32": "float", "uint8": "uint8"}


def write_flat_graph(
    function: Callable[[Any], Any], folder: Path, channels: int = 3, dtype: str = "float32"
) -> Tuple[Path, ExportAnswer]:
    """The graph of ``function`` with all variables as constants, and what the export answers."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    spec = tf.TensorSpec((1, SIDE, SIDE, channels), dtype, name="image")
    frozen = convert_variables_to_constants_v2(tf.function(function).get_concrete_function(spec))
    file = folder / "network.pb"
    file.write_bytes(frozen.graph.as_graph_def().SerializeToString())
    return file, ExportAnswer(input=frozen.inputs[0].name)


def network_of(channels: int = 3, dtype: str = "float32") -> Network:
    """A network that takes images like those of ``write_flat_graph``."""
    kind, shape = _ONNX_TYPES[dtype], f"[N, {SIDE}, {SIDE}, {channels}]"
    model = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["": 17]> network ({kind}{shape} image) => '
        f"(float{shape} result) {{ result = Cast<to = 1>(image) }}"
    )
    return Network(model, 17, ImageInput("image", dtype, "NHWC", channels, SIDE, SIDE, -1, 4))
