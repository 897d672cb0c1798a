"""How far the models of a bundle are from what quantization-aware training has trained.

The bundle is verified against the float network. The model as it was trained has FakeQuant nodes
beside it, which no model of the bundle computes exactly: this is measured and nothing is refused.
"""

from __future__ import annotations

import numpy as np

from converter.comparison.annotated_accuracy import measure_results
from converter.comparison.base import ImageFindings
from converter.comparison.compare_by_task import COMPARISONS
from converter.comparison.compare_detections import SCORE_MARGIN
from converter.comparison.tolerance import TOLERANCES
from converter.inputs.dataset import Dataset, Track
from converter.verification.source_model import SourceModel
from converter.verification.verification_results import TrainedAgreement
from trt_inference.bundles.bundle import Bundle
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.inference.postprocess_by_task import postprocess_for
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.inference.results import Result
from trt_inference.inference.selection import EVERYTHING


class TrainedModel:
    """What TensorFlow gives for the images with the FakeQuant nodes in the model.

    Attributes:
        accuracy: by the annotations; None without.
    """

    def __init__(self, source: SourceModel, bundle: Bundle, dataset: Dataset, track: Track) -> None:
        """
        Args:
            source: the model as it was trained.
            bundle: that was made of it.
        """
        self._dataset, self._track = dataset, track
        self._comparison = COMPARISONS[bundle.task]
        self._threshold = bundle.defaults.score_threshold
        self._results = self._run(source, bundle)
        self.accuracy = measure_results(dataset, self._results)

    @property
    def images(self) -> int:
        """How many."""
        return len(self._results)

    def compare(self, bundle: Bundle, precision: str) -> TrainedAgreement:
        """Compare one precision of the bundle on the same images."""
        samples = self._track(self._dataset.samples, f"compare {precision} with the trained model")
        with Detector.open(bundle, "onnxruntime", precision) as detector:
            detector.thresholds = self._comparison.thresholds
            found = [
                self._comparison.keep(detector.detect(sample.read(), allow_non_finite=True))
                for sample in samples
            ]
        pairs = [
            (self._found(one), self._found(other))
            for one, other in zip(self._results, found, strict=True)
        ]
        agreement = self._comparison.agree(pairs, self._threshold)
        return TrainedAgreement(precision, agreement, measure_results(self._dataset, found))

    def _run(self, source: SourceModel, bundle: Bundle) -> list[Result]:
        spec, head = bundle.input, source.head
        buffer = np.zeros((spec.height, spec.width, 3), np.uint8)
        preprocess = Preprocessor(buffer, spec.fitting)
        results, gap = postprocess_for(bundle), TOLERANCES[source.float_type].score_gap
        found = []
        for sample in self._track(self._dataset.samples, "run the trained model in TensorFlow"):
            placement = preprocess(Frame(sample.read()))
            outputs = source.run(source.pixels.apply(buffer))[1]
            decoded = {name: value[0] for name, value in head.decode(outputs).items()}
            ranked = self._comparison.rank(decoded, bundle.candidates, gap, head.each_class)
            result = results(ranked.outputs, placement, self._comparison.thresholds, EVERYTHING)
            found.append(self._comparison.keep(result))
        return found

    def _found(self, result: Result) -> ImageFindings:
        """What a robot publishes, and what it all but publishes."""
        publish = self._comparison.publish
        nearly = self._threshold - SCORE_MARGIN
        return ImageFindings(publish(result, self._threshold), publish(result, nearly))
