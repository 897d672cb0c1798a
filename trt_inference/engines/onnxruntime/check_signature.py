"""Whether a model has the input and the outputs that the manifest tells, before it is run."""

from pathlib import Path
from typing import Any, Sequence

from trt_inference.bundles.bundle import Bundle
from trt_inference.errors import EngineError

_TYPES = {"uint8": "tensor(uint8)", "int32": "tensor(int32)", "float32": "tensor(float)"}
# Of a name or a shape, which a model may have of any length.
_MOST_SHOWN = 100


def check_signature(session: Any, bundle: Bundle, file: Path) -> bool:
    """
    Args:
        session: of ONNX Runtime.
        file: of the model, for messages.

    Returns:
        Whether it takes any number of images at once, and not one only.

    Raises:
        EngineError: its input is another one, or one of the outputs.
    """
    spec, inputs = bundle.input, session.get_inputs()
    shape = (-1, spec.height, spec.width, 3)
    if len(inputs) != 1:
        raise _misfit(file, f"it has {len(inputs)} inputs, and a bundle has one")
    # Without a shape nothing is known of the images that it takes.
    if not inputs[0].shape or not _fits(inputs[0], spec.name, spec.dtype, shape):
        wanted = _told(spec.name, spec.dtype, shape)
        raise _misfit(file, f"its input is {_shown(inputs[0])}, not {wanted}")
    found = {one.name: one for one in session.get_outputs()}
    for output in bundle.outputs:
        if output.name not in found:
            raise _misfit(file, f"it has no output '{output.name}'")
        if not _fits(found[output.name], output.name, output.dtype, output.shape):
            wanted = _told(output.name, output.dtype, output.shape)
            raise _misfit(file, f"its output is {_shown(found[output.name])}, not {wanted}")
    return not isinstance(inputs[0].shape[0], int)


def _fits(found: Any, name: str, dtype: str, shape: Sequence[int]) -> bool:
    """Whether it may be what is told: a shape or a side that the model leaves open is found out
    when it is run."""
    if found.name != name or found.type != _TYPES[dtype]:
        return False
    told = [1, *shape[1:]]
    return not found.shape or (
        len(found.shape) == len(told)
        and all(one == other for one, other in zip(found.shape, told) if isinstance(one, int))
    )


def _shown(found: Any) -> str:
    return f"'{found.name[:_MOST_SHOWN]}', {found.type}, {str(found.shape)[:_MOST_SHOWN]}"


def _told(name: str, dtype: str, shape: Sequence[int]) -> str:
    return f"'{name[:_MOST_SHOWN]}', {_TYPES[dtype]}, {['N', *shape[1:]]}"


def _misfit(file: Path, reason: str) -> EngineError:
    return EngineError(f"{file} does not fit the manifest: {reason}. Convert the model again")
