"""Name the signature that was probably meant, where the one by default is no inference.

SavedModels that are made by hand may have the step of a training as ``serving_default``.
"""

from typing import Collection, Optional, Tuple

from converter.errors import SavedModelError
from converter.inputs.image_input import find_image_of_any_size
from converter.inputs.saved_model import SavedModel, Signature
from converter.inputs.tensor import Tensor


def suggest_signature(
    saved_model: SavedModel, chosen: Optional[Signature], values: Collection[str] = ()
) -> str:
    """Return a sentence on the signature that takes one image and gives what may be read; an empty
    text where ``chosen`` does so itself, or where no other or several others do.

    Args:
        chosen: by default; None where none is.
        values: names of inputs that the user gives a fixed value.
    """
    if chosen is not None and _is_inference(chosen, values):
        return ""
    others = [one for one in saved_model.signatures.values() if _is_inference(one)]
    if len(others) != 1:
        return ""
    (other,) = others
    choose = f"choose --signature {other.name}, which {_described(other)}"
    if chosen is None:
        return choose
    return f"signature '{chosen.name}' {_described(chosen)}, which is hardly an inference: {choose}"


def _is_inference(signature: Signature, values: Collection[str] = ()) -> bool:
    """Whether an image is all that it takes, and something for each image is in what it gives."""
    try:
        image = find_image_of_any_size(signature, values=values)
    except SavedModelError:
        return False
    names = {tensor.name for tensor in signature.inputs} - {image.name} - set(values)
    return not names and any(_is_for_each_image(tensor) for tensor in signature.outputs)


def _is_for_each_image(tensor: Tensor) -> bool:
    """Whether it may have rows of numbers; a loss is a single number."""
    return tensor.dtype != "string" and (tensor.shape is None or len(tensor.shape) > 1)


def _described(signature: Signature) -> str:
    inputs, outputs = _listed(signature.inputs), _listed(signature.outputs)
    return f"takes {inputs} and gives {outputs}"


def _listed(tensors: Tuple[Tensor, ...]) -> str:
    return ", ".join(tensor.name for tensor in tensors) or "nothing"
