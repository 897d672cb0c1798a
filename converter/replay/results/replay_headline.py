"""What differs, in one sentence with the numbers that matter."""

from converter.replay.results.replay_results import ClassTally, ReplayResults
from converter.replay.results.replay_wording import count_text, share_text
from converter.tables.wording import counted


def headline(results: ReplayResults) -> str:
    """The sentence, without a full stop."""
    if not results.compared:
        return "No image was compared"
    if not results.differing and results.task == "segmentation" and results.total.gone:
        return f"No image differs much: {_pixels(results)}"
    if not results.differing:
        return f"No difference in {counted(results.compared, 'image')}"
    if results.task == "classification":
        return _classes(results)
    words = _pixels(results) if results.task == "segmentation" else _detections(results)
    return f"{words}{_images_that_differ(results)}"


def _images_that_differ(results: ReplayResults) -> str:
    """How many they are, and not as those in which all that stands before is."""
    images = f"{results.differing:,} of {counted(results.compared, 'image')}"
    differ = "differs" if results.differing == 1 else "differ"
    if results.task == "segmentation":
        return f"; {images} {differ} much"
    if _worst(results.total) and (results.total.moved or results.total.score_shifted):
        return f"; {images} {differ}"
    return f", in {images}"


def _worst(total: ClassTally) -> float:
    return total.lost + total.new + total.other_class


def _detections(results: ReplayResults) -> str:
    """What is lost, new or of another class; only where nothing is, what differs less."""
    total = results.total
    of_all = f" of {counted(round(total.before), 'detection')}"
    if _worst(total):
        parts = [
            (total.lost, "is lost", "are lost", of_all),
            (total.new, "is new", "are new", ""),
            (total.other_class, "has another class", "have another class", of_all),
        ]
        return _sentence(parts, "detection")
    parts = [
        (total.moved, "has moved", "have moved", of_all),
        (total.score_shifted, "has another score", "have another score", of_all),
    ]
    return f"No detection is lost or new; {_sentence(parts, 'detection')}"


def _classes(results: ReplayResults) -> str:
    total = results.total
    of_all = f" of {counted(results.compared, 'image')}"
    parts = [
        (total.other_class, "gets another class", "get another class", of_all),
        (total.lost, "gets none any more", "get none any more", of_all),
        (total.new, "gets one and got none", "get one and got none", of_all),
    ]
    if any(count for count, *_ in parts):
        return _sentence(parts, "image")
    parts = [(total.score_shifted, "has another score", "have another score", of_all)]
    return f"Each image gets the same class; {_sentence(parts, 'image')}"


def _pixels(results: ReplayResults) -> str:
    total = results.total
    return f"{share_text(total.gone, total.before)} of the pixels have another class"


def _sentence(parts: list[tuple[float, str, str, str]], thing: str) -> str:
    """``3 of 1,274 detections are lost, 5 are new``: the first part names the thing."""
    texts: list[str] = []
    for count, one, many, of_all in parts:
        if not count:
            continue
        verb = one if round(count) == 1 else many
        if texts:
            texts.append(f"{count_text(count)} {verb}")
        elif of_all:
            texts.append(f"{count_text(count)}{of_all} {verb}")
        else:
            texts.append(f"{counted(round(count), thing)} {verb}")
    return ", ".join(texts)
