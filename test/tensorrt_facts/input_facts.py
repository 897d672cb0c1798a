"""Inputs that some versions want as constants: axes, sizes, counts, bounds."""

from functools import partial
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
import onnx

from test.tensorrt_facts.fact import EITHER, Fact
from test.tensorrt_facts.models import (
    BOOL,
    FLOAT,
    INT32,
    INT64,
    Tensor,
    floats,
    int_scalar,
    ints,
    model,
    node,
    rank,
    single,
)

N = {"n": ([1], INT64)}
ANY_IMAGE = rank(4)


def top_k(
    k: int = 3, x: Tensor = (1, 4, 8, 8), y: Tensor = ANY_IMAGE, **attributes: int
) -> onnx.ModelProto:
    """Values and indices of the greatest."""
    number = len(y[0]) if isinstance(y[0], list) else len(y)
    return model(
        node("TopK", "x k", "y i", **attributes),
        inputs={"x": x},
        outputs={"y": y, "i": rank(number, INT64)},
        weights={"k": ints(k)},
    )


def top_k_of_an_input() -> onnx.ModelProto:
    """How many is known when it runs."""
    return model(
        node("TopK", "x n", "y i"),
        inputs={"x": (1, 4, 8, 8), **N},
        outputs={"y": rank(4), "i": rank(4, INT64)},
    )


def pad(
    pads: Sequence[int], value: Optional[float] = None, opset: int = 13, **attributes: str
) -> onnx.ModelProto:
    """Padding by constants."""
    weights = {"pads": ints(*pads)}
    names = "x pads"
    if value is not None:
        weights["value"] = np.array(value, np.float32)
        names = "x pads value"
    return single("Pad", names, weights, opset=opset, **attributes)


def slice_with(computed: str) -> onnx.ModelProto:
    """Rows from 1 to 5; one of starts, axes and steps is an input of the model."""
    weights = {"starts": ints(1), "ends": ints(5), "axes": ints(2), "steps": ints(1)}
    weights.pop(computed, None)
    more: Optional[Dict[str, Tensor]] = {computed: ([1], INT64)} if computed else None
    return single("Slice", "x starts ends axes steps", weights, more=more)


def split(computed: bool) -> onnx.ModelProto:
    """Into one and three channels."""
    inputs: Dict[str, Tensor] = {"x": (1, 4, 8, 8)}
    if computed:
        inputs["sizes"] = ([2], INT64)
    return model(
        node("Split", "x sizes", "y z", axis=1),
        inputs=inputs,
        outputs={"y": rank(4), "z": rank(4)},
        weights={} if computed else {"sizes": ints(1, 3)},
    )


def one_hot(computed: bool) -> onnx.ModelProto:
    """Of the classes that are greatest."""
    inputs: Dict[str, Tensor] = {"x": (1, 4)}
    if computed:
        inputs["depth"] = ([1], INT64)
    return model(
        node("ArgMax", "x", "classes", axis=1, keepdims=0),
        node("OneHot", "classes depth values", "y"),
        inputs=inputs,
        outputs={"y": rank(2)},
        weights={
            "values": np.array([0, 1], np.float32),
            **({} if computed else {"depth": ints(4)}),
        },
    )


def count_up(kind: int, limit: str) -> onnx.ModelProto:
    """Range from 0 to a limit that is a ``constant``, a ``size`` of ``x``, or of its ``data``."""
    kinds = {INT64: np.int64, FLOAT: np.float32}
    scalar = {name: np.array(value, kinds[kind]) for name, value in (("start", 0), ("step", 1))}
    steps = [node("Range", "start limit step", "range")]
    if limit == "constant":
        scalar["limit"] = np.array(8, kinds[kind])
    else:
        steps.insert(0, node("Cast", "most", "limit", to=kind))
    if limit == "data":
        steps.insert(0, node("ReduceMax", "x", "most", keepdims=0))
    if limit == "size":
        scalar["last"] = int_scalar(3)
        steps[:0] = [node("Shape", "x", "shape"), node("Gather", "shape last", "most")]
    return model(
        *steps,
        node("Cast", "range", "numbers", to=FLOAT),
        node("Add", "x numbers"),
        weights=scalar,
    )


def clip(computed: bool = False, kind: int = FLOAT) -> onnx.ModelProto:
    """To 0 and 6."""
    numpy_kind = {FLOAT: np.float32, INT32: np.int32}[kind]
    weights = {"low": np.array(0, numpy_kind), "high": np.array(6, numpy_kind)}
    more: Optional[Dict[str, Tensor]] = None
    if computed:
        del weights["high"]
        more = {"high": []}
    x: Tensor = ([1, 4, 8, 8], kind)
    return single("Clip", "x low high", weights, x=x, y=rank(4, kind), more=more)


