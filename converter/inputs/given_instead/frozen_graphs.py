"""Graphs of TensorFlow without a SavedModel around them: frozen graphs, and those in text."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Set

from converter.inputs.given_instead.how_to_save import beside, path_literal, with_lines
from converter.inputs.given_instead.untrusted import is_too_large
from converter.inputs.quiet_tensorflow import tensorflow

_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")
_SWITCH = "PlaceholderWithDefault"
_PLACEHOLDERS = ("Placeholder", _SWITCH)
_NO_RESULTS = ("Const", "NoOp", "Assert", "Print", "SaveV2", "RestoreV2", *_VARIABLES)
_SIDE_WORK = ("Summary", "Assign", "Apply", "Scatter")
_TRAINING = ("gradients/", "save/", "report_uninitialized", "init")
_DETECTIONS = ("num_detections", "detection_boxes", "detection_scores", "detection_classes")


def describe_graph(path: Path) -> Optional[str]:
    """What graph is in the file ``path``, and the lines that save it as a SavedModel with its
    inputs and outputs; None where it is none."""
    graph = _read(path)
    if graph is None:
        return None
    variables = [node.name for node in graph.node if node.op in _VARIABLES]
    if variables:
        return (
            f"'{path}' is a graph of TensorFlow without its weights: {variables[0]} and others are "
            "in a checkpoint. Give the folder of that checkpoint, beside its .meta file"
        )
    is_text = path.suffix == ".pbtxt"
    reading = f"graph.ParseFromString(open({path_literal(path)}, 'rb').read())"
    if is_text:
        reading = f"text_format.Parse(open({path_literal(path)}).read(), graph)"
    lines = [
        *(["from google.protobuf import text_format"] if is_text else []),
        *opening("graph = tf1.GraphDef()", reading, "tf.import_graph_def(graph, name='')"),
        *saving(graph, beside(path)),
    ]
    what = f"'{path}' is a frozen graph of TensorFlow (GraphDef), not a SavedModel"
    return with_lines(what, lines, beside(path))


def opening(*steps: str) -> List[str]:
    """Open a session and do ``steps`` in it."""
    return [
        "import tensorflow as tf",
        "tf1 = tf.compat.v1",
        "with tf.Graph().as_default(), tf1.Session() as session:",
        *(f"    {step}" for step in steps),
        "    tensor = session.graph.get_tensor_by_name",
    ]


def saving(graph: Any, target: Path) -> List[str]:
    """Save the session with the inputs and outputs of ``graph``, a GraphDef, for inference."""
    inputs, outputs = _inputs(graph), _outputs(graph)
    if not inputs:
        inputs, target_note = {"image": "INPUT:0"}, "  # put the name of the input for INPUT"
    else:
        target_note = "  # leave out what you do not need"
    return [
        f"    tf1.saved_model.simple_save(session, {path_literal(target)}, {{",
        *_entries(inputs),
        f"    }}, {{{target_note}",
        *_entries(outputs),
        "    })",
    ]


def _entries(tensors: Dict[str, str]) -> List[str]:
    return [f"        {key!r}: tensor({name!r})," for key, name in tensors.items()]


def _read(path: Path) -> Optional[Any]:
    """The GraphDef in a file, binary or as text."""
    graph = tensorflow().compat.v1.GraphDef()
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError

    with path.open("rb") as stream:
        start = stream.read(256)
    try:
        if path.suffix == ".pbtxt":
            text_format.Parse(path.read_bytes(), graph)
        elif start.startswith(b"\n") and not is_too_large(path):
            # The first field of a message, which is a node.
            graph.ParseFromString(path.read_bytes())
    except (DecodeError, text_format.ParseError):
        return None
    is_graph = len(graph.node) > 0 and all(node.op and node.name for node in graph.node)
    return graph if is_graph else None


def _inputs(graph: Any) -> Dict[str, str]:
    """What has to be fed, without what belongs to the training: of several inputs with a batch
    those that may be images. Switches with a default need nothing."""
    switches = [node.name for node in graph.node if node.op == _SWITCH and _rank(node) == 0]
    found = [n for n in graph.node if n.op in _PLACEHOLDERS and n.name not in switches]
    images = [node for node in found if _rank(node) in (4, None)]
    used = [node for node in found if node in images or _rank(node) == 0] if images else found
    return {_key(f"{node.name}:0"): f"{node.name}:0" for node in used}


def _rank(node: Any) -> Optional[int]:
    shape = node.attr["shape"].shape
    return None if shape.unknown_rank or "shape" not in node.attr else len(shape.dim)


def _outputs(graph: Any) -> Dict[str, str]:
    """The tensors that nothing of the inference takes; of the TF Object Detection API its
    detections."""
    names = {node.name for node in graph.node}
    if set(_DETECTIONS) <= names:
        return {name: f"{name}:0" for name in _DETECTIONS}
    inner = _inference(graph)
    taken = {_node_of(tensor) for node in graph.node if node.name in inner for tensor in node.input}
    ends = [node for node in graph.node if node.name in inner and node.name not in taken]
    tensors = [f"{node.name}:{port}" for node in ends for port in range(_ports(node))]
    return {_key(tensor): tensor for tensor in tensors}


def _key(tensor: str) -> str:
    """The name of an input or output for the tensor ``node:port``."""
    name = tensor[: -len(":0")] if tensor.endswith(":0") else tensor
    return name.replace("/", "_").replace(":", "_")


def _ports(node: Any) -> int:
    """How many tensors a node gives."""
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    if definition is None:  # of a library that is not loaded
        return 1
    count = 0
    for result in definition.output_arg:
        types = len(node.attr[result.type_list_attr].list.type) if result.type_list_attr else 1
        count += node.attr[result.number_attr].i if result.number_attr else types
    return int(count)


def _inference(graph: Any) -> Set[str]:
    """Names of the nodes that compute from images, and from nothing that only the training has:
    labels, gradients, and what is written down."""
    given = {tensor.split(":")[0] for tensor in _inputs(graph).values()}
    labels = {
        node.name
        for node in graph.node
        if node.op in _PLACEHOLDERS and node.name not in given and _rank(node) != 0
    }
    reached = _descendants(graph.node, given) if given else {node.name for node in graph.node}
    trained = _descendants(graph.node, labels)
    return {
        node.name
        for node in graph.node
        if node.name in reached - trained
        and node.op not in (*_NO_RESULTS, *_PLACEHOLDERS)
        and not any(word in node.op for word in _SIDE_WORK)
        and not node.name.startswith(_TRAINING)
    }


def _descendants(nodes: Sequence[Any], start: Set[str]) -> Set[str]:
    """Names of ``start`` and of all nodes that depend on them; nodes may be in any order."""
    takers: Dict[str, List[str]] = {}
    for node in nodes:
        for tensor in node.input:
            takers.setdefault(_node_of(tensor), []).append(node.name)
    found, waiting = set(start), list(start)
    while waiting:
        for name in takers.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _node_of(tensor: str) -> str:
    return tensor.lstrip("^").split(":")[0]
