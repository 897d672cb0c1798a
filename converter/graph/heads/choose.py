"""Which family the outputs of a network belong to."""

from __future__ import annotations

from types import ModuleType

from converter.errors import HeadError
from converter.graph.heads import (
    centernet,
    classification,
    end_to_end,
    fcos,
    plain,
    segmentation,
    ssd,
    tf_object_detection,
    unnamed,
    yolo,
)
from converter.graph.heads.evidence import Evidence, Recognised
from converter.graph.heads.other_tasks import refuse_other_tasks
from converter.graph.reading.refusals import listed, wrong_labels

AUTO = "auto"

# In the order of trial: what names say before what shapes say, and of two families that an output
# may belong to, the one that asks more of it. Each module has NAME, EXPECTS and recognise().
FAMILIES: tuple[ModuleType, ...] = (
    tf_object_detection,
    unnamed,
    end_to_end,
    yolo,
    centernet,
    fcos,
    ssd,
    plain,
    segmentation,
    classification,
)
_BY_NAME = {family.NAME: family for family in FAMILIES} | {yolo.OBJECTNESS: yolo}
HEAD_NAMES: tuple[str, ...] = (AUTO, *_BY_NAME)

OPTIONS = (
    "--head, --boxes, --box-format, --activation, --background, --first-class, --anchors, "
    "--box-scales, --outputs and --labels"
)


def choose_head(evidence: Evidence) -> Recognised:
    """The first family that recognises the outputs, or the one that the user names.

    Raises:
        HeadError: there is none, it is ambiguous, or the labels file has another number of
            classes; the message lists the outputs, and the options that decide.
    """
    wanted = evidence.options.head
    if wanted not in HEAD_NAMES:
        raise HeadError(f"there is no head '{wanted}': choose from {', '.join(HEAD_NAMES)}")
    if wanted == AUTO:
        refuse_other_tasks(evidence)
    for family in FAMILIES if wanted == AUTO else (_BY_NAME[wanted],):
        recognised: Recognised | None = family.recognise(evidence)
        if recognised is not None:
            return _checked(recognised, evidence)
    raise _not_recognised(evidence)


def _checked(recognised: Recognised, evidence: Evidence) -> Recognised:
    head = recognised.head
    if evidence.labels is not None and head.classes != evidence.labels:
        raise wrong_labels(evidence, f"{head.classes} classes as {head.description}", "--head")
    return recognised


def _not_recognised(evidence: Evidence) -> HeadError:
    wanted = evidence.options.head
    family = "those of any known head" if wanted == AUTO else f"those of --head {wanted}"
    expected = {name: module.EXPECTS for name, module in _BY_NAME.items()}
    expected[yolo.OBJECTNESS] = yolo.EXPECTS_OBJECTNESS
    lines = [
        f"the outputs ({listed(evidence)}) are not {family}. What each family takes:",
        *(f"  --head {name}: {text}" for name, text in expected.items()),
        f"Where values leave it open, {OPTIONS} decide. A labels file must have one line for each "
        "class",
    ]
    return HeadError("\n".join(lines))
