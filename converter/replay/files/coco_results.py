"""The boxes of both sides in COCO's form: https://cocodataset.org/#format-data

One object with ``images``, ``categories``, and the candidate's boxes as ``annotations``, each with
its ``score``: tools that show annotations show what the candidate finds. The baseline's are in
``baseline_annotations``, a list as COCO's results are. An image has its ``topic``, the
``timestamp`` of its header in seconds, and ``has_baseline``. Its ``file_name`` consists of topic
and stamp; a picture of that name is not written.
"""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from converter.recordings.recorded_image import RecordedImage
from converter.replay.differences.difference import ComparedImage
from converter.replay.labelled.image_entries import image_file
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Result

# Decimals: a thousandth of a pixel, and all that a float32 tells.
_PIXELS, _SCORE = 3, 9
# Made once, because json.dumps with an option makes one each time, which takes longer than to use
# it.
_JSON = json.JSONEncoder(allow_nan=False)


class CocoResults:
    """Writes what was found in one image after the other; the memory it takes does not grow."""

    def __init__(self, images: IO[str], baseline: IO[str], candidate: IO[str]) -> None:
        """
        Args:
            images, baseline, candidate: streams for the elements of three lists.
        """
        self._images = _Elements(images)
        self._baseline, self._candidate = _Elements(baseline), _Elements(candidate)

    def add(self, compared: ComparedImage) -> None:
        """Write an image and the boxes of both sides.

        Raises:
            OSError: the disk is full or not writable.
        """
        image_id = self._images.count + 1
        has_baseline = compared.before is not None
        self._images.add(_image(compared.image, image_id, has_baseline))
        _add_boxes(self._candidate, image_id, compared.after.published)
        if compared.before is not None:
            _add_boxes(self._baseline, image_id, compared.before.published)


@contextlib.contextmanager
def coco_results(path: Path, labels: Sequence[str]) -> Iterator[CocoResults]:
    """Give an object to add the compared images to, which writes them to ``path``. When the block
    raises, the file is not whole.

    Args:
        labels: that both sides have in common; may grow meanwhile.

    Raises:
        OSError: the folder is not there, or the disk is full or not writable.
    """
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(path.open("w", encoding="utf-8"))
        # Beside it, so that all of it takes the same disk.
        lists = [
            stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", dir=path.parent))
            for _ in range(2)
        ]
        stream.write('{"info": ')
        json.dump({"description": "What both sides of a replay find in a recording"}, stream)
        stream.write(',\n"licenses": [],\n"images": [')
        yield CocoResults(stream, *lists)
        for name, written in zip(("baseline_annotations", "annotations"), lists, strict=True):
            stream.write(f'],\n"{name}": [')
            written.seek(0)
            shutil.copyfileobj(written, stream)
        stream.write('],\n"categories": ')
        json.dump(_categories(labels), stream)
        stream.write("}\n")


class _Elements:
    """The elements of a list in JSON, each in a line.

    Attributes:
        count: of them.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.count = 0
        self._stream = stream

    def add(self, element: dict[str, Any]) -> None:
        """Write one more."""
        text = _JSON.encode(element)
        self._stream.write(f",\n{text}" if self.count else f"\n{text}")
        self.count += 1


def _image(image: RecordedImage, image_id: int, has_baseline: bool) -> dict[str, Any]:
    height, width = image.frame.pixels.shape[:2]
    return {
        "id": image_id,
        "file_name": image_file(image.name),
        "width": width,
        "height": height,
        "topic": image.topic,
        "timestamp": image.name.rpartition("/")[2],
        "has_baseline": has_baseline,
    }


def _add_boxes(elements: _Elements, image_id: int, found: Result) -> None:
    """Write the boxes, those with coordinates that are no numbers left out.

    Raises:
        TypeError: ``found`` has no boxes.
    """
    if not isinstance(found, Detections):
        raise TypeError(f"{type(found).__name__} has no boxes")
    found = found[np.isfinite(found.xyxy).all(axis=1) & np.isfinite(found.scores)]
    corners = found.xyxy.astype(np.float64)
    sizes = corners[:, 2:] - corners[:, :2]
    for class_id, score, corner, size in zip(
        found.class_ids.tolist(),
        found.scores.tolist(),
        corners[:, :2].tolist(),
        sizes.tolist(),
        strict=True,
    ):
        elements.add(
            {
                "id": elements.count + 1,
                "image_id": image_id,
                "category_id": class_id + 1,
                "bbox": [round(value, _PIXELS) for value in (*corner, *size)],
                "area": round(size[0] * size[1], _PIXELS),
                "iscrowd": 0,
                "score": round(score, _SCORE),
            }
        )


def _categories(labels: Sequence[str]) -> list[dict[str, Any]]:
    """COCO's ids begin at 1."""
    return [{"id": number, "name": name} for number, name in enumerate(labels, start=1)]
