"""What the importers of each version's parser refuse, by rules of the double's own.

Each module has those of one kind of operators, read from the sources of onnx-tensorrt; a rule has
the words, the code and the function that the parser's error has. ``model_reader`` walks the graph
as parseGraph does, and asks them. What no rule refuses is taken.
"""

from typing import Any, List

import onnx

from test.tensorrt_double.importers import (  # noqa: F401  each registers its rules
    axis_importers,
    body_importers,
    choice_importers,
    convolution_importers,
    first_importers,
    normalization_importers,
    pooling_importers,
    quantization_importers,
    resize_importer,
    shape_importers,
    type_importers,
)
from test.tensorrt_double.importers.model_reader import ModelReader, bodies_of, nodes_of
from test.tensorrt_double.importers.operator_names import is_left_to_others, is_supported
from test.tensorrt_double.importers.refusal import Refusal

__all__ = [
    "Refusal",
    "bodies_of",
    "is_left_to_others",
    "is_supported",
    "nodes_of",
    "refusals_of",
]


def refusals_of(api: Any, model: onnx.ModelProto, native_normalization: bool) -> List[Refusal]:
    """The errors of the parser of ``api``; none where it takes the model.

    Args:
        native_normalization: whether NATIVE_INSTANCENORM is set.
    """
    return ModelReader(api, model, native_normalization).read()
