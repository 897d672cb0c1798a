"""Which family the outputs of a network belong to."""

from __future__ import annotations

import re
from dataclasses import replace

from converter.errors import HeadError
from converter.heads.decoding.classes_of_box import with_classes_of_box
from converter.heads.decoding.error_messages import class_count, listed, wrong_labels
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import find_families, find_family
from converter.heads.unsupported.landmarks import landmark_names
from converter.heads.unsupported.likely_reasons import likely_reason
from converter.heads.unsupported.refuse_tasks import refuse_unsupported_tasks

AUTO = "auto"
# How TF Model Garden scaled and cropped the image, beside what its networks find.
_IMAGE_INFO = re.compile(r"(^|[^a-z0-9])image_info(:\d+)?$")

OPTIONS = (
    "--head, --boxes, --box-format, --activation, --background, --first-class, --anchors, "
    "--box-scales, --offset-order, --classes-of-box, --outputs and --labels"
)


def head_names() -> tuple[str, ...]:
    """What ``--head`` takes: ``auto``, and the names of every family in the order of trial."""
    return (AUTO, *_expected())


def _expected() -> dict[str, str]:
    """For each name of a head, the outputs that it expects."""
    return {name: text for family in find_families() for name, text in family.heads.items()}


def choose_head(evidence: Evidence) -> Recognised:
    """The first family that recognises the outputs, or the one that the user names.

    Raises:
        HeadError: there is none, it is ambiguous, an option does not fit it, or the labels file
            has another number of classes; the message begins with what is most likely wrong, and
            lists the outputs, what the export noted, and the options that decide.
    """
    wanted = evidence.options.head
    if wanted not in head_names():
        raise HeadError(f"there is no head '{wanted}': choose from {', '.join(head_names())}")
    try:
        recognised = _first_that_fits(_without_others(evidence))
    except HeadError as error:
        raise HeadError("\n".join([str(error), *evidence.notes])) from error
    if recognised is None:
        raise _not_recognised(evidence)
    return _with_unread(with_classes_of_box(recognised, evidence), evidence)


def _first_that_fits(evidence: Evidence) -> Recognised | None:
    wanted = evidence.options.head
    if wanted == AUTO:
        refuse_unsupported_tasks(evidence)
    for family in find_families() if wanted == AUTO else (find_family(wanted),):
        recognised = family.recognise(evidence)
        if recognised is not None:
            return _checked(recognised, evidence)
    return None


def _without_others(evidence: Evidence) -> Evidence:
    """Without outputs that no family reads and that could be taken for a list: how the image was
    scaled, and the points of a face beside its boxes and scores."""
    points = landmark_names(evidence)
    kept = tuple(
        output
        for output in evidence.outputs
        if output.name not in points and not _IMAGE_INFO.search(output.name.lower())
    )
    return replace(evidence, outputs=kept) if kept else evidence


def _checked(recognised: Recognised, evidence: Evidence) -> Recognised:
    head = recognised.head
    if evidence.labels is not None and head.classes != evidence.labels:
        raise wrong_labels(evidence, f"{class_count(head.classes)} as {head.description}", "--head")
    return recognised


def _with_unread(recognised: Recognised, evidence: Evidence) -> Recognised:
    """With a sentence on the outputs that are not read and of which the reason tells nothing."""
    read, reason = recognised.head.inputs, recognised.reason
    unread = [str(o) for o in evidence.outputs if o.name not in read and o.name not in reason]
    if not unread:
        return recognised
    family = recognised.head.description.split()[0].rstrip(",")
    return replace(recognised, reason=f"{reason}; {family} does not read {'; '.join(unread)}")


def _not_recognised(evidence: Evidence) -> HeadError:
    """The likeliest reason first, the list of all families last."""
    wanted = evidence.options.head
    expected = _expected()
    if wanted != AUTO:
        first = f"the outputs ({listed(evidence)}) are not those of --head {wanted}, which takes "
        first += expected[wanted]
    else:
        first = f"{likely_reason(evidence)}. The outputs: {listed(evidence)}"
    lines = [
        first,
        *evidence.notes,
        "What each family takes:",
        *(f"  --head {name}: {text}" for name, text in expected.items()),
        f"Where values leave it open, {OPTIONS} decide. A labels file must have one line for each "
        "class",
    ]
    return HeadError("\n".join(lines))
