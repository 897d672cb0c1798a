"""Makes COCO annotations of the truth that the demo's camera sends, for the images of its bag.

python -m examples.shapes.truth_of_bag BAG labels.json
trt-inference replay BAG --bundle BUNDLE --labels-coco labels.json --output FOLDER

Of a robot's own recording, people make such a file with a tool for annotations. An image is called
by its topic and the stamp of its header: image/compressed/1764590400.012345678.jpg.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from converter.recordings.image_messages import decode_message, header_of
from converter.recordings.recorded_image import image_name
from converter.recordings.recordings import Recordings
from examples.shapes.drawing import CLASS_NAMES
from trt_inference.bundles.atomic_write import write_file
from trt_inference.errors import TrtInferenceError
from trt_inference.images.image_reader import ImageReader
from trt_inference.printable import printable

TRUTH, IMAGES = "/ground_truth", "/image/compressed"


def truth_of_bag(bag: Path) -> Dict[str, Any]:
    """COCO's content of a bag of the demo: its images, and the shapes in each.

    Raises:
        TrtInferenceError: it cannot be read.
        ValueError: it is no bag of the demo.
    """
    with Recordings([bag]) as recordings:
        missing = {TRUTH, IMAGES} - {topic.name for topic in recordings.topics}
        if missing:
            raise ValueError(f"'{bag}' has no {' and no '.join(sorted(missing))}")
        images = list(_images(recordings))
        of_stamp = {stamp: entry["id"] for stamp, entry in images}
        boxes = [box for box in _boxes(recordings) if box[0] in of_stamp]
    return {
        "images": [entry for _, entry in images],
        "categories": [
            {"id": number, "name": name} for number, name in enumerate(CLASS_NAMES, start=1)
        ],
        "annotations": [
            {
                "id": number,
                "image_id": of_stamp[stamp],
                "category_id": CLASS_NAMES.index(name) + 1,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
            for number, (stamp, name, box) in enumerate(boxes, start=1)
        ],
    }


def _images(recordings: Recordings) -> Iterator[Tuple[int, Dict[str, Any]]]:
    """Stamp and entry of each image; all have the size of the first one."""
    width = height = 0
    for number, message in enumerate(recordings.messages([IMAGES]), start=1):
        if number == 1:
            height, width = decode_message(message, ImageReader()).frame.pixels.shape[:2]
        stamp, _ = header_of(message)
        name = f"{image_name(IMAGES, stamp)}.jpg"
        yield stamp, {"id": number, "file_name": name, "width": width, "height": height}


def _boxes(recordings: Recordings) -> Iterator[Tuple[int, str, List[float]]]:
    """Stamp, class and x, y, width, height of each shape."""
    for message in recordings.messages([TRUTH]):
        truth = recordings.deserialize(message)
        stamp = truth.header.stamp.sec * 10**9 + truth.header.stamp.nanosec
        for shape in truth.detections:
            box, centre = shape.bbox, shape.bbox.center.position
            corner = [centre.x - box.size_x / 2, centre.y - box.size_y / 2]
            yield stamp, shape.results[0].hypothesis.class_id, [*corner, box.size_x, box.size_y]


def main() -> int:
    """Write the file. Returns the exit code."""
    parser = argparse.ArgumentParser(
        description="Make COCO annotations of the truth in a bag of the demo."
    )
    parser.add_argument("bag", type=Path)
    parser.add_argument("file", type=Path, help="annotations to write")
    arguments = parser.parse_args()
    try:
        content = truth_of_bag(arguments.bag)
        write_file(arguments.file, json.dumps(content).encode())
    except (OSError, TrtInferenceError, ValueError) as error:
        print(f"truth_of_bag: {printable(error)}", file=sys.stderr)
        return 1
    count = len(content["images"])
    print(f"{len(content['annotations'])} shapes in {count} images: {printable(arguments.file)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
