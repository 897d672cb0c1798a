"""Which part of the images gets the class that they show."""

from dataclasses import dataclass
from typing import Dict, Optional, Sequence, Tuple

from converter.comparison.accuracy import LOW_ACCURACY
from converter.inputs.class_folders import ClassFolders
from converter.inputs.sample import Sample
from trt_inference.inference.results import Classification

FIVE = 5
# A guess is right once in as many times as there are classes; so much more often is still low.
_NEAR_CHANCE = 1.2


@dataclass(frozen=True)
class ClassAccuracy:
    """Parts of the images in [0, 1].

    Attributes:
        images: how many.
        classes: how many the model has.
        top_1: whose best class is the one that they show.
        top_5: that have it among the best five; None where there are no more than five classes,
            or fewer than five leave the engine.
    """

    images: int
    classes: int
    top_1: float
    top_5: Optional[float] = None

    @property
    def figures(self) -> Dict[str, float]:
        """By the names that people know."""
        return {"top-1": self.top_1, **({} if self.top_5 is None else {"top-5": self.top_5})}

    @property
    def is_low(self) -> bool:
        """Whether something is more likely to be wrong with the arguments than with the
        training."""
        return self.top_1 < max(LOW_ACCURACY, _NEAR_CHANCE / self.classes)

    @property
    def main_figure(self) -> Tuple[str, float]:
        """The figure that counts, with its name."""
        return "top-1 accuracy", self.top_1


def measure_class_accuracy(
    samples: Sequence[Sample], found: Sequence[Classification], folders: ClassFolders
) -> ClassAccuracy:
    """Compare the best classes of each sample with the folder that it is in.

    Args:
        found: for each of ``samples``, at least the best class, or all five best ones.
    """
    classes = len(folders.names)
    truth = [folders.number(sample) for sample in samples]
    ranked = [one.class_ids.tolist() for one in found]
    first = sum(number in best[:1] for number, best in zip(truth, ranked))
    five = sum(number in best[:FIVE] for number, best in zip(truth, ranked))
    has_five = classes > FIVE and max(map(len, ranked), default=0) >= FIVE
    count = len(samples)
    return ClassAccuracy(count, classes, first / count, five / count if has_five else None)
