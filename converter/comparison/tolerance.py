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


# By the narrowest float in which the source model computes. Float32 in another order gives up to
# 1e-5, a wrong graph 0.1 and more; narrower floats are rounded at other places than in TensorFlow.
TOLERANCES = {
    "float32": Tolerance(1e-3, 0.9999, 1e-4, 0.01, 0.999),
    "float16": Tolerance(1e-2, 0.999, 5e-3, 0.03, 0.99),
    "bfloat16": Tolerance(5e-2, 0.99, 3e-2, 0.1, 0.95),
}
