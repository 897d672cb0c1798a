"""The outputs of a signature that are taken: its own, or tensors inside of its graph."""

import re
from dataclasses import replace
from typing import Mapping, Sequence

from converter.errors import SavedModelError
from converter.export.inner_tensors import InnerTensors
from converter.inputs.saved_model import SavedModel, Signature
from converter.inputs.tensor import Tensor

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*$")


def with_outputs(saved_model: SavedModel, signature: Signature, names: Sequence[str]) -> Signature:
    """The signature with no other outputs than ``names``, where some are given. ``NAME=TENSOR`` is
    a tensor or an output with another name, by which a head may be recognised.

    Raises:
        SavedModelError: a name is that of no output and of no tensor that can be one, or given
            twice.
    """
    if not names:
        return signature
    known = {tensor.name: tensor for tensor in signature.outputs}
    if all(name in known for name in names):
        return replace(signature, outputs=tuple(known[name] for name in names))
    inside = InnerTensors(saved_model, signature)
    taken = tuple(_taken(name, known, inside) for name in names)
    for what in ("name", "graph_name"):
        given = [getattr(one, what) for one in taken]
        twice = next((one for one in given if given.count(one) > 1), None)
        if twice is not None:
            raise SavedModelError(f"--outputs {' '.join(names)}: {twice} is there twice")
    return replace(signature, outputs=taken, whole=signature.outputs)


def _taken(given: str, known: Mapping[str, Tensor], inside: InnerTensors) -> Tensor:
    if given in known:
        return known[given]
    name, separator, tensor = given.partition("=")
    if not separator:
        return inside.find(given)
    if not _NAME.match(name):
        raise SavedModelError(
            f"--outputs {given}: '{name}' is no name: give letters, digits and _, as in "
            "boxes=model/concat:0"
        )
    found = known[tensor] if tensor in known else inside.find(tensor)
    return replace(found, name=name)
