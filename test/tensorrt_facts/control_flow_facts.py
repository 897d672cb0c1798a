"""If and Loop: names, shapes, and limits inside their bodies."""

from functools import partial
from typing import Dict, List, Optional, Sequence

import numpy as np
import onnx

from test.tensorrt_facts.fact import EITHER, Fact
from test.tensorrt_facts.models import (
    BOOL,
    FLOAT,
    IMAGE,
    INT32,
    INT64,
    Tensor,
    floats,
    graph,
    int_scalar,
    ints,
    model,
    node,
    rank,
)

STEP = (node("Add", "v one", "v_out"),)
ONE = {"one": np.float32([1])}


def loop(
    body: Sequence[onnx.NodeProto] = STEP,
    body_weights: Optional[Dict[str, np.ndarray]] = None,
    *,
    names: str = "trip cond x",
    trips: int = 3,
    weights: Optional[Dict[str, np.ndarray]] = None,
    more: Optional[Dict[str, Tensor]] = None,
    scanned: bool = False,
) -> onnx.ModelProto:
    """A loop that carries ``v``, at first ``x``, from turn to turn.

    Args:
        body: makes ``v_out`` of ``v``; ``i`` is the number of the turn and ``c`` the condition.
        names: of the loop's inputs.
        weights: of the model, beside the number of turns and the condition.
        scanned: ``v`` of all turns goes out, too.
    """
    outputs: Dict[str, Tensor] = {"c_out": ([], BOOL), "v_out": rank(4)}
    nodes = [node("Identity", "c", "c_out"), *body]
    if scanned:
        outputs["s_out"] = rank(4)
        nodes.append(node("Identity", "v", "s_out"))
    inside = graph(
        nodes,
        {"i": ([], INT64), "c": ([], BOOL), "v": rank(4)},
        outputs,
        ONE if body_weights is None else body_weights,
        "body",
    )
    all_weights = {"trip": int_scalar(trips), "cond": np.array(True), **(weights or {})}
    used = {name: array for name, array in all_weights.items() if name in names or weights}
    return model(
        node("Loop", names, "y s" if scanned else "y", body=inside),
        inputs={"x": IMAGE, **(more or {})},
        outputs={"y": rank(4), **({"s": rank(5)} if scanned else {})},
        weights=used,
    )


def scan() -> onnx.ModelProto:
    """The sum of the rows of a matrix."""
    body = graph(
        [node("Add", "sum row", "sum_out")],
        {"sum": [8], "row": [8]},
        {"sum_out": [8]},
        {},
        "body",
    )
    return model(
        node("Scan", "zeros x", body=body, num_scan_inputs=1),
        inputs={"x": (4, 8)},
        outputs={"y": rank(1)},
        weights={"zeros": np.zeros(8, np.float32)},
    )


def condition(
    then: Sequence[onnx.NodeProto],
    otherwise: Sequence[onnx.NodeProto],
    names: Sequence[str] = ("a", "b"),
    ranks: Sequence[int] = (4, 4),
) -> onnx.ModelProto:
    """An If on the sum of ``x``; the branches make what ``names`` says."""
    branches = {
        key: graph(nodes, {}, {name: rank(number)}, {}, key)
        for key, nodes, name, number in zip(
            ("then_branch", "else_branch"), (then, otherwise), names, ranks
        )
    }
    return model(
        node("ReduceSum", "x", "sum", keepdims=0),
        node("Greater", "sum zero", "positive"),
        node("If", "positive", "y", **branches),
        weights={"zero": np.float32(0)},
    )


def whole_number_condition() -> onnx.ModelProto:
    """An If that puts out int32."""
    made = condition(
        (node("Relu", "x", "r"), node("Cast", "r", "a", to=INT32)),
        (node("Cast", "x", "b", to=INT32),),
    )
    values = [*made.graph.output]
    values += [given.g.output[0] for given in made.graph.node[2].attribute]
    for value in values:
        value.type.tensor_type.elem_type = INT32
    return made


def convolution(computed: bool) -> onnx.ModelProto:
    """A loop with a convolution, by weights of its body or by those of the turn before."""
    if not computed:
        body = [node("Conv", "v w", "v_out", pads=[1, 1, 1, 1])]
        return loop(body, {"w": floats(4, 4, 3, 3)})
    body = [
        node("Slice", "v from to axes", "w"),
        node("Reshape", "w shape", "kernel"),
        node("Conv", "v kernel", "v_out", auto_pad="SAME_UPPER", kernel_shape=[2, 2]),
    ]
    weights = {"from": ints(0), "to": ints(2), "axes": ints(2), "shape": ints(4, 4, 2, 2)}
    return loop(body, weights)


