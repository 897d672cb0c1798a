"""What a head is recognised by, and what the user specifies about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from converter.heads.base import Head
from converter.inputs.tensor import Tensor

# Names that the export gives to what enters a suppression that it has cut out of the graph:
# float32 [N, A, 4] in the order y1, x1, y2, x2 unless the user specifies another, and [N, A, C].
BOXES_BEFORE_NMS, SCORES_BEFORE_NMS = "boxes_before_nms", "scores_before_nms"


@dataclass(frozen=True)
class HeadOptions:
    """What the user specifies; ``auto`` and None leave it to be found out.

    Attributes:
        head: name of a family, or ``auto``.
        boxes: ``pixels``, ``normalised`` (fractions of the input), ``cells`` of a map, or ``auto``.
        box_format: one of ``BOX_FORMATS``: two corners, a centre with sides, or a corner with
            sides; of the anchors, where boxes are relative to anchors.
        activation: what is still to be applied to the scores: ``none``, ``sigmoid``, ``softmax``.
        background: where the scores have a class for nothing: ``none``, ``first``, ``last``.
        first_class: the number that the model gives its first class, where it gives numbers.
        anchors: float32 [A, 4] in ``box_format``, in pixels or normalised, for heads that
            give boxes relative to anchors which are not in their outputs.
        box_scales: the four numbers by which the box coder multiplied, in the order of the
            head's box values, such as (10, 10, 5, 5).
        classes_of_box: whether a box is given for its ``best`` class, or for ``all``.
        offset_order: what the offsets from anchors are, one of ``OFFSET_ORDERS``.
    """

    head: str = "auto"
    boxes: str = "auto"
    box_format: str = "auto"
    activation: str = "auto"
    background: str = "auto"
    first_class: int | None = None
    anchors: np.ndarray | None = None
    box_scales: tuple[float, float, float, float] | None = None
    offset_order: str = "auto"
    classes_of_box: str = "auto"

    @property
    def states_reading(self) -> bool:
        """Whether the user states how boxes or scores are to be read."""
        stated = (self.boxes, self.box_format, self.activation, self.background)
        return any(value != "auto" for value in stated)


@dataclass(frozen=True)
class Evidence:
    """The outputs of a network, and their values on images.

    Attributes:
        outputs: name, dtype and shape, -1 for the batch.
        values: for each output, the values of all images, ``[images, ...]``.
        input_size: height, width of the network's input in pixels.
        labels: how many classes the user has names for; None without a labels file.
        options: what the user specifies.
        left_out: outputs of the signature that the user leaves out, as far as it tells their
            shapes.
        each_class: whether a suppression that was cut out gives a box once for each of its classes.
        notes: what the export has cut away or left out, in sentences.
        objects: for each image the annotated boxes float32 ``[n, 4]``: x1, y1, x2, y2 in pixels
            of the input; none without annotations.
    """

    outputs: tuple[Tensor, ...]
    values: Mapping[str, np.ndarray]
    input_size: tuple[int, int]
    labels: int | None = None
    options: HeadOptions = field(default_factory=HeadOptions)
    left_out: tuple[Tensor, ...] = ()
    notes: tuple[str, ...] = ()
    each_class: bool = False
    objects: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """A head, and in one sentence for people why it was taken for that.

    Attributes:
        assumed: what is usual and was neither specified nor shown by names or values, each a
            clause such as ``corners are y1, x1, y2, x2, as is usual in fractions: --box-format
            changes it``. TensorFlow and the bundle are read by it alike, so that their agreement
            does not prove it.
    """

    head: Head
    reason: str
    assumed: tuple[str, ...] = ()
