"""A SavedModel without the FakeQuant nodes of its training, for TensorFlow to run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from converter.export.fake_quant_ranges import (
    FAKE_QUANT,
    become_identities,
    become_identities_inside,
)
from converter.inputs.saved_model import GRAPH_FILE, SavedModel, graph_file, read_message


def without_fake_quant(saved_model: SavedModel, folder: Path) -> SavedModel:
    """Write a copy into ``folder``, which is made, whose FakeQuant nodes hand on what they are
    given. Variables and assets are those of the original.

    The nodes are replaced in the file, so that this way and that of the export have nothing in
    common.
    """
    folder.mkdir()
    message = read_message(saved_model.path)
    for graph in message.meta_graphs:
        become_identities(graph.graph_def.node)
        for function in graph.graph_def.library.function:
            become_identities_inside(function)
    (folder / GRAPH_FILE).write_bytes(message.SerializeToString())
    for part in ("variables", "assets"):
        original = saved_model.path.absolute() / part
        if original.is_dir():
            (folder / part).symlink_to(original, target_is_directory=True)
    return replace(saved_model, path=folder)


def has_fake_quant_nodes(folder: Path) -> bool:
    """Whether the file of a SavedModel names such an operator; False where there is no file."""
    file = graph_file(folder)
    if not file.is_file():
        return False
    content = file.read_bytes()
    return any(operator.encode() in content for operator in FAKE_QUANT)
