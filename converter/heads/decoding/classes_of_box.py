"""Whether a detector whose boxes are still to be suppressed gives a box for its best class alone,
or once for each of its classes whose score suffices.

KerasCV, KerasHub and Ultralytics take the best class before they suppress; RetinaNet
(https://arxiv.org/abs/1708.02002) and the TF Object Detection API suppress class by class. Raw
outputs do not show which.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from converter.errors import HeadError
from converter.heads.base import Head
from converter.heads.evidence import Evidence, Recognised

_AUTO, _BEST, _ALL = "auto", "best", "all"
CLASSES_OF_BOX = (_BEST, _ALL)


def with_classes_of_box(recognised: Recognised, evidence: Evidence) -> Recognised:
    """What was recognised, with as many classes of a box as the user asks for.

    Raises:
        HeadError: the network has chosen the classes of its boxes itself.
    """
    wanted, head = evidence.options.classes_of_box, recognised.head
    if wanted == _AUTO:
        return _with_default(recognised)
    if not head.needs_nms:
        raise HeadError(
            f"--classes-of-box {wanted} is for detectors whose boxes are still to be suppressed, "
            f"but this is {head.description}: leave it out"
        )
    changed = cast(Head, replace(cast(Any, head), each_class=wanted == _ALL))
    return replace(recognised, head=changed)


def _with_default(recognised: Recognised) -> Recognised:
    """With a sentence on the default where it matters."""
    head = recognised.head
    if not head.needs_nms or head.classes < 2 or head.each_class:
        return recognised
    default = "a box is given for its best class alone (--classes-of-box all gives it for each)"
    return replace(recognised, reason=f"{recognised.reason}; {default}")
