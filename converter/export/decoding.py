"""Cut the decoding of JPEG and PNG files away: the robot has pixels."""

from __future__ import annotations

from typing import Any

from converter.errors import ExportError
from converter.export.functions import inline_body
from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.ports import make_placeholder
from converter.quiet_tensorflow import tensorflow

DECODERS = (
    "DecodeJpeg", "DecodePng", "DecodeImage", "DecodeBmp", "DecodeGif", "DecodeAndCropJpeg",
    "DecodeWebP",
)  # fmt: skip
_LOOPS = ("While", "StatelessWhile")
_BRANCHES = ("If", "StatelessIf", "Case", "StatelessCase")


def cut(view: GraphView, image: str, shape: tuple[int, ...] | None) -> tuple[str, str]:
    """Let the graph begin with the pixels that the decoding of ``image`` gives.

    Args:
        image: the input of encoded images.
        shape: N, height, width, channels of the pixels.

    Returns:
        The new input, uint8 or what the graph decodes to, and a sentence for the user.

    Raises:
        ExportError: no decoding is found behind the input.
    """
    behind = view.descendants([image])
    sizes = tuple(shape or (-1, -1, -1, 3))[1:]
    for node in [view.nodes[name] for name in behind]:
        if node.op in _LOOPS and _decodes(view, node.attr["body"].func.name):
            _open_loop(view, node)  # the decoder is in the graph then
            break
    decoders = [node for node in view.graph_def.node if node.op in DECODERS]
    decoders = [node for node in decoders if node.name in view.descendants([image])]
    if len(decoders) == 1:
        return _begin_at(view, decoders[0], sizes)
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
    for name in ("dtype", "element_dtype", "Tout"):
        if name in node.attr:
            kinds = node.attr[name].list.type
            return int(kinds[0] if kinds else node.attr[name].type)
    return int(tensorflow().uint8.as_datatype_enum)


def _decodes(view: GraphView, function: str) -> bool:
    """Whether a function, or one that it calls, decodes images."""
    for definition in view.graph_def.library.function:
        if definition.signature.name == function:
            return any(
                node.op in DECODERS
                or any(_decodes(view, inner) for inner in _functions_of(node))
                for node in definition.node_def
            )
    return False


def _functions_of(node: Any) -> list[str]:
    names = [value.func.name for value in node.attr.values() if value.HasField("func")]
    for value in node.attr.values():
        names += [function.name for function in value.list.func]
    return names


def _branch_with_decoder(view: GraphView, behind: set[str]) -> Any:
    """The one branch that chooses between decoders."""
    found = [
        view.nodes[name]
        for name in behind
        if view.nodes[name].op in _BRANCHES
        and any(_decodes(view, function) for function in _functions_of(view.nodes[name]))
    ]
    return found[0] if len(found) == 1 else None


def _after_tensor_array(view: GraphView, behind: set[str]) -> Any:
    """What collects the images of a loop of TensorFlow 1 that decodes."""
    found = [view.nodes[name] for name in behind if view.nodes[name].op == "TensorArrayGatherV3"]
    first = [
        node for node in found
        if not any(
            other.name in view.ancestors([node.name]) for other in found if other is not node
        )
    ]  # fmt: skip
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
    axis = view.graph_def.node.add(name=f"{stack.name}/axis", op="Const")
    tf = tensorflow()
    axis.attr["dtype"].type = tf.int32.as_datatype_enum
    axis.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(0, tf.int32))
    dtype = stack.attr["element_dtype"].type
    name = stack.name
    stack.Clear()
    stack.name, stack.op = name, "ExpandDims"
    stack.input[:] = [item, axis.name]
    stack.attr["T"].type, stack.attr["Tdim"].type = dtype, axis.attr["dtype"].type
    view.refresh()
