"""Class folders as the names of a head's classes, where nobody has given names."""

from typing import Callable, Optional

from converter.errors import DatasetError, HeadError
from converter.heads.choose import AUTO
from converter.heads.classification.head import ClassificationHead
from converter.heads.evidence import HeadOptions, Recognised
from converter.inputs.dataset import Dataset


def recognise_with_folders(
    recognise: Callable[[Optional[int]], Recognised],
    labels: Optional[int],
    dataset: Dataset,
    options: HeadOptions,
) -> Recognised:
    """Recognise a head; its classes must be as many as the class folders whose names they get.

    Args:
        recognise: recognises the head for a number of labels, or for any.
        labels: how many names of classes there are.
        options: what the user specifies of the head.

    Raises:
        DatasetError: there are more or fewer class folders, or the head is no classifier.
        HeadError: no head is recognised.
    """
    folders = dataset.folders
    if folders is None or not folders.assumed:
        return recognise(labels)
    try:
        found = recognise(labels)
        if not _leaves_one_out(found, options):
            return found
    except HeadError:  # which names a labels file
        found = recognise(None)
    head, count = found.head, len(folders.names)
    dataset.check_task(head.task, head.description)
    scores = head.columns if isinstance(head, ClassificationHead) else head.classes
    if scores == count:
        return found
    one_more = ", or --background first where the first score is for none" * (scores == count + 1)
    raise DatasetError(
        f"--images has {count} class folders, but {head.description} has {scores} classes: give "
        f"their names with --labels, one a line in the model's order{one_more}"
    )


def _leaves_one_out(found: Recognised, options: HeadOptions) -> bool:
    """Whether one score is taken for none only because there is a folder less."""
    head = found.head
    return (
        isinstance(head, ClassificationHead)
        and head.reading.background != "none"
        and options.background == AUTO
    )
