"""The outputs of a signature that are taken: its own, or tensors inside of its graph."""

from dataclasses import replace
from typing import Sequence

from converter.errors import SavedModelError
from converter.export.inner_tensors import InnerTensors
from converter.inputs.saved_model import SavedModel, Signature


def with_outputs(saved_model: SavedModel, signature: Signature, names: Sequence[str]) -> Signature:
    """The signature with no other outputs than ``names``, where some are given.

    Raises:
        SavedModelError: a name is that of no output and of no tensor that can be one, or two are
            those of one tensor.
    """
    if not names:
        return signature
    known = {tensor.name: tensor for tensor in signature.outputs}
    if all(name in known for name in names):
        return replace(signature, outputs=tuple(known[name] for name in names))
    inside = InnerTensors(saved_model, signature)
    taken = [known.get(name) or inside.find(name) for name in names]
    for one, name in zip(taken, names, strict=True):  # novm
        if taken.count(one) > 1:
            raise SavedModelError(f"--outputs {name}: {one.name} is named twice")
    return replace(signature, outputs=tuple(taken), whole=signature.outputs)
