"""Which family the outputs of a network belong to."""

from __future__ import annotations

from converter.errors import HeadError
from converter.heads.decoding.error_messages import listed, wrong_labels
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import find_families, find_family
from converter.heads.unsupported_tasks import refuse_unsupported_tasks

AUTO = "auto"

OPTIONS = (
    "--head, --boxes, --box-format, --activation, --background, --first-class, --anchors, "
    "--box-scales, --offset-order, --outputs and --labels"
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
        HeadError: there is none, it is ambiguous, or the labels file has another number of
            classes; the message lists the outputs, and the options that decide.
    """
    wanted = evidence.options.head
    if wanted not in head_names():
        raise HeadError(f"there is no head '{wanted}': choose from {', '.join(head_names())}")
    if wanted == AUTO:
        refuse_unsupported_tasks(evidence)
    for family in find_families() if wanted == AUTO else (find_family(wanted),):
        recognised = family.recognise(evidence)
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
    lines = [
        f"the outputs ({listed(evidence)}) are not {family}. What each family takes:",
        *(f"  --head {name}: {text}" for name, text in _expected().items()),
        f"Where values leave it open, {OPTIONS} decide. A labels file must have one line for each "
        "class",
    ]
    return HeadError("\n".join(lines))
