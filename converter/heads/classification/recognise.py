"""Image classification: one output [N, C] with a score for each class.

Many networks of the Inception family have 1001 scores for the 1000 classes of ImageNet, the first
of which stands for none: https://github.com/tensorflow/models/tree/master/research/slim
"""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.classification.head import NAME, ClassificationHead
from converter.heads.decoding.error_messages import wrong_labels
from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.scores import ScoreReading, are_probabilities, sum_to_one
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family
from converter.inputs.tensor import Tensor

EXPECTS = "float32 [N, C], one score for each class"

# In the names of outputs; those that promise probabilities are asked first.
_NAMES = (("prob", "softmax", "predictions", "score"), ("class", "logit"))
# Feature vectors have at least so many values; those of length 1 have this norm, but for rounding.
_FEATURES, LENGTH = 64, 1e-3


def recognise(evidence: Evidence) -> Recognised | None:
    """A head for the output with the class scores; None where there is no such output, or where
    others have places in the image, unless it is the only one that has probabilities or the user
    asks for classification.

    Raises:
        HeadError: several outputs could be it, or its classes are not those of the labels file.
    """
    candidates = [output for output in evidence.outputs if _has_layout(output)]
    others = [o for o in evidence.outputs if o not in candidates and len(sizes_of(o)) > 1]
    if others and evidence.options.head != NAME:
        lone = lone_probabilities(evidence)
        candidates = [] if lone is None else [lone]
    if not candidates:
        return None
    output = _only(candidates, evidence)
    values = evidence.values[output.name].reshape(-1, sizes_of(output)[-1])
    reading, reason = _read(values, evidence)
    head = ClassificationHead(output, reading, values.shape[1] == 1 and evidence.labels == 2)
    if evidence.labels not in (None, head.classes):
        raise wrong_labels(evidence, f"{head.classes} classes", "see --background")
    if others:
        reason += f"; {'; '.join(map(str, others))} {'is' if len(others) == 1 else 'are'} left out"
    reason += _doubt(values, evidence)
    return Recognised(
        head,
        f"output {output} has one score for each class; {reason}",
        _assumed(reading, evidence),
    )


def _assumed(reading: ScoreReading, evidence: Evidence) -> tuple[str, ...]:
    """What is usual and not shown; see ``Recognised``."""
    options, found = evidence.options, []
    if options.activation == "auto" and reading.activation != "none":
        found.append(f"scores are logits for a {reading.activation}: --activation changes it")
    if options.background == "auto" and reading.background != "none":
        found.append(f"the {reading.background} score is for none: --background changes it")
    return tuple(found)


def lone_probabilities(evidence: Evidence) -> Tensor | None:
    """The only output [N, C] among those of other shapes, if it has probabilities of the image:
    that sum to 1, or in [0, 1] where no other output has C of anything or boxes."""
    candidates = [output for output in evidence.outputs if _has_layout(output)]
    others = [sizes_of(output) for output in evidence.outputs if output not in candidates]
    if len(candidates) != 1 or sizes_of(candidates[0])[-1] < 2:
        return None
    (output,) = candidates
    values = evidence.values[output.name].reshape(-1, sizes_of(output)[-1])
    if any(len(sizes) == 2 and 4 in sizes for sizes in others):
        return None
    if not are_probabilities(values):
        return None
    shared = any(sizes[:1] == (values.shape[1],) for sizes in others)
    return output if sum_to_one(values) or not shared else None


def _has_layout(output: Tensor) -> bool:
    sizes = sizes_of(output)
    return (
        output.dtype == "float32"
        and len(sizes) in (1, 3)
        and sizes[-1] > 0
        and all(size == 1 for size in sizes[:-1])
    )


def _only(candidates: list[Tensor], evidence: Evidence) -> Tensor:
    """That which has as many scores as there are labels, or a column more; that which is named
    like scores.

    Raises:
        HeadError: it is not one only.
    """
    for columns in () if evidence.labels is None else (evidence.labels, evidence.labels + 1):
        fitting = [output for output in candidates if sizes_of(output)[-1] == columns]
        if fitting:
            candidates = fitting
            break
    for words in _NAMES:
        named = [o for o in candidates if any(word in o.name.lower() for word in words)]
        if len(named) == 1:
            return named[0]
    if len(candidates) == 1:
        return candidates[0]
    listed = "; ".join(str(output) for output in candidates)
    counts = {sizes_of(output)[-1] for output in candidates}
    labels = "give --labels with the file of the one that you want, with a line for each class, or "
    raise HeadError(
        f"several outputs could be the scores of the classes ({listed}): "
        f"{labels if len(counts) == len(candidates) else ''}"
        "choose one of them only with --outputs NAME"
    )


def _read(values: np.ndarray, evidence: Evidence) -> tuple[ScoreReading, str]:
    """How scores ``[images, columns]`` are to be read, and why."""
    options, columns = evidence.options, values.shape[1]
    activation = options.activation
    if activation != "auto":
        reason = f"--activation specifies {activation}"
    elif not are_probabilities(values):
        activation = "sigmoid" if columns == 1 else "softmax"
        reason = f"they leave [0, 1], so {activation} is still to come (--activation decides)"
    else:
        activation = "none"
        reason = f"they are {_kind(values)} (--activation decides)"
    background = options.background
    if background == "auto":
        surplus = evidence.labels is not None and columns == evidence.labels + 1 > 1
        background = "first" if surplus else "none"
        if surplus:
            reason += "; the first, one more than labels, is for none (--background decides)"
    return ScoreReading(activation, background), reason


def _kind(probabilities: np.ndarray) -> str:
    exclusive = sum_to_one(probabilities)
    return "probabilities that sum to 1" if exclusive else "probabilities each on its own"


def _doubt(values: np.ndarray, evidence: Evidence) -> str:
    """The doubt to report where ``[images, columns]`` may be features of an image, not scores."""
    finite = values[np.isfinite(values).all(axis=1)]
    if evidence.labels is not None or are_probabilities(finite):
        return ""
    norms = np.linalg.norm(finite.astype(np.float64), axis=1)
    unit = values.shape[1] > 1 and bool((finite < 0).any() and (np.abs(norms - 1) < LENGTH).all())
    if not unit and values.shape[1] < _FEATURES:
        return ""
    seen = "each row has length 1" if unit else f"{values.shape[1]} values and no labels"
    return (
        f". CAUTION, {seen}: if it is a feature vector and not class scores, it is no head, and "
        "the classes of the bundle mean nothing (--labels with a line for each class settles it)"
    )


FAMILY = Family(100, {NAME: EXPECTS}, recognise)
