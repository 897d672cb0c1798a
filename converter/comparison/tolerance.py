"""How much two models may differ that compute the same in another order."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """What rounding may do.

    Attributes:
        relative: difference of a tensor as a fraction of its largest value.
        cosine: the smallest cosine similarity.
        score_gap: scores nearer to each other may change places.
        score_difference: between two detections of one object.
        same_class: the least part of images or pixels; in the others two classes tie.
    """

    relative: float
    cosine: float
    score_gap: float
    score_difference: float
    same_class: float


# By the float type of either model. Float32 in another order gives up to 1e-5, a wrong graph 0.1
# and more. Narrower floats are rounded after each layer, by up to half of their epsilon, 1e-3 and
# 8e-3: ten and six epsilons stay above what networks of a few dozen layers were seen to add.
TOLERANCES = {
    "float64": Tolerance(1e-3, 0.9999, 1e-4, 0.01, 0.999),
    "float32": Tolerance(1e-3, 0.9999, 1e-4, 0.01, 0.999),
    "float16": Tolerance(1e-2, 0.999, 5e-3, 0.03, 0.99),
    "bfloat16": Tolerance(5e-2, 0.99, 3e-2, 0.1, 0.95),
}
NARROW_FLOATS = ("float16", "bfloat16")
