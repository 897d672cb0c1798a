"""Resize: its modes, its attributes, and where its sizes come from."""

from functools import partial
from typing import Any, Dict, List, Optional

import numpy as np
import onnx

from test.tensorrt_facts.fact import Fact
from test.tensorrt_facts.models import FLOAT, INT64, Tensor, ints, model, node, single

ROI = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.float32)


def sized(opset: int = 13, sizes: Any = (1, 4, 16, 16), **attributes: Any) -> onnx.ModelProto:
    """Resize to ``sizes``."""
    return single("Resize", "x _ _ sizes", {"sizes": ints(*sizes)}, opset=opset, **attributes)


def scaled(*scales: float, opset: int = 13, **attributes: Any) -> onnx.ModelProto:
    """Resize by ``scales``; opset 11 cannot leave the region out."""
    weights = {"scales": np.array(scales, np.float32), "roi": np.zeros(0, np.float32)}
    names = "x roi scales"
    if opset > 11:
        del weights["roi"]
        names = "x _ scales"
    return single("Resize", names, weights, opset=opset, **attributes)


def cropped() -> onnx.ModelProto:
    """What crop_and_resize becomes."""
    weights = {"roi": ROI, "sizes": ints(1, 4, 16, 16)}
    mode = {"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize"}
    return single("Resize", "x roi _ sizes", weights, **mode)


def sized_by_an_input() -> onnx.ModelProto:
    """The sizes are known when it runs."""
    sizes: Optional[Dict[str, Tensor]] = {"sizes": ([4], INT64)}
    return single("Resize", "x _ _ sizes", more=sizes, mode="nearest")


def scaled_by_a_computation() -> onnx.ModelProto:
    """The scales are a wanted size divided by the one that is there."""
    return model(
        node("Shape", "x", "shape"),
        node("Cast", "shape", "size", to=FLOAT),
        node("Div", "wanted size", "scales"),
        node("Resize", "x _ scales", mode="nearest"),
        weights={"wanted": np.array([1, 4, 16, 16], np.float32)},
    )


def transformation(name: str, opset: int = 13, **attributes: Any) -> onnx.ModelProto:
    """Resize by a factor of two with that ``coordinate_transformation_mode``."""
    attributes["coordinate_transformation_mode"] = name
    return scaled(1, 1, 2, 2, opset=opset, **attributes)


FACTS: List[Fact] = [
    Fact("resize nearest", partial(sized, mode="nearest"), "all", "importers Resize"),
    Fact("resize linear", partial(sized, mode="linear"), "all", "importers Resize"),
    Fact(
        "resize cubic",
        partial(sized, mode="cubic"),
        "8.5-",
        "importers:3334@8.0.1, 3524@8.2.1, 3419@8.4.1 refuse it; importers:3712@8.5.3 has a mode",
    ),
    Fact(
        "resize cubic by scales",
        partial(scaled, 1, 1, 2, 2, mode="cubic"),
        "8.5-",
        "as resize cubic; importers:3886@8.6.1 takes scales of the last two dimensions",
    ),
    Fact(
        "resize cubic by scales, channels last",
        partial(scaled, 1, 2, 2, 1, mode="cubic"),
        "none",
        "importers:3886@8.6.1: scales of the last two dimensions only",
        unknown="10.13-",
    ),
    Fact(
        "resize linear by scales, channels last",
        partial(scaled, 1, 2, 2, 1, mode="linear"),
        "all",
        "importers:3617@8.2.1, 3883@8.6.1, 4615@10.1: the last three dimensions",
    ),
    Fact(
        "resize linear of four dimensions by scales",
        partial(scaled, 2, 1, 2, 2, mode="linear"),
        "none",
        "importers:3431@8.0.1, 3617@8.2.1, 3516@8.4.1, 3849@8.5.3, 3883@8.6.1, 4584@10.0.0",
        unknown="10.13-",
    ),
    *[
        Fact(
            f"resize {name}",
            partial(transformation, name, mode="linear"),
            "all",
            "importers Resize@8.2.1; importers:3785@8.6.1; checkers Resize@10.1",
        )
        for name in ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners")
    ],
    Fact(
        "resize tf_half_pixel_for_nn",
        partial(transformation, "tf_half_pixel_for_nn", opset=11, mode="nearest"),
        "all",
        "importers:3789@8.6.1; checkers Resize@10.1",
    ),
    Fact(
        "resize tf_half_pixel_for_nn rounding down",
        partial(transformation, "tf_half_pixel_for_nn", 11, mode="nearest", nearest_mode="floor"),
        "none",
        "importers:3331@8.0.1, 3521@8.2.1, 3416@8.4.1, 3737@8.5.3, 3771@8.6.1; checkers:574@10.0.0",
    ),
    Fact(
        "resize tf_crop_and_resize",
        cropped,
        "none",
        "importers:3373@8.0.1, 3563@8.2.1, 3458@8.4.1, 3777@8.5.3, 3811@8.6.1; checkers:580@10.0.0,"
        " operators.md@11.1",
    ),
    Fact(
        "resize half_pixel_symmetric",
        partial(transformation, "half_pixel_symmetric", opset=19, mode="linear"),
        "none",
        "as tf_crop_and_resize",
    ),
    *[
        Fact(
            f"resize nearest with {name}",
            partial(sized, mode="nearest", nearest_mode=name),
            "all",
            "importers:3817@8.6.1, Resize@10.1",
        )
        for name in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
    ],
    Fact(
        "resize antialias",
        partial(sized, opset=18, mode="linear", antialias=1),
        "8.0-8.6",
        "no importer of 8 reads it; checkers:585@10.0.0",
        misread="8.0-8.6",
    ),
    Fact(
        "resize not_larger",
        partial(sized, opset=18, mode="linear", keep_aspect_ratio_policy="not_larger"),
        "8.0-8.6",
        "no importer of 8 reads it; checkers:592@10.1",
        misread="8.0-8.6",
    ),
    Fact(
        "resize of named axes",
        partial(sized, opset=18, sizes=(16, 16), mode="nearest", axes=[2, 3]),
        "10.0-",
        "no importer of 8 reads axes, and the sizes are then too few, seen with 8.5.3 and 8.6.0;"
        " Resize@10.1 has axes",
    ),
    Fact(
        "resize exclude_outside",
        partial(sized, mode="linear", exclude_outside=1),
        "all",
        "importers:3801@8.5.3 reads it first; it changes cubic interpolation only, and that of"
        " antialias: what lies outside repeats the edge, by any weight",
    ),
    Fact(
        "resize to sizes of an input", sized_by_an_input, "all", "importers:3487@8.4.1, 3847@8.6.1"
    ),
    Fact(
        "resize by computed scales",
        scaled_by_a_computation,
        "8.4-",
        "importers:3422@8.0.1, 3608@8.2.1 refuse them; importers:3523@8.4.1 multiplies",
    ),
]
