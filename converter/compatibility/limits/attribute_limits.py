"""Limits of the attributes of other operators."""

from __future__ import annotations

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView

_CONVERT_AGAIN = "export the model for inference, as with training=False"


def _foreign_letters(node: NodeView) -> bool:
    return any(not ("a" <= one <= "z" or one in "->., ") for one in node.attribute("equation", ""))


def _terms(node: NodeView) -> list[str]:
    return [term.strip() for term in node.attribute("equation", "").partition("->")[0].split(",")]


def _einsum(node: NodeView) -> bool:
    terms = _terms(node)
    repeats = any(len(set(term)) < len(term) for term in terms if "." not in term)
    return len(terms) > 2 or repeats or "." in node.attribute("equation", "")


def _reduces(node: NodeView) -> bool:
    return bool(node.attribute("reduction", "none") != "none")


def _names_reduction(node: NodeView) -> bool:
    return node.has_attribute("reduction") and not _reduces(node)


def _is_no_number(node: NodeView) -> bool:
    return any(map(node.has_attribute, ("sparse_value", "value_string", "value_strings")))


def _is_read_as_zero(node: NodeView) -> bool:
    return node.has_attribute("value_int") or node.has_attribute("value_ints")


def _gives_more(node: NodeView) -> bool:
    return any(node.gives(index) for index in range(1, len(node.node.output)))


def _starts_late(node: NodeView) -> bool:
    return node.has_attribute("start") or node.has_attribute("end")


ATTRIBUTE_LIMITS = (
    Limit(
        ("BatchNormalization",),
        "no training mode",
        lambda node: bool(node.attribute("training_mode", 0)) or _gives_more(node),
        _CONVERT_AGAIN,
        "builtin_op_importers.cpp, BatchNormalization@8.5-GA; not looked at before",
    ),
    Limit(
        ("LayerNormalization",),
        "its first output only",
        _gives_more,
        _CONVERT_AGAIN,
        "ModelImporter.cpp, parseGraph@8.6-GA: no node may have more outputs than its importer "
        "makes; onnxOpCheckers.cpp, LayerNormalization@10.15",
        since="8.6",
    ),
    Limit(
        ("Einsum",),
        "lower-case letters only",
        _foreign_letters,
        "write the equation with lower-case letters",
        "builtin_op_importers.cpp:1310@8.2-GA; onnxOpCheckers.cpp, Einsum@10.15",
        since="8.2",
    ),
    Limit(
        ("Einsum",),
        "two inputs at most, no ellipsis and no diagonal",
        _einsum,
        "write it with tf.matmul, tf.transpose and tf.reshape",
        "NvInfer.h:5821@8.2.1, 5606@v10.3.0 and up to v10.11 of NVIDIA/TensorRT",
        since="8.2",
        until="10.12",
    ),
    Limit(
        ("ScatterND",),
        "no reduction",
        _reduces,
        "add up with tf.matmul and a one-hot mask, or with tf.where, instead of "
        "tf.tensor_scatter_nd_add and its like",
        "onnxOpImporters.cpp:5151@10.1-GA; the importers before overwrite without looking at it",
    ),
    Limit(
        ("ScatterND",),
        "the attribute reduction left out, even if it is none",
        _names_reduction,
        "leave the attribute out",
        "onnxOpImporters.cpp:5151@10.1-GA; taken: 10.9, CHANGELOG.md of NVIDIA/TensorRT",
        since="10.0",
        until="10.9",
    ),
    Limit(
        ("Scatter", "ScatterElements"),
        "no reduction",
        _reduces,
        "add up with tf.matmul and a one-hot mask",
        "builtin_op_importers.cpp:3991@8.2-GA, which does not look at it; a plugin from 10.0 on",
        until="10.0",
    ),
    Limit(
        ("TopK",),
        "the largest only",
        lambda node: node.attribute("largest", 1) == 0,
        "take the largest of the negative values",
        "builtin_op_importers.cpp:4394@8.0-GA, 4460@8.4-GA, which do not look at it",
        until="8.5",
    ),
    Limit(
        ("Constant",),
        "no sparse values and no texts",
        _is_no_number,
        "use dense numbers; names of classes come from the labels file",
        "builtin_op_importers.cpp:547@8.0-GA; onnxOpCheckers.cpp, Constant@10.15",
    ),
    Limit(
        ("Constant",),
        "value, value_float and value_floats",
        _is_read_as_zero,
        "write the number as a tensor, the attribute value",
        "builtin_op_importers.cpp:572@8.0-GA, 599@8.6-GA, which read value_int as 0",
        until="10.0",
    ),
    Limit(
        ("Shape",),
        "all sizes, not some from start to end",
        _starts_late,
        "take tf.shape as a whole, and a slice of it",
        "builtin_op_importers.cpp, Shape@8.0-GA to 9.0-GA, which do not look at it",
        until="10.0",
    ),
    Limit(
        ("ReverseSequence",),
        "different axes of batch and time",
        lambda node: node.attribute("batch_axis", 1) == node.attribute("time_axis", 0),
        "reverse with tf.reverse",
        "builtin_op_importers.cpp, ReverseSequence@8.6-GA; onnxOpCheckers.cpp@10.15",
        since="8.6",
    ),
    Limit(
        ("Attention",),
        "no softcap and no precision of its own for the softmax",
        lambda node: (
            bool(node.attribute("softcap", 0.0)) or node.has_attribute("softmax_precision")
        ),
        "write it with MatMul and Softmax",
        "onnxOpCheckers.cpp, Attention@10.15",
        since="10.14",
    ),
)