def suppress(computed: bool) -> onnx.ModelProto:
    """NonMaxSuppression with constant thresholds."""
    inputs: Dict[str, Tensor] = {"boxes": (1, 6, 4), "scores": (1, 2, 6)}
    weights = {"iou": np.array([0.5], np.float32), "score": np.array([0.1], np.float32)}
    if computed:
        inputs["most"] = ([1], INT64)
    else:
        weights["most"] = ints(3)
    return model(
        node("NonMaxSuppression", "boxes scores most iou score"),
        inputs=inputs,
        outputs={"y": rank(2, INT64)},
        weights=weights,
    )


def where(kind: int) -> onnx.ModelProto:
    """A choice between two tensors of that type."""
    nodes = [node("Greater", "x zero", "positive"), node("Less", "x half", "small")]
    choice, weights = "positive x zero", {"zero": floats(1), "half": np.float32([0.5])}
    if kind == BOOL:
        choice = "positive small positive"
    return model(
        *nodes,
        node("Where", choice, "chosen"),
        node("Cast", "chosen", "y", to=FLOAT),
        weights=weights,
    )


def gather(indices: Tuple[int, ...], bool_data: bool = False) -> onnx.ModelProto:
    """Channels by constant indices."""
    if not bool_data:
        return single("Gather", "x indices", {"indices": ints(*indices)}, axis=1)
    return model(
        node("Greater", "x zero", "positive"),
        node("Gather", "positive indices", "chosen", axis=1),
        node("Cast", "chosen", "y", to=FLOAT),
        weights={"zero": floats(1), "indices": ints(*indices)},
    )


def scatter(operator: str, opset: int = 13, **attributes: str) -> onnx.ModelProto:
    """Constant updates at constant places of ``x [4, 4]``."""
    shape = (1, 1) if operator == "ScatterND" else (1, 4)
    weights = {"places": np.zeros(shape, np.int64), "updates": floats(1, 4)}
    return single(
        operator, "x places updates", weights, x=(4, 4), y=rank(2), opset=opset, **attributes
    )


def gather_elements(rows: Optional[int]) -> onnx.ModelProto:
    """The indices are constant."""
    weights = {"places": np.zeros((1, 4), np.int64)}
    return single("GatherElements", "x places", weights, x=[rows, 4], y=rank(2), axis=0)


AXES: List[Fact] = [
    Fact(
        "squeeze by an input",
        partial(single, "Squeeze", "x n", more=N, y=rank(3)),
        "none",
        "importers:4185@8.0.1, 4412@8.2.1, 4324@8.4.1, 4793@8.5.3, 4749@8.6.1; Squeeze@10.1;"
        " from 10.7 on a layer (NvInfer.h ISqueezeLayer) whose axes must be constant",
        unknown="10.13-",
    ),
    Fact(
        "unsqueeze by an input",
        partial(single, "Unsqueeze", "x n", more=N, y=rank(5)),
        "none",
        "importers:4379@8.0.1, 4606@8.2.1, 4508@8.4.1, 5040@8.5.3, 5010@8.6.1, 5854@10.0.0",
        unknown="10.13-",
    ),
    Fact(
        "sum over axes of an input",
        partial(single, "ReduceSum", "x n", more=N),
        "none",
        "utils:1742@8.0.1, 1701@8.2.1, 1705@8.4.1, 1712@8.5.3, 1546@8.6.1, 1328@10.0.0;"
        " operators.md@11.1",
    ),
    Fact(
        "mean over axes that are an input of the node",
        partial(single, "ReduceMean", "x axes", {"axes": ints(2)}, opset=18),
        "all",
        "importers:3685@8.6.1 reads the attribute only, and so takes all axes",
        misread="8.0-8.6",
    ),
    Fact(
        "cumulative sum",
        partial(single, "CumSum", "x axis", {"axis": int_scalar(2)}),
        "all",
        "importers CumSum",
    ),
    Fact(
        "cumulative sum over an axis of an input",
        partial(single, "CumSum", "x n", more={"n": ([], INT64)}),
        "10.13-",
        "importers:881@8.0.1, 992@8.2.1, 993@8.4.1, 1050@8.5.3, 1022@8.6.1, 1138@10.0.0, 1136@10.1;"
        " CHANGELOG.md of NVIDIA/TensorRT, new in 10.8, and importers CumSum@dd0a3a9 makes a tensor"
        " of it, though operators.md@11.1 has a constant",
    ),
    Fact("slice", partial(slice_with, ""), "all", "importers Slice"),
    Fact("slice from an input", partial(slice_with, "starts"), "all", "importers:4488@8.6.1"),
    Fact("slice by steps of an input", partial(slice_with, "steps"), "all", "importers:4497@8.6.1"),
    Fact(
        "slice of axes of an input",
        partial(slice_with, "axes"),
        "10.3-",
        "importers:3947@8.0.1, 4158@8.2.1, 4066@8.4.1, 4536@8.5.3, 4492@8.6.1, 5286@10.0.0,"
        " 5321@10.1"
        " refuse it; Changelog.md: new in 10.3",
    ),
    Fact("split", partial(split, False), "all", "importers Split"),
    Fact(
        "split by an input",
        partial(split, True),
        "8.2-",
        "importers:4118@8.0.1; importers Split@8.2.1 gathers them",
    ),
]

