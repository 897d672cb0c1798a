"""Cut the decoding of JPEG and PNG files away: the robot has pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from converter.errors import ExportError
from converter.export.graph_inputs_outputs import make_placeholder
from converter.export.graph_view import BRANCHES, LOOPS, GraphView, called, canonical, node_of
from converter.inputs.quiet_tensorflow import tensorflow

DECODERS = (
    "DecodeJpeg",
    "DecodePng",
    "DecodeImage",
    "DecodeBmp",
    "DecodeGif",
    "DecodeAndCropJpeg",
    "DecodeWebP",
)


def cut_image_decoding(
    view: GraphView, image: str, shape: tuple[int, ...] | None
) -> tuple[str, str]:
    """Let the graph begin with the pixels that the decoding of ``image`` gives.

    Args:
        image: the input of encoded images.
        shape: N, height, width, channels of the pixels.

    Returns:
        The new input, uint8 or what the graph decodes to, and a sentence for the user.

    Raises:
        ExportError: no decoding is found behind the input, or one to other channels.
    """
    behind = view.descendants([image])
    sizes = tuple(shape or (-1, -1, -1, 3))[1:]
    decoders = [node for node in view.graph_def.node if node.op in DECODERS]
    decoders = [node for node in decoders if node.name in view.descendants([image])]
    pixels = decoders[0] if len(decoders) == 1 else _merge_of(view, decoders)
    if pixels is not None:
        return _begin_at(view, pixels, sizes)
    branch = _branch_with_decoder(view, behind)
    if branch is not None:
        return _begin_at(view, branch, sizes)
    loops = [name for name in behind if view.nodes[name].op in (*LOOPS, "LoopCond")]
    if loops:
        raise ExportError(
            f"the input {node_of(image)} takes texts, which the loop '{min(loops)}' works on in a "
            "way that is not known to be decoding: export a signature that takes pixels"
        )
    found = ", ".join(sorted({view.nodes[name].op for name in behind} - {"Identity", "Const"}))
    raise ExportError(
        f"the input {node_of(image)} takes texts, and no decoding of images is found behind it "
        f"(operators there: {found}): export a signature that takes pixels"
    )


def _begin_at(view: GraphView, node: Any, sizes: tuple[int, ...]) -> tuple[str, str]:
    """Make an input of the node that gives the pixels."""
    operator = node.op
    if node.attr["channels"].i not in (0, sizes[-1]):
        raise ExportError(
            f"'{node.name}' decodes images to {node.attr['channels'].i} channels, not to "
            f"{sizes[-1]}: specify --channels grey for one, rgb for three"
        )
    dtype = _dtype(node)
    make_placeholder(node, dtype, sizes)
    view.refresh()
    name = tensorflow().dtypes.as_dtype(dtype).name
    return canonical(node.name), (
        f"the decoding of image files ({operator}) is cut away: the network begins with decoded "
        f"pixels ({name} RGB)"
    )


def _dtype(node: Any) -> int:
    """The type of the pixels that a node gives: most decoders have but one."""
    for name in ("dtype", "element_dtype", "Tout", "T"):
        if name in node.attr:
            kinds = node.attr[name].list.type
            return int(kinds[0] if kinds else node.attr[name].type)
    return int(tensorflow().uint8.as_datatype_enum)


def _decodes(view: GraphView, function: str) -> bool:
    """Whether a function, or one that it calls, decodes images."""
    for definition in view.graph_def.library.function:
        if definition.signature.name == function:
            return any(
                node.op in DECODERS or any(_decodes(view, inner) for inner in called(node))
                for node in definition.node_def
            )
    return False


def _branch_with_decoder(view: GraphView, behind: set[str]) -> Any:
    """The one branch that chooses between decoders."""
    found = [
        view.nodes[name]
        for name in behind
        if view.nodes[name].op in BRANCHES
        and any(_decodes(view, function) for function in called(view.nodes[name]))
    ]
    return found[0] if len(found) == 1 else None


def _merge_of(view: GraphView, decoders: Sequence[Any]) -> Any:
    """What hands on the result of the one decoder that was chosen, in TensorFlow 1."""
    names = {node.name for node in decoders}
    merges = [
        node
        for name in (view.descendants(names) if names else ())
        if (node := view.nodes[name]).op == "Merge"
        and names <= view.ancestors([name])
        and not any(view.source(tensor).op == "NextIteration" for tensor in node.input)
    ]
    return min(merges, key=lambda node: len(view.ancestors([node.name])), default=None)
