"""Replace what tf2onnx writes and not every runtime accepts."""

from __future__ import annotations

import onnx


def clean(model: onnx.ModelProto) -> None:
    """Replace attributes that ONNX has given up."""
    for node in model.graph.node:
        if node.op_type == "Resize":
            _name_half_pixels(node)


def _name_half_pixels(node: onnx.NodeProto) -> None:
    """Nearest neighbour with half pixel centres, as TensorFlow 2 has it: floor((x + 0.5) / scale),
    which is (x + 0.5) / scale - 0.5 rounded, half up. The mode with a name of its own went in
    opset 13."""
    attributes = {attribute.name: attribute for attribute in node.attribute}
    mode = attributes.get("coordinate_transformation_mode")
    if mode is None or mode.s != b"tf_half_pixel_for_nn":
        return
    mode.s = b"half_pixel"
    if "nearest_mode" in attributes:
        node.attribute.remove(attributes["nearest_mode"])
    node.attribute.append(onnx.helper.make_attribute("nearest_mode", "round_prefer_ceil"))
