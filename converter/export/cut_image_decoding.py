"""Cut the decoding of JPEG and PNG files away: the robot has pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from converter.errors import ExportError
from converter.export.graph_inputs_outputs import make_placeholder
from converter.export.graph_view import BRANCHES, LOOPS, GraphView, called, canonical, node_of
from converter.export.loop_bodies import inline_body, stack_one
from converter.export.tf1_loops import open_loop_of_frames
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
    for node in [view.nodes[name] for name in behind]:
        if node.op in LOOPS and _decodes(view, node.attr["body"].func.name):
            _open_loop(view, node)  # the decoder is in the graph then
            break
    decoders = [node for node in view.graph_def.node if node.op in DECODERS]
    decoders = [node for node in decoders if node.name in view.descendants([image])]
    pixels = decoders[0] if len(decoders) == 1 else _merge_of(view, decoders)
    if pixels is not None:
        open_loop_of_frames(view, pixels)
        return _begin_at(view, pixels, sizes)
    branch = _branch_with_decoder(view, behind)
    if branch is not None:
        return _begin_at(view, branch, sizes)
    gathered = _after_tensor_array(view, behind)
    if gathered is not None:
        return _begin_at(view, gathered, (1, *sizes))
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


def _after_tensor_array(view: GraphView, behind: set[str]) -> Any:
    """What collects the images of a loop of TensorFlow 1 that decodes."""
    found = [view.nodes[name] for name in behind if view.nodes[name].op == "TensorArrayGatherV3"]
    first = [
        node
        for node in found
        if not any(
            other.name in view.ancestors([node.name]) for other in found if other is not node
        )
    ]
    return first[0] if len(first) == 1 else None


def _open_loop(view: GraphView, loop: Any) -> None:
    """Replace ``tf.map_fn`` over the images by its body for one image, and the stack of its
    results by that one with an axis before it.

    Raises:
        ExportError: the loop is of another kind.
    """
    stacks = [node for node in view.consumers(loop.name) if node.op == "TensorListStack"]
    if len(stacks) != 1:
        raise ExportError(
            f"the loop '{loop.name}' decodes images and gives {len(stacks)} results: export a "
            "signature that takes pixels"
        )
    (stack,) = stacks
    item = inline_body(view, loop, stack.input[0])
    stack_one(view, stack, item, stack.attr["element_dtype"].type)