COUNTS: List[Fact] = [
    Fact("top k", top_k, "all", "importers TopK"),
    Fact("top k of one dimension", partial(top_k, x=(8,), y=rank(1)), "all", "importers TopK"),
    Fact(
        "top k of an input",
        top_k_of_an_input,
        "8.6-",
        "importers:4292@8.0.1, 4519@8.2.1, 4431@8.4.1, 4901@8.5.3; importers:4895@8.6.1 sets an"
        " input",
    ),
    Fact(
        "top 4000",
        partial(top_k, 4000, (1, 5000), rank(2)),
        "none",
        "NvInfer.h:4272@8.2.1, 4414@8.5.1, 4459@8.6.1, 3448@11.1: k up to 3840",
        by=EITHER,
    ),
    Fact("top k unsorted", partial(top_k, sorted=0), "all", "no importer reads it"),
    Fact(
        "the smallest k",
        partial(top_k, largest=0),
        "all",
        "importers TopK@8.4.1 finds the greatest all the same; importers:4927@8.5.3 reads it",
        misread="8.0-8.4",
    ),
    Fact(
        "top k of int32",
        partial(top_k, x=([1, 4, 8, 8], INT32), y=rank(4, INT32)),
        "8.6-",
        "importers:4285@8.0.1, 4512@8.2.1, 4424@8.4.1, 4894@8.5.3; importers:4872@8.6.1 casts",
    ),
    Fact(
        "argmax of int32",
        partial(single, "ArgMax", x=([1, 4, 8, 8], INT32), y=rank(4, INT64), axis=1),
        "8.6-",
        "utils:54@8.0.1, 55@8.2.1, 54@8.4.1, 61@8.5.3; utils:65@8.6.1 casts",
    ),
    Fact("one hot", partial(one_hot, False), "8.5-", "no importer before OneHot@8.5.3"),
    Fact(
        "one hot of a depth of an input",
        partial(one_hot, True),
        "none",
        "importers:3199@8.5.3; NvInfer.h:5688@10.0.0: constant when it is built",
        by=EITHER,
    ),
    Fact("suppression", partial(suppress, False), "all", "importers NonMaxSuppression"),
    Fact(
        "suppression to a number of an input",
        partial(suppress, True),
        "8.5-",
        "importers:2885@8.0.1, 3009@8.2.1, 2907@8.4.1; importers:3102@8.5.3 takes it",
    ),
]

