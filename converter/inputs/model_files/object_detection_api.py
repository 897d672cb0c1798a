"""``pipeline.config``, which the TF Object Detection API writes beside ``saved_model``.

``exporter_main_v2.py`` and ``export_inference_graph.py`` write it into the folder above. The
graph itself resizes: the image that it is given then passes unchanged if it has that size already.
The messages are those of research/object_detection/protos in
https://github.com/tensorflow/models; what pads with which value is in its meta_architectures.
"""

from typing import Any, Optional

from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles, fault
from converter.inputs.model_files.place import Place
from converter.inputs.model_files.proto_text import parse_proto_text
from trt_inference.bundles.names import DETECTION

PIPELINE = "pipeline.config"
_ARCHITECTURES = ("ssd", "faster_rcnn", "center_net")
_SCHEMA = {
    "Pipeline": {"model": "Model"},
    "Model": dict.fromkeys(_ARCHITECTURES, "Architecture"),
    "Architecture": {"num_classes": "int32", "image_resizer": "Resizer"},
    "Resizer": {
        "fixed_shape_resizer": "FixedShape",
        "keep_aspect_ratio_resizer": "KeepAspectRatio",
    },
    "FixedShape": {"height": "int32", "width": "int32"},
    "KeepAspectRatio": {
        "min_dimension": "int32",
        "max_dimension": "int32",
        "pad_to_max_dimension": "bool",
    },
}
_LARGEST_SIDE = 1 << 14


def read_object_detection_api(place: Place) -> Optional[ModelFiles]:
    """What ``pipeline.config`` tells; None where there is none.

    Raises:
        ModelFileError: it cannot be read.
    """
    file = place.find(PIPELINE)
    if file is None:
        return None
    model = parse_proto_text(place.read(file), _SCHEMA, "Pipeline").model
    names = [name for name in _ARCHITECTURES if model.HasField(name)]
    if not names:
        return None
    task = ModelFiles(task=DETECTION, findings=(Finding("task", f"{DETECTION}, from {PIPELINE}"),))
    resizer = getattr(model, names[0]).image_resizer
    if resizer.HasField("fixed_shape_resizer"):
        return task.completed_by(_fixed_shape(resizer.fixed_shape_resizer))
    if resizer.HasField("keep_aspect_ratio_resizer"):
        # An SSD pads what it has normalised, the others the picture: with black.
        pad_value = None if names[0] == "ssd" else 0
        return task.completed_by(_keep_aspect_ratio(resizer.keep_aspect_ratio_resizer, pad_value))
    return task


def _fixed_shape(resizer: Any) -> ModelFiles:
    height, width = _side(resizer, "height", 300), _side(resizer, "width", 300)
    source = f"fixed_shape_resizer in {PIPELINE}"
    if not _are_sides(height, width):
        return _wrong(source, height, width)
    return ModelFiles(
        input_size=(height, width),
        fit="stretch",
        findings=(
            Finding("size", f"{width}x{height}, from {source}"),
            Finding("fit", f"stretch, from {source}"),
        ),
    )


def _keep_aspect_ratio(resizer: Any, pad_value: Optional[int]) -> ModelFiles:
    """A square where both sides are the same. Otherwise a picture of any shape has another size,
    which the user has to choose for the camera."""
    shorter, longer = _side(resizer, "min_dimension", 600), _side(resizer, "max_dimension", 1024)
    source = f"keep_aspect_ratio_resizer in {PIPELINE}"
    if not _are_sides(shorter, longer) or shorter > longer:
        return _wrong(source, shorter, longer)
    is_square = shorter == longer
    size = f"{longer}x{longer}, from {source}"
    if not is_square:
        size = (
            f"the shorter side {shorter} pixels, the longer at most {longer}, from {source}: give "
            "--input-size with the shape of the camera's pictures, so that the graph does not "
            "resize again"
        )
    return ModelFiles(
        input_size=(longer, longer) if is_square else None,
        fit="letterbox-top-left",
        pad_value=pad_value,
        findings=(
            Finding("size", size),
            Finding("fit", f"letterbox-top-left, from {source}"),
        ),
    )


def _side(resizer: Any, name: str, default: int) -> int:
    """A number in a message, or what the messages of the API declare where it is left out."""
    return int(getattr(resizer, name)) if resizer.HasField(name) else default


def _are_sides(*values: int) -> bool:
    return all(0 < value <= _LARGEST_SIDE for value in values)


def _wrong(source: str, *values: int) -> ModelFiles:
    text = f"{source} is not used: its size is {' and '.join(str(value) for value in values)}"
    return ModelFiles(findings=(fault(text),))
