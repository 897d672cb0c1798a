"""What is found in images that follow each other on a topic, of any content."""

from typing import Any, List, NamedTuple, Sequence

import numpy as np
from hypothesis import strategies as st

from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.class_texts import ClassTexts
from trt_inference.ros.messages.headers import ImageHeader, Stamp


class Seen(NamedTuple):
    """What is published of one image."""

    found: Detections
    header: ImageHeader
    texts: ClassTexts


def detections(class_ids: Sequence[int], values: Sequence[float] = (1, 2, 3, 4, 0.5)) -> Detections:
    """Of these classes, with corners and score taken from the values again and again."""
    drawn = np.resize(np.array(values, np.float32), (len(class_ids), 5))
    return Detections(drawn[:, :4], drawn[:, 4], np.array(class_ids, np.int32))


_VALUES = st.floats(width=32, allow_nan=False, allow_infinity=False)
_CLASSES = st.integers(-3, 12) | st.integers(-(2**31), 2**31 - 1)
_HEADERS = st.builds(
    ImageHeader,
    st.builds(Stamp, st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1)),
    st.text(max_size=20) | st.sampled_from(["camera", "front", "\u00fc" * 9]),
)
_LABELS = st.lists(st.text(max_size=12), max_size=10)


@st.composite
def seen_images(draw: Any) -> List[Seen]:
    """Headers, labels and classes stay, change and come back; there are up to 300 boxes."""
    headers = draw(st.lists(_HEADERS, min_size=1, max_size=3))
    labels = draw(st.lists(st.builds(ClassTexts, _LABELS), min_size=1, max_size=2))
    few = st.lists(_CLASSES, max_size=8)
    count = st.integers(9, 40) | st.just(300)
    many = st.builds(np.resize, st.lists(_CLASSES, min_size=1, max_size=8), count)
    found = st.builds(detections, few | many, st.lists(_VALUES, min_size=1, max_size=13))
    seen = st.builds(Seen, found, st.sampled_from(headers), st.sampled_from(labels))
    return list(draw(st.lists(seen, min_size=1, max_size=3)))
