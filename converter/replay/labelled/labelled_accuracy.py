"""The accuracy of both sides on the images of a recording that people have annotated."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from converter.comparison.accuracy import ACCURACY_THRESHOLDS, Accuracy, measure_accuracy
from converter.errors import DatasetError
from converter.inputs.coco_annotations import check_boxes, read_annotations
from converter.inputs.sample import Sample
from converter.recordings.recorded_image import image_name
from converter.replay.differences.difference import ComparedImage
from converter.replay.labelled.image_entries import ImageEntries, image_file
from converter.replay.sides.side import SideResult
from converter.tables.wording import counted
from trt_inference.inference.detections import Detections
from trt_inference.printable import printable, printable_name


class LabelledAccuracy:
    """Collects what both sides find in annotated images, and measures mAP of it.

    Nothing is kept of images without annotations.

    Attributes:
        score_threshold: detections with a lower score do not count.
    """

    score_threshold: float = ACCURACY_THRESHOLDS.score_threshold

    def __init__(
        self, annotations_file: Path, labels: Sequence[str], topics: Sequence[str]
    ) -> None:
        """
        Args:
            annotations_file: in COCO's form; each ``file_name`` ends in the image's stamp, as
                ``stamped_names.py`` reads it.
            labels: that both sides have in common.
            topics: of all images that will be added.

        Raises:
            DatasetError: the file is not readable, has boxes of a category that is no label, or no
                name that ends in a stamp.
        """
        self._file = annotations_file
        self._truth = read_annotations(annotations_file, labels, "the labels of either side")
        self._entries = ImageEntries(annotations_file, self._truth.content["images"], topics)
        if not self._entries.stamped:
            raise self._without_stamps(topics[0])
        self._found: dict[int, tuple[Detections, Detections]] = {}  # by the entry's id
        self._without_baseline: set[int] = set()
        self._first = ""  # name of the first image, for errors

    @property
    def labelled(self) -> int:
        """How many annotated images have a result of both sides."""
        return len(self._counted_ids())

    def add(self, compared: ComparedImage) -> None:
        """Keep what was found in an image, if it is annotated.

        Raises:
            DatasetError: its entry in the file is not of this image alone, or of another size; or
                the sides find no boxes.
        """
        self._first = self._first or compared.image.name
        entry = self._entries.find(compared.image)
        if entry is None:
            return
        if compared.before is None:
            self._without_baseline.add(entry["id"])
        else:
            self._found[entry["id"]] = (
                self._best(compared.before),
                self._best(compared.after),
            )

    def accuracy(self) -> tuple[Accuracy, Accuracy] | None:
        """mAP of baseline and candidate; None where no annotated image has a result of both.

        Raises:
            DatasetError: no image of the recording is annotated, or none of them has a box.
        """
        if not self._found and not self._without_baseline:
            raise self._nothing_annotated()
        ids = self._counted_ids()
        samples = [Sample(str(one), one, Path(str(one))) for one in ids]
        if not samples:
            return None
        check_boxes(samples, self._file, self._truth)
        before, after = zip(*(self._found[one] for one in ids), strict=True)
        return (
            measure_accuracy(samples, before, self._truth),
            measure_accuracy(samples, after, self._truth),
        )

    def notes(self, baseline_is_recorded: bool = False) -> tuple[str, ...]:
        """What the user should know of the figures, in sentences."""
        entries = counted(len(self._truth.content["images"]), "image")
        shared = len(self._entries.shared)
        alone = len(self._without_baseline - self._entries.shared)
        notes = [f"mAP is of {self.labelled:,} of the {entries} in '{printable_name(self._file)}'."]
        if shared:
            notes.append(
                f"The stamp of {counted(shared, 'annotated image')} belongs to several images of "
                "one topic: these are left out of mAP."
            )
        if alone:
            notes.append(
                f"The baseline has no result of {counted(alone, 'annotated image')}: left out of "
                "mAP of both sides."
            )
        if baseline_is_recorded:
            notes.append(
                "mAP of what was recorded is of what the robot published. Detections with lower "
                "scores are not in the recording, so that it may be lower than that of the "
                "bundle that found them."
            )
        return tuple(notes)

    def _counted_ids(self) -> list[int]:
        return [one for one in self._found if one not in self._entries.shared]

    def _best(self, result: SideResult) -> Detections:
        """A copy of the detections that count: those with a label of the annotations' classes, the
        best score first."""
        pool = result.pool
        if not isinstance(pool, Detections):
            raise DatasetError(
                f"'{self._file}' has boxes, and the task of these bundles is not detection: leave "
                "--labels-coco out"
            )
        ids = pool.class_ids
        counts = (pool.scores >= self.score_threshold) & (ids >= 0)
        counts &= (ids < len(self._truth.category_ids)) & np.isfinite(pool.xyxy).all(axis=1)
        order = np.flatnonzero(counts)[np.argsort(-pool.scores[counts], kind="stable")]
        return pool[order[: ACCURACY_THRESHOLDS.max_detections]]

    def _without_stamps(self, topic: str) -> DatasetError:
        example = image_file(image_name(topic, 1764547200_000000001))
        return DatasetError(
            f"'{self._file}' names no image of a recording: it names {self._entries.example()}, "
            "and a file_name must end in the stamp of the image's header, after its topic where "
            f"several are replayed, as '{printable(example)}'"
        )

    def _nothing_annotated(self) -> DatasetError:
        return DatasetError(
            f"no image that was replayed is named in '{self._file}': it names "
            f"{self._entries.example()}, and the recording has "
            f"'{printable(image_file(self._first))}': these are images of another recording, or of "
            "a part or topic of it that was not replayed"
        )
