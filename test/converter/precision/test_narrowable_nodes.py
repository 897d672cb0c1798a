"""Which nodes compute, and which only decode what was computed or tell sizes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from converter.precision.float32_model import Float32Model
from test.converter.precision.models import constant, kernel, network, read


def body(folder: Path, nodes: str, *constants: str) -> tuple[set[str], set[str]]:
    """Names of the nodes in the body of a network, and of those that predict."""
    declared = ", ".join([kernel("w", np.eye(3)), *constants])
    source: Float32Model = read(
        folder,
        network(
            f"net (float[1, 3, 2, 2] x, bool yes) => (float[A, B, C, D] y) <{declared}> "
            f"{{ {nodes} }}"
        ),
    )
    return without_folders(source.body), without_folders(source.last)


def without_folders(names: Iterable[str]) -> set[str]:
    return {name.rpartition("/")[2] for name in names}


def test_it_ends_with_the_products_that_lead_to_no_other(tmp_path: Path) -> None:
    found = body(
        tmp_path,
        "a = Conv (x, w) b = Relu (a) c = Conv (b, w) d = Exp (c) e = Conv (a, w) "
        "f = Sigmoid (e) y = Concat <axis = 1> (d, f)",
    )
    assert found == ({"a", "b", "c", "e"}, {"c", "e"})


def test_the_mean_of_a_distribution_is_decoding(tmp_path: Path) -> None:
    """As YOLO's boxes are read: a product with 0, 1, 2 … after a softmax."""
    found = body(
        tmp_path,
        "a = Conv (x, w) b = Conv (a, w) s = Softmax <axis = 1> (b) "
        "t = Transpose <perm = [0, 1, 3, 2]> (s) y = Conv (t, numbers)",
        constant("numbers", np.arange(3.0).reshape(1, 3, 1, 1)),
    )
    assert found == ({"a", "b"}, {"b"})


def test_attention_is_no_decoding(tmp_path: Path) -> None:
    """There, other products come after the softmax."""
    found = body(
        tmp_path,
        "a = Conv (x, w) q = MatMul (a, a) s = Softmax <axis = 3> (q) v = MatMul (s, a) "
        "y = Conv (v, w)",
    )
    assert found == ({"a", "q", "s", "v", "y"}, {"y"})


def test_sizes_are_not_computed_with(tmp_path: Path) -> None:
    """They are too large for float16, and cheap."""
    names, _ = body(
        tmp_path,
        "a = Conv (x, w) n = Shape (a) f = Cast <to = 1> (n) g = Mul (f, f) h = ReduceMax (g) "
        "b = Div (a, h) y = Conv (b, w)",
    )
    assert names == {"a", "b", "y"}


def test_what_a_branch_takes_from_outside_leads_to_what_follows(tmp_path: Path) -> None:
    names, _ = body(
        tmp_path,
        """c = Conv (x, w)
        r = Relu (c)
        i = If (yes) <
            then_branch = yes_graph () => (float[1, 3, 2, 2] t) { t = Neg (r) },
            else_branch = no_graph () => (float[1, 3, 2, 2] e) { e = Abs (r) }
        >
        y = Conv (i, w)""",
    )
    assert names == {"c", "r", "i", "y"}
