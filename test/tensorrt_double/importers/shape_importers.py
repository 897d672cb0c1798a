"""Einsum, EyeLike, and recurrent layers."""

import re

from test.tensorrt_double.importers.imported_node import ImportedNode, checker, importer

GATES = {"GRU": 2, "LSTM": 3, "RNN": 1}


@checker("Einsum")
def check_equation(node: ImportedNode) -> None:
    """Small letters."""
    wrong = re.findall(r"[^a-z>., -]", node.attribute("equation"))
    if wrong:
        text = "Invalid character(s) in Einsum equation: " + ",".join(wrong)
        node.complain("INVALID_NODE", text)


@importer("Einsum")
def import_equation(node: ImportedNode) -> None:
    """Ellipses, diagonals and more inputs came with 10.12."""
    terms = node.attribute("equation").split("->")[0].replace(" ", "").split(",")
    repeated = any(len(set(term)) < len(term) for term in terms)
    if not node.api.at_least(10, 12) and (repeated or len(terms) > 2):
        node.require(False, "layer_ptr", "Input layer is null.")


@importer("EyeLike")
def import_identity(node: ImportedNode) -> None:
    """Sizes are known."""
    value = node.value(0)
    node.require(
        value is None or value.shape is None or None not in value.shape,
        "!isDynamic(dims)",
        "Eyelike does not work for dynamically shaped tensors.",
    )


@checker("GRU", "LSTM", "RNN")
def check_activations(node: ImportedNode) -> None:
    """Those backwards are those forwards."""
    node.check(
        not node.attribute("input_forget", 0),
        "inputForget == 0",
        "Coupled input/forget is unsupported in the LSTM converter",
    )
    count, given = GATES[node.operator], node.attribute("activations", [])
    node.check(
        node.attribute("direction") != "bidirectional" or given[:count] == given[count:],
        "std::equal(activations.begin(), activations.begin() + NUM_ACTIVATIONS, "
        "activations.begin() + NUM_ACTIVATIONS)",
        "The parser does not currently support cases where activations for the reverse pass of the "
        f"{node.operator} do not match the forward pass.",
    )
