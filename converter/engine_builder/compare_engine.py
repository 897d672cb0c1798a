"""An engine against its ONNX model on ONNX Runtime: tensors, and what a robot would publish."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from converter.comparison.agreement import (
    Agreement,
    ClassAgreement,
    TensorParity,
    agreement,
    tensor_parity,
    worst,
)
from converter.comparison.tolerance import TOLERANCES
from converter.inputs.dataset import Sample
from trt_inference.bundles.bundle import Bundle, Thresholds
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.inference.postprocess_by_task import postprocess_for
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.inference.results import Classification, Result, Segmentation
from trt_inference.inference.selection import EVERYTHING

# Where scores are nearer to each other, rounding may exchange two candidates.
_SCORE_GAPS = {
    "fp32": TOLERANCES["float32"].score_gap,
    "fp16": TOLERANCES["float16"].score_gap,
    "int8": TOLERANCES["bfloat16"].score_gap,
}
_LOWEST_SCORE = 0.01
_EVERYTHING = 100_000

Outputs = Mapping[str, np.ndarray]
Track = Callable[[Sequence[Sample], str], Any]


@dataclass(frozen=True)
class EngineComparison:
    """Over all images: the engine's outputs, and its published results, against the model's."""

    images: int
    tensors: Tuple[TensorParity, ...]
    agreement: Union[Agreement, ClassAgreement]

    def content(self) -> Dict[str, Any]:
        """As the sidecar keeps it."""
        return asdict(self)

    @property
    def differs(self) -> bool:
        """Whether a robot would see other things, or what is no number."""
        broken = any(not np.isfinite(one.max_abs) for one in self.tensors)
        if isinstance(self.agreement, Agreement):
            return broken or bool(self.agreement.missing or self.agreement.extra)
        return broken or not self.agreement.is_same


def compare(
    reference: Detector, engine: Detector, precision: str, samples: Sequence[Sample], track: Track
) -> EngineComparison:
    """Run both on every image.

    Args:
        reference: on ONNX Runtime.
        track: wraps the samples in a progress bar.
    """
    gap = _SCORE_GAPS[precision]
    parities: List[Tuple[TensorParity, ...]] = []
    pairs: List[Tuple[_Found, _Found]] = []
    for sample in track(samples, f"compare {precision} with ONNX Runtime"):
        frame = sample.read()
        wanted, given = _run(reference, frame), _run(engine, frame)
        parities.append(_parities(wanted.outputs, given.outputs, gap))
        pairs.append((wanted, given))
    tensors = tuple(worst(one) for one in zip(*parities))
    return EngineComparison(len(pairs), tensors, _agree(pairs, reference.bundle))


@dataclass(frozen=True)
class _Found:
    """Of one image: copies of the outputs, what is published, and what that is chosen from."""

    outputs: Outputs
    published: Result
    pool: Result


def _run(detector: Detector, frame: np.ndarray) -> _Found:
    """By the engine itself, since a detector does not show its outputs."""
    bundle, engine = detector.bundle, detector.engine
    spec = bundle.input
    preprocess = Preprocessor(engine.input_buffer()[0], spec.fit, spec.pad_value)
    placement = preprocess(Frame(frame))
    outputs = {name: value[0].copy() for name, value in engine.infer().items()}
    everything = _everything(bundle.defaults)
    return _Found(
        outputs,
        postprocess_for(bundle)(outputs, placement, _published(bundle), EVERYTHING),
        postprocess_for(bundle)(outputs, placement, everything, EVERYTHING),
    )


def _published(bundle: Bundle) -> Thresholds:
    """A classification always says its best class here."""
    return replace(bundle.defaults, score_threshold=0.0) if _classifies(bundle) else bundle.defaults


def _everything(defaults: Thresholds) -> Thresholds:
    lowest = min(_LOWEST_SCORE, defaults.score_threshold)
    return replace(defaults, score_threshold=lowest, max_detections=_EVERYTHING)


def _classifies(bundle: Bundle) -> bool:
    return bundle.task == "classification"


def _parities(wanted: Outputs, given: Outputs, gap: float) -> Tuple[TensorParity, ...]:
    """Scores always; the others where no other candidate has a score that is near."""
    scores = wanted.get("scores")
    clear = None if scores is None else _clear(scores, gap)
    return tuple(_parity(name, wanted[name], given[name], clear) for name in wanted)


def _parity(
    name: str, wanted: np.ndarray, given: np.ndarray, clear: Optional[np.ndarray]
) -> TensorParity:
    if clear is not None and name != "scores":
        wanted, given = wanted[clear], given[clear]
    if not np.issubdtype(wanted.dtype, np.floating):  # classes have no distances
        wanted, given = np.zeros(wanted.shape), (wanted != given).astype(np.float32)
    return tensor_parity(name, wanted, given)


def _clear(scores: np.ndarray, gap: float) -> np.ndarray:
    """Which of the falling ``scores [K]`` are apart from their neighbours; what comes after the
    last one is not known."""
    steps = -np.diff(scores.astype(np.float64), prepend=np.inf)
    after = np.append(steps[1:], 0.0)
    return np.minimum(steps, after) > gap


def _agree(
    pairs: Sequence[Tuple[_Found, _Found]], bundle: Bundle
) -> Union[Agreement, ClassAgreement]:
    """Published detections, each looked for in all that the other found: one at the threshold is
    not missing because its score fell by a hair."""
    if bundle.task == "detection":
        return agreement(
            [(_boxes(one.published), _boxes(other.pool)) for one, other in pairs],
            [(_boxes(other.published), _boxes(one.pool)) for one, other in pairs],
            bundle.defaults.score_threshold,
        )
    same = _same_class if _classifies(bundle) else _same_cells
    counts = [same(one, other) for one, other in pairs]
    return ClassAgreement(
        sum(compared for compared, _, _ in counts),
        sum(agreeing for _, agreeing, _ in counts),
        max((difference for _, _, difference in counts), default=0.0),
    )


def _boxes(result: Result) -> Detections:
    if not isinstance(result, Detections):
        raise TypeError(f"{type(result).__name__} has no boxes")
    return result


def _same_class(one: _Found, other: _Found) -> Tuple[int, int, float]:
    """1 image, whether its best class is the same, and how much the score moved."""
    wanted, given = one.published, other.published
    if not isinstance(wanted, Classification) or not isinstance(given, Classification):
        raise TypeError("these are no classifications")
    moved = abs(float(wanted.scores[0]) - float(given.scores[0]))
    return 1, int(wanted.class_ids[0] == given.class_ids[0]), moved


def _same_cells(one: _Found, other: _Found) -> Tuple[int, int, float]:
    """How many cells of the class map there are, and how many have the same class."""
    if not isinstance(one.published, Segmentation):
        raise TypeError("this is no segmentation")
    wanted, given = one.outputs["class_map"], other.outputs["class_map"]
    return wanted.size, int((wanted == given).sum()), 0.0
