"""Compare the input and the outputs that a server tells of a model with those of a bundle."""

from typing import Any, List, Sequence, Tuple

from trt_inference.bundles.bundle import Bundle
from trt_inference.printable import printable, shortened

TRITON_DTYPES = {"uint8": "UINT8", "int32": "INT32", "float32": "FP32"}
_MOST_SHOWN = 5  # tensors in a message

_Tensor = Tuple[str, str, Sequence[int]]  # name, dtype, shape with the batch or -1 for it


def find_model_misfit(metadata: Any, bundle: Bundle, max_batch: int) -> str:
    """
    Args:
        metadata: Triton's ModelMetadataResponse.
        max_batch: of the model's configuration; 0 for a network that takes one image, whose
            tensors have that in their shapes.

    Returns:
        What does not fit, or nothing.
    """
    spec = bundle.input
    batch = -1 if max_batch > 0 else 1
    image: _Tensor = (spec.name, spec.dtype, (batch, spec.height, spec.width, 3))
    outputs = [(one.name, one.dtype, (batch, *one.shape[1:])) for one in bundle.outputs]
    return _compare("input", metadata.inputs, [image]) or _compare(
        "output", metadata.outputs, outputs
    )


def quoted_name(text: str) -> str:
    """A name from a server, for a message."""
    return f"'{printable(shortened(text))}'"


def _compare(side: str, found: Any, wanted: Sequence[_Tensor]) -> str:
    names = [name for name, _, _ in wanted]
    if sorted(one.name for one in found) != sorted(names):
        shown = [quoted_name(one.name) for one in found[:_MOST_SHOWN]] or ["none"]
        return f"its {side}s are {', '.join(shown)}, not {', '.join(map(quoted_name, names))}"
    by_name = {one.name: one for one in found}
    faults: List[str] = [_compare_tensor(side, by_name[one[0]], one) for one in wanted]
    return next(filter(None, faults), "")


def _compare_tensor(side: str, found: Any, wanted: _Tensor) -> str:
    name, dtype, shape = wanted
    if found.datatype == TRITON_DTYPES[dtype] and list(found.shape) == list(shape):
        return ""
    return (
        f"its {side} {quoted_name(name)} is {quoted_name(found.datatype)} "
        f"{shortened(str(list(found.shape)))}, not {TRITON_DTYPES[dtype]} {list(shape)}"
    )
