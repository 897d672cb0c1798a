"""Modules of TensorFlow 1's Hub: which of their outputs is the result.

https://www.tensorflow.org/hub/common_signatures/images
"""

from typing import Sequence, Tuple

from converter.inputs.saved_model import Signature
from converter.inputs.tensor import Tensor
from converter.tables.wording import some_names

RESULT = "default"


def result_of_hub_module(signature: Signature) -> Tuple[str, ...]:
    """Return ``default``, where a signature has it and other outputs: those are values of layers
    then. Nothing for a signature of another kind."""
    names = [tensor.name for tensor in signature.outputs]
    return (RESULT,) if RESULT in names and len(names) > 1 else ()


def describe_left_out(left_out: Sequence[Tensor]) -> Tuple[str, ...]:
    """Return a note about the outputs that are left out, if there are any."""
    if not left_out:
        return ()
    names = some_names([tensor.name for tensor in left_out])
    return (
        f"output {RESULT} is the result, as in a module of TensorFlow Hub; left out: {names} "
        "(--outputs chooses)",
    )
