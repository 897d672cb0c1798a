"""Values for variables that TensorFlow 1's way of loading leaves without one.

``tf.saved_model.save`` writes each variable of a Keras 3 model twice, and records how to restore
the copy only. The checkpoint names the variable itself, by which it is found here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from converter.inputs.quiet_tensorflow import tensorflow

CHECKPOINT = Path("variables") / "variables"
_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"


def restore_missing(session: Any, path: Path) -> None:
    """Give variables in ``session`` that have no value the one of their name in the checkpoint
    of the SavedModel in folder ``path``; those that are not in it, or several times, stay."""
    tf = tensorflow()
    handles = [node for node in session.graph.get_operations() if node.type == "VarHandleOp"]
    with session.graph.as_default():
        known = [tf.raw_ops.VarIsInitializedOp(resource=node.outputs[0]) for node in handles]
    has_value = session.run(known)
    missing = [node for node, has in zip(handles, has_value, strict=True) if not has]
    if not missing:
        return
    reader = tf.train.load_checkpoint(str(path / CHECKPOINT))
    keys = _keys_by_name(reader)
    for node in missing:
        key = keys.get(node.get_attr("shared_name").decode())
        if key is not None:
            _assign(session, node, reader.get_tensor(key))


def _keys_by_name(reader: Any) -> dict[str, str]:
    """Where in a checkpoint each variable is that has a name of its own."""
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    if not reader.has_tensor(_OBJECTS):
        return {}
    objects = trackable_object_graph_pb2.TrackableObjectGraph()
    objects.ParseFromString(reader.get_tensor(_OBJECTS))
    found: dict[str, set[str]] = {}
    for node in objects.nodes:
        for entry in node.attributes:
            found.setdefault(entry.full_name, set()).add(entry.checkpoint_key)
    return {name: keys.pop() for name, keys in found.items() if name and len(keys) == 1}


def _assign(session: Any, node: Any, value: Any) -> None:
    tf = tensorflow()
    dtype = node.get_attr("dtype")
    with session.graph.as_default():
        given = tf.compat.v1.placeholder(dtype)
        operation = tf.raw_ops.AssignVariableOp(resource=node.outputs[0], value=given)
    session.run(operation, {given: value})