def counted_turns(trips: int, names: str = "trip cond x") -> onnx.ModelProto:
    """A loop that adds the number of its turn."""
    body = [node("Cast", "i", "number", to=FLOAT), node("Add", "v number", "v_out")]
    return loop(body, {}, names=names, trips=trips)


def top_k_within() -> onnx.ModelProto:
    """A loop with TopK of a number that is an input of the model."""
    body = [node("TopK", "v n", "best places"), node("Add", "v sum", "v_out")]
    body.insert(1, node("ReduceSum", "best", "sum", keepdims=1))
    return loop(body, {}, more={"n": ([1], INT64)})


NEGATIVE = (node("Neg", "x", "b"),)
POSITIVE = (node("Relu", "x", "a"),)
INT64_MAX = 2**63 - 1

FACTS: List[Fact] = [
    Fact("loop", loop, "all", "importers Loop"),
    Fact(
        "loop with a value of the graph around it",
        partial(loop, [node("Add", "v w", "v_out")], {}, weights={"w": floats(8)}),
        "all",
        "names are looked up together: model:136@8.0.1, 150@8.6.1, 144@10.1",
    ),
    Fact(
        "loop that puts out each turn", partial(loop, scanned=True), "all", "importers:2429@8.6.1"
    ),
    Fact("loop that counts", partial(counted_turns, 3), "all", "importers:2376@8.6.1"),
    Fact(
        "loop of as many turns as int64 has that counts",
        partial(counted_turns, INT64_MAX),
        "8.0-8.4",
        "importers:2325@8.5.3, 2367@8.6.1, 2841@10.0.0, 2872@10.1 then name no number of the turn",
    ),
    Fact(
        "loop without a number of turns that counts",
        partial(counted_turns, 3, "_ cond x"),
        "none",
        "importers:2325@8.2.1, 2362@8.6.1 name the number of the turn with a number of turns only",
    ),
    Fact(
        "loop without a condition that reads it",
        partial(loop, names="trip _ x"),
        "none",
        "importers:2380@8.6.1, Loop@10.1 name the condition where it is given only",
    ),
    Fact(
        "loop with a convolution",
        partial(convolution, False),
        "all",
        "weights of a body are weights: model:106@8.6.1",
    ),
    Fact(
        "loop with a convolution by computed weights",
        partial(convolution, True),
        "10.0-",
        "as convolution with computed weights before 8.5; 8.6.0 was seen to build none: 'Myelin "
        "support for convolution with 2 inputs will be added'",
        by=EITHER,
        unknown="10.0-",
    ),
    Fact("loop with top k of an input", top_k_within, "8.6-", "as top k of an input"),
    Fact(
        "loop with an operator that no version has",
        partial(loop, [node("Unique", "v", "v_out", sorted=1)], {}),
        "none",
        "as Unique",
    ),
    Fact("scan", scan, "all", "importers Scan"),
    Fact("if", partial(condition, POSITIVE, NEGATIVE), "all", "importers If"),
    Fact(
        "if with a branch that changes nothing",
        partial(condition, POSITIVE, (node("Identity", "x", "b"),)),
        "all",
        "importers If",
        by=EITHER,
    ),
    Fact(
        "if of whole numbers",
        whole_number_condition,
        "all",
        "importers If: both branches have one type",
        by=EITHER,
    ),
    Fact(
        "if with one name in both branches",
        partial(condition, POSITIVE, (node("Neg", "x", "a"),), ("a", "a")),
        "8.4-",
        "importers:2055@8.0.1, 2168@8.2.1; not in 8.4.1",
    ),
    Fact(
        "if with ranks that differ",
        partial(
            condition, POSITIVE, (node("ReduceMax", "x", "b", axes=[0], keepdims=0),), ranks=(4, 3)
        ),
        "none",
        "operators.md@8.0 to 11.1; seen with 8.5.3 and 8.6.0: must have the same shape",
    ),
    Fact(
        "if with sizes that differ",
        partial(condition, POSITIVE, (node("ReduceMax", "x", "b", axes=[2], keepdims=1),)),
        "none",
        "as with ranks that differ",
        by=EITHER,
        unknown="8.0-8.4, 10.0-",
    ),
    Fact(
        "if with pooling that gives indices",
        partial(
            condition,
            (node("MaxPool", "x", "a i", kernel_shape=[1, 1]),),
            NEGATIVE,
        ),
        "none",
        "as max pooling with indices",
    ),
]
