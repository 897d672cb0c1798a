"""An engine against its ONNX model on ONNX Runtime: tensors, and what a robot would publish."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from converter.comparison.agreement import Agreement, ClassAgreement, RowAgreement, TensorParity
from converter.comparison.base import (
    ImageFindings,
    Outputs,
    Parity,
    TaskComparison,
    all_rows,
    end_of,
    worst_of_each,
)
from converter.comparison.compare_by_task import COMPARISONS
from converter.comparison.tolerance import TOLERANCES
from converter.inputs.dataset import Track
from converter.inputs.sample import Sample
from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.precisions import PRECISION_TABLE
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.inference.postprocess_by_task import postprocess_for
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.inference.selection import EVERYTHING

_LOWEST_SCORE = 0.01
_EVERYTHING = 100_000


@dataclass(frozen=True)
class EngineComparison:
    """The engine's outputs and its published results against the model's, over all images.
    ``rows`` are those that were compared as sets, None where there are none."""

    images: int
    tensors: Tuple[TensorParity, ...]
    agreement: Union[Agreement, ClassAgreement]
    rows: Optional[RowAgreement] = None

    def content(self) -> Dict[str, Any]:
        """Return what the sidecar keeps."""
        return asdict(self)

    @property
    def differs(self) -> bool:
        """Whether a robot would see other things, or an output is not a number."""
        broken = any(not np.isfinite(one.max_abs) for one in self.tensors)
        if isinstance(self.agreement, Agreement):
            found = self.agreement
            shows_nothing = found.cut_off > found.detections  # all scores are equal
            return broken or shows_nothing or bool(found.missing or found.extra)
        return broken or not self.agreement.is_same


Seen = Tuple[Outputs, ImageFindings]


def see(engine: Detector, samples: Sequence[Sample]) -> List[Seen]:
    """Run an engine on every image, and return its outputs with what it found in each."""
    comparison = COMPARISONS[engine.bundle.task]
    return [_run(engine, comparison, sample.read()) for sample in samples]


def compare(
    reference: Detector,
    seen: Sequence[Seen],
    precision: str,
    samples: Sequence[Sample],
    track: Track,
) -> EngineComparison:
    """Run the model on every image, too.

    Args:
        reference: on ONNX Runtime.
        seen: by the engine in the same images. It may be closed meanwhile: on a small machine
            there is no room for both.
        track: wraps the samples in a progress bar.
    """
    comparison = COMPARISONS[reference.bundle.task]
    tolerance = TOLERANCES[PRECISION_TABLE[precision].rounding]
    parities: List[Parity] = []
    pairs: List[Tuple[ImageFindings, ImageFindings]] = []
    steps = zip(track(samples, f"compare {precision} with ONNX Runtime"), seen)
    for sample, (given, found) in steps:
        wanted, expected = _run(reference, comparison, sample.read())
        ranked = comparison.as_ranked(wanted, tolerance.score_gap)
        parities.append(comparison.parity(ranked, given, tolerance))
        pairs.append((expected, found))
    return EngineComparison(
        images=len(pairs),
        tensors=worst_of_each(parities),
        agreement=comparison.agree(pairs, reference.bundle.defaults.score_threshold),
        rows=all_rows(parities),
    )


def _run(detector: Detector, comparison: TaskComparison, frame: np.ndarray) -> Seen:
    """Run the engine itself, since a detector does not show its outputs."""
    bundle, engine = detector.bundle, detector.engine
    spec = bundle.input
    preprocess = Preprocessor(engine.input_buffer()[0], spec.fitting)
    placement = preprocess(Frame(frame))
    outputs = {name: value[0].copy() for name, value in engine.infer().items()}
    publish_at, everything = comparison.publish_at(bundle.defaults), _everything(bundle.defaults)
    # Of two boxes with equal scores, either may suppress the other.
    unsuppressed = replace(bundle, needs_nms=False)
    published = postprocess_for(bundle)(outputs, placement, publish_at, EVERYTHING)
    pool = postprocess_for(unsuppressed)(outputs, placement, everything, EVERYTHING)
    gap = TOLERANCES[PRECISION_TABLE[detector.choice.precision].rounding].score_gap
    return outputs, comparison.found(outputs, published, pool, cut=end_of(outputs, gap))


def _everything(defaults: Thresholds) -> Thresholds:
    lowest = min(_LOWEST_SCORE, defaults.score_threshold)
    return replace(defaults, score_threshold=lowest, max_detections=_EVERYTHING)