BOUNDS: List[Fact] = [
    Fact("pad", partial(pad, (0, 0, 1, 1, 0, 0, 1, 1)), "all", "importers Pad"),
    Fact(
        "pad with ones",
        partial(pad, (0, 0, 1, 1, 0, 0, 1, 1), 1.0),
        "8.2-",
        "importers:3003@8.0.1; importers Pad@8.2.1",
    ),
    Fact(
        "pad three dimensions",
        partial(pad, (0, 1, 1, 1, 0, 1, 1, 1)),
        "8.2-",
        "importers:3014@8.0.1",
    ),
    *[
        Fact(
            f"pad {mode}",
            partial(pad, (0, 0, 1, 1, 0, 0, 1, 1), mode=mode),
            "8.2-",
            "importers:3003@8.0.1; importers:3213@8.2.1",
        )
        for mode in ("edge", "reflect")
    ],
    Fact(
        "pad wrap",
        partial(pad, (0, 0, 1, 1, 0, 0, 1, 1), opset=19, mode="wrap"),
        "10.0-",
        "importers:3003@8.0.1, 3219@8.2.1, 3130@8.4.1, 3376@8.5.3, 3415@8.6.1; Changelog.md: new in"
        " 10.0",
    ),
    Fact(
        "pad by less than nothing",
        partial(pad, (0, 0, -1, -1, 0, 0, -1, -1)),
        "8.0",
        "IPaddingLayer crops; importers:3162@8.2.1, 3074@8.4.1, 3320@8.5.3, 3359@8.6.1,"
        " 3951@10.0.0",
        unknown="11.1-",
    ),
    Fact(
        "pad by an input",
        partial(single, "Pad", "x n", more={"n": ([8], INT64)}),
        "8.2-",
        "importers:2984@8.0.1; importers Pad@8.2.1 slices them",
    ),
    Fact(
        "pad named axes",
        partial(
            single, "Pad", "x pads _ axes", {"pads": ints(1, 1, 1, 1), "axes": ints(2, 3)}, opset=18
        ),
        "8.0-8.4, 10.0-",
        "no importer before 8.5 reads axes, and pads the last ones; importers:3273@8.5.3,"
        " 3312@8.6.1"
        " refuse any; importers:3820@10.0.0 takes constants",
    ),
    Fact("clip", clip, "all", "importers Clip"),
    Fact(
        "clip to an input",
        partial(clip, True),
        "8.2-",
        "importers:392@8.0.1; elementwiseClipHelper@8.2.1 (and in the branch after 8.0.1)",
    ),
    Fact(
        "clip int32",
        partial(clip, kind=INT32),
        "8.2-",
        "activationHelper: utils:21@8.0.1; elementwiseClipHelper@8.2.1",
    ),
    Fact("range to a size", partial(count_up, INT64, "size"), "all", "importers Range"),
    Fact("range to a constant", partial(count_up, FLOAT, "constant"), "all", "importers Range"),
    Fact(
        "range of floats to a size",
        partial(count_up, FLOAT, "size"),
        "8.4-",
        "importers:3171@8.0.1, 3351@8.2.1; importers Range@8.4.1",
    ),
    *[
        Fact(
            f"range of {name} to a limit of data",
            partial(count_up, kind, "data"),
            "none",
            "seen with 8.5.3 and 8.6.0: limits are shapes, which cannot be computed of floats",
            unknown="8.0-8.4, 10.0-",
        )
        for name, kind in (("integers", INT64), ("floats", FLOAT))
    ],
    Fact(
        "reshape that keeps a size",
        partial(single, "Reshape", "x shape", {"shape": ints(0, -1)}, y=rank(2)),
        "all",
        "importers Reshape",
    ),
    Fact(
        "reshape to an input",
        partial(single, "Reshape", "x n", more={"n": ([2], INT64)}, y=rank(2)),
        "all",
        "importers:3937@8.6.1",
    ),
    Fact(
        "expand to an input",
        partial(single, "Expand", "x n", more={"n": ([4], INT64)}),
        "all",
        "importers:1449@8.6.1",
    ),
    Fact(
        "tile by an input",
        partial(single, "Tile", "x n", more={"n": ([4], INT64)}),
        "all",
        "importers:4837@8.6.1",
    ),
    Fact(
        "constant of the shape of an input",
        partial(single, "ConstantOfShape", "n", more={"n": ([4], INT64)}),
        "all",
        "importers:621@8.6.1",
    ),
]

PLACES: List[Fact] = [
    Fact("gather", partial(gather, (0, 2)), "all", "importers Gather"),
    Fact(
        "gather from the end",
        partial(gather, (-1,)),
        "all",
        "importers:1332@8.0.1 needs SUPPORT_NEGATIVE_GATHER; Changelog.md: native from 8.2 on",
        misread="8.0",
    ),
    Fact(
        "gather booleans",
        partial(gather, (0, 2), True),
        "8.5-",
        "importers:1321@8.0.1, 1468@8.2.1, 1470@8.4.1",
    ),
    Fact("gather elements", partial(gather_elements, 4), "all", "importers GatherElements"),
    Fact(
        "gather elements of unknown rows",
        partial(gather_elements, None),
        "8.2-",
        "importers:1378@8.0.1; importers:1495@8.2.1 has a layer",
    ),
    Fact(
        "gather nd",
        partial(single, "GatherND", "x places", {"places": np.zeros((1, 2), np.int64)}, y=rank(3)),
        "8.2-",
        "no importer before importers:1501@8.2.1",
    ),
    Fact(
        "scatter elements",
        partial(scatter, "ScatterElements"),
        "8.2-",
        "no importer before importers:4073@8.2.1",
    ),
    Fact(
        "scatter elements and add",
        partial(scatter, "ScatterElements", opset=16, reduction="add"),
        "8.2-",
        "no importer of 8 reads reduction; importers:5138@10.0.0 needs the plugin ScatterElements",
        misread="8.2-8.6",
        plugins="10.0-",
    ),
    Fact(
        "scatter nd",
        partial(scatter, "ScatterND"),
        "8.2-",
        "no importer before importers:4068@8.2.1",
    ),
    Fact(
        "scatter nd and add",
        partial(scatter, "ScatterND", opset=16, reduction="add"),
        "8.2-8.6",
        "no importer of 8 reads reduction; importers:5116@10.0.0, 5151@10.1; operators.md@11.1",
        misread="8.2-8.6",
    ),
    Fact("where", partial(where, FLOAT), "all", "importers Where"),
    Fact(
        "where of booleans",
        partial(where, BOOL),
        "8.5-",
        "importers:4479@8.0.1, 4706@8.2.1, 4643@8.4.1",
    ),
]

FACTS: List[Fact] = [*AXES, *COUNTS, *BOUNDS, *PLACES]
