"""Mean average precision against COCO annotations, by pycocotools."""

import contextlib
import io
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from converter.inputs.coco_annotations import Annotations
from converter.inputs.sample import Sample
from trt_inference.bundles.bundle import Thresholds
from trt_inference.inference.detections import Detections

# Average precision is taken over all scores, so that almost none is cut off.
ACCURACY_THRESHOLDS = Thresholds(score_threshold=0.01, iou_threshold=0.5, max_detections=100)
# Below it, something is more likely to be wrong with the arguments than with the training.
LOW_ACCURACY = 0.4


@dataclass(frozen=True)
class Accuracy:
    """mAP at IoU 0.5, and its mean over IoU 0.5 to 0.95, in [0, 1]."""

    images: int
    map_50: float
    map_50_95: float

    @property
    def figures(self) -> Dict[str, float]:
        """By the names that people know."""
        return {"mAP@0.5": self.map_50, "mAP@[.5:.95]": self.map_50_95}

    @property
    def is_low(self) -> bool:
        """Whether something is more likely to be wrong with the arguments than with the
        training."""
        return self.map_50 < LOW_ACCURACY

    @property
    def main_figure(self) -> Tuple[str, float]:
        """The figure that counts, with its name."""
        return "mAP@0.5", self.map_50


def measure_accuracy(
    samples: Sequence[Sample], found: Sequence[Detections], annotations: Annotations
) -> Accuracy:
    """Compare the detections of each sample with its annotations.

    Args:
        found: for each of ``samples``, detections in the image's pixels.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints as it goes
        truth = COCO()
        truth.dataset = {"info": {}, **annotations.content}
        truth.createIndex()
        rows = _results(samples, found, annotations)
        if not rows:
            return Accuracy(len(samples), 0.0, 0.0)
        evaluation = COCOeval(truth, truth.loadRes(rows), "bbox")
        evaluation.params.imgIds = [sample.image_id for sample in samples]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return Accuracy(len(samples), float(evaluation.stats[1]), float(evaluation.stats[0]))


def _results(
    samples: Sequence[Sample], found: Sequence[Detections], annotations: Annotations
) -> List[Dict[str, object]]:
    """COCO's result rows; its boxes are x, y, width, height."""
    return [
        {
            "image_id": sample.image_id,
            "category_id": annotations.category_ids[class_id],
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "score": score,
        }
        for sample, detections in zip(samples, found, strict=True)  # novm: on workstations only
        for (x1, y1, x2, y2), score, class_id in zip(  # novm
            detections.xyxy.tolist(),
            detections.scores.tolist(),
            detections.class_ids.tolist(),
            strict=True,
        )
    ]
