"""Bags of a robot that detects, with results that are known."""

from pathlib import Path
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import numpy as np

from converter.errors import RecordingError
from converter.recordings.image_messages import header_of
from converter.recordings.recorded_image import RecordedImage
from converter.recordings.recordings import Recordings
from converter.replay.sides.recorded_side import RecordedSide, open_recorded_side
from converter.replay.sides.side import SideResult
from test.converter.recordings.bags import (
    PERIOD,
    START,
    BagMessage,
    detections_message,
    header,
    image_message,
    new,
    write_bag,
)
from trt_inference.inference.frame import Frame

IMAGES, RESULTS = "/camera/image_raw", "/detector/detections"
LABELS = ("cat", "dog")
SECOND = 10**9
HEIGHT, WIDTH = 6, 8
_PIXELS = np.zeros((HEIGHT, WIDTH, 3), np.uint8)

Found = List[Tuple[Tuple[float, float, float, float], str, float]]  # box, label, score


def box_of(number: int) -> Tuple[float, float, float, float]:
    """A box that no other image has."""
    return (float(number), 1.0, number + 10.0, 21.0)


def found_in(number: int) -> Found:
    """What the robot finds in an image."""
    return [(box_of(number), LABELS[number % 2], 0.75), ((0.0, 0.0, 5.0, 5.0), "cat", 0.5)]


def image_of(number: int, topic: str = IMAGES, frame_id: str = "camera") -> BagMessage:
    stamp = START + number * PERIOD
    return BagMessage(topic, stamp, image_message(_PIXELS, stamp, frame_id=frame_id))


def result_of(
    number: int,
    found: Optional[Found] = None,
    *,
    topic: str = RESULTS,
    frame_id: str = "camera",
    late: float = 0.02,
) -> BagMessage:
    """
    Args:
        late: seconds after the image.
    """
    stamp = START + number * PERIOD
    message = detections_message(found_in(number) if found is None else found, stamp, frame_id)
    return BagMessage(topic, stamp + int(late * SECOND), message)


def label_info(
    names: Mapping[int, str],
    topic: str = "/detector/label_info",
    *,
    threshold: float = 0.25,
    time: int = START,
) -> BagMessage:
    classes = [
        new("vision_msgs/msg/VisionClass", class_id=number, class_name=name)
        for number, name in names.items()
    ]
    message = new(
        "vision_msgs/msg/LabelInfo", header=header(time), class_map=classes, threshold=threshold
    )
    return BagMessage(topic, time, message)


def recorded(folder: Path, messages: Iterable[BagMessage], storage: str = "mcap") -> Path:
    """A bag with messages in the order in which they were recorded."""
    return write_bag(folder, sorted(messages, key=lambda one: one.log_time), storage)


def images_in(
    recordings: Recordings, topics: Sequence[str] = (IMAGES,), every: int = 1
) -> Iterator[RecordedImage]:
    """The images in order, with pixels of the right size."""
    for number, message in enumerate(recordings.messages(topics)):
        if number % every == 0:
            stamp, frame_id = header_of(message)
            yield RecordedImage(
                message.topic, stamp, frame_id, message.log_time, message.seconds, Frame(_PIXELS)
            )


class Looked(NamedTuple):
    """What a side gave.

    Attributes:
        results: by topic and number of the image.
        side: after all images.
        notes: of ``after_reading``.
    """

    results: Dict[Tuple[str, int], Optional[SideResult]]
    side: RecordedSide
    notes: Tuple[str, ...]

    def found(self, number: int, topic: str = IMAGES) -> Any:
        """As ``found_in``, of what was published; None where nothing was."""
        result = self.results[topic, number]
        if result is None:
            return None
        published: Any = result.published
        names = [self.side.labels[one] for one in published.class_ids]
        boxes = [tuple(box) for box in published.xyxy.tolist()]
        return list(zip(boxes, names, published.scores.tolist()))


def look_at(
    bag: Path,
    topics: Sequence[str] = (IMAGES,),
    asked: Sequence[str] = (),
    labels: Sequence[str] = LABELS,
    task: str = "detection",
) -> Looked:
    """Look at all images of a bag."""
    with Recordings([bag]) as recordings:
        side = open_recorded_side(recordings, topics, asked, labels, task)
        if side is None:
            raise RecordingError("there are no results")
        results = {}
        for image in images_in(recordings, topics):
            results[image.topic, (image.stamp - START) // PERIOD] = side.look(image)
        looked = Looked(results, side, side.after_reading())
        side.close()
        return looked
