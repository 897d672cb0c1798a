"""Image classification: one output [N, C] with a score for each class.

Many networks of the Inception family have 1001 scores for the 1000 classes of ImageNet, the first
of which stands for none: https://github.com/tensorflow/models/tree/master/research/slim
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from converter.errors import HeadError
from converter.graph.heads import CLASS_SCORES, CLASSIFICATION
from converter.graph.heads.evidence import Evidence, Recognised
from converter.graph.heads.maps import declare, sizes_of
from converter.graph.heads.refusals import wrong_labels
from converter.graph.heads.scores import ScoreReading, are_probabilities
from converter.graph.text import model_from_text
from converter.saved_model import Tensor

NAME = "classification"
EXPECTS = "float32 [N, C], one score for each class"

# In the names of outputs; those that promise probabilities are asked first.
NAMES = (("prob", "softmax", "predictions", "score"), ("class", "logit"))
ONE = 1e-2  # how far from 1 the sum of a softmax of half precision may be


@dataclass(frozen=True)
class ClassificationHead:
    """Scores of images. ``both``: the one score is that of the second of two classes, and the
    first has the rest."""

    output: Tensor
    reading: ScoreReading
    both: bool = False

    task = CLASSIFICATION
    anchors = 0
    needs_nms = False

    @property
    def columns(self) -> int:
        """Scores of an image as the network gives them."""
        return sizes_of(self.output)[-1]

    @property
    def description(self) -> str:
        """Family and layout."""
        if self.both:
            return f"{NAME} [N, 1] of the second of two classes, {self.reading}"
        return f"{NAME} [N, {self.columns}], {self.reading}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The one output."""
        return (self.output.name,)

    @property
    def classes(self) -> int:
        """C, background not counted."""
        return self.reading.classes(self.columns) + self.both

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as ONNX."""
        names, (declaration,) = declare([self.output])
        lines = self.reading.lines("rows", "found", self.columns)
        constants = ("float[1] one = {1}", f"int64[3] as_rows = {{0, 1, {self.columns}}}")
        # An axis for the boxes, as that is how scores are read; the first class has the rest.
        result = "second" if self.both else CLASS_SCORES
        rest = ("first = Sub (one, second)", f"{CLASS_SCORES} = Concat <axis = 1> (first, second)")
        return model_from_text(
            opset,
            f"""
            head ({declaration}) => (float[N, {self.classes}] {CLASS_SCORES})
            <{", ".join((*constants, *lines.constants))}, int64[1] box_axis = {{1}}>
            {{
                rows = Reshape ({names[self.output.name]}, as_rows)
                {" ".join(lines.nodes)}
                {result} = Squeeze (found, box_axis)
                {" ".join(rest if self.both else ())}
            }}
            """,
        )

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy."""
        values = outputs[self.output.name]
        scores = self.reading.apply(values.reshape(len(values), self.columns))
        if self.both:
            scores = np.concatenate([1 - scores, scores], axis=1)
        return {CLASS_SCORES: scores}


def recognise(evidence: Evidence) -> Recognised | None:
    """A head for the output with the class scores; None where there is no such output, or where
    others have places in the image, unless the user says that it is classification.

    Raises:
        HeadError: several outputs could be it, or its classes are not those of the labels file.
    """
    candidates = [output for output in evidence.outputs if _has_layout(output)]
    others = [output for output in evidence.outputs if output not in candidates]
    elsewhere = any(len(sizes_of(output)) > 1 for output in others)
    if not candidates or (elsewhere and evidence.options.head != NAME):
        return None
    output = _only(candidates, evidence)
    values = evidence.values[output.name].reshape(-1, sizes_of(output)[-1])
    reading, reason = _read(values, evidence)
    head = ClassificationHead(output, reading, values.shape[1] == 1 and evidence.labels == 2)
    if evidence.labels not in (None, head.classes):
        raise wrong_labels(evidence, f"{head.classes} classes", "see --background")
    return Recognised(head, f"output {output} has one score for each class; {reason}")


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
    for words in NAMES:
        named = [o for o in candidates if any(word in o.name.lower() for word in words)]
        if len(named) == 1:
            return named[0]
    if len(candidates) == 1:
        return candidates[0]
    listed = "; ".join(str(output) for output in candidates)
    raise HeadError(
        f"several outputs could be the scores of the classes ({listed}): give the labels file "
        "that fits one of them, or export a signature with one of them only"
    )


def _read(values: np.ndarray, evidence: Evidence) -> tuple[ScoreReading, str]:
    """How scores ``[images, columns]`` are to be read, and why."""
    options, columns = evidence.options, values.shape[1]
    activation = options.activation
    if activation != "auto":
        reason = f"--activation says {activation}"
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
    finite = probabilities[np.isfinite(probabilities).all(axis=1)]
    exclusive = np.abs(finite.sum(axis=1, dtype=np.float64) - 1) < ONE
    return "probabilities that sum to 1" if exclusive.all() else "probabilities each on its own"
