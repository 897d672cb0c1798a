"""Which topics hold what the robot published, and to which images it belongs."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from converter.errors import RecordingError
from converter.recordings.published.paired_topics import (
    LONGEST_DELAY,
    StampMatches,
    TopicPair,
    match_stamps,
    nearest_topics,
)
from converter.recordings.published.recorded_results import RESULT_TYPES
from converter.recordings.recorded_message import RecordedTopic
from converter.recordings.recordings import Recordings
from trt_inference.bundles.names import SEGMENTATION
from trt_inference.printable import printable, shortened

LABEL_INFO, VISION_INFO = "vision_msgs/msg/LabelInfo", "vision_msgs/msg/VisionInfo"
_MOST_LISTED = 30
# Names of what a simulation knows, or a person has drawn.
_TRUTH = re.compile(r"(^|[/_])(ground_?truth|truth|gt|labell?ed|annotat\w*)([/_]|$)", re.IGNORECASE)


class RecordedResultTopics(NamedTuple):
    """
    Attributes:
        pairs: each topic of images that has results, with their topic.
        needs_frame_id: of which pairs image and result have the same frame_id.
        notes: what was left out, in sentences.
    """

    pairs: tuple[TopicPair, ...]
    needs_frame_id: frozenset[TopicPair]
    notes: tuple[str, ...]


def choose_result_topics(
    recordings: Recordings, image_topics: Sequence[str], asked: Sequence[str], task: str
) -> RecordedResultTopics | None:
    """The topics of results that belong to the images, by their stamps.

    Args:
        asked: take these; by default all that are of the task's type, but not those that are
            called ground truth.

    Returns:
        None where none are asked for and there are none.

    Raises:
        RecordingError: a topic is missing or of another type, or it is not clear which results
            belong to the images.
    """
    there = [one for one in recordings.topics if _may_be_results(one, task, image_topics)]
    if asked:
        chosen = [_find(recordings.topics, name, task, image_topics) for name in asked]
        left_out = []
    else:
        chosen = [one for one in there if not _TRUTH.search(one.name)]
        left_out = [one for one in there if _TRUTH.search(one.name)]
    if not chosen:
        return None
    matches = match_stamps(recordings, image_topics, {one.name: one.messages for one in chosen})
    names = {one.name for one in recordings.topics if one.type in (LABEL_INFO, VISION_INFO)}
    described = [one.name for one in chosen if names & set(topics_of_labels(one.name))]
    pairs = [
        TopicPair(images, results)
        for images in image_topics
        for results in _results_of(images, matches, described)
    ]
    if not pairs:
        raise RecordingError(_no_match(matches, image_topics, [one.name for one in chosen]))
    pairs = [pair for pair in pairs if _is_nearest(pair, pairs, matches)]
    notes = [*_truth_notes(left_out), *_pair_notes(pairs, image_topics, chosen, bool(asked))]
    needs_frame_id = frozenset(filter(matches.frame_ids_agree, pairs))
    return RecordedResultTopics(tuple(pairs), needs_frame_id, tuple(notes))


def topics_of_labels(results: str) -> tuple[str, str]:
    """Where a node that publishes results describes them: ``label_info`` and ``vision_info``."""
    prefix = results.rpartition("/")[0]
    return f"{prefix}/label_info", f"{prefix}/vision_info"


def _may_be_results(topic: RecordedTopic, task: str, image_topics: Sequence[str]) -> bool:
    if topic.type != RESULT_TYPES[task] or topic.name in image_topics:
        return False
    # Class maps have the type of images.
    return task != SEGMENTATION or topic.name.rpartition("/")[2] == SEGMENTATION


def _find(
    topics: Sequence[RecordedTopic], name: str, task: str, image_topics: Sequence[str]
) -> RecordedTopic:
    called_so = [one for one in topics if name.strip("/") == one.name.strip("/")]
    found = [one for one in called_so if one.type == RESULT_TYPES[task]]
    if not called_so:
        raise RecordingError(f"the recording has no topic {_shown(name)}{_offer(topics, task)}")
    if not found:
        raise RecordingError(
            f"{_shown(called_so[0].name)} has messages of {_shown(called_so[0].type)}, and "
            f"{task} results are {RESULT_TYPES[task]}{_offer(topics, task)}"
        )
    if found[0].name in image_topics:
        raise RecordingError(
            f"{_shown(name)} has the images that are looked at, and no {task} results"
            f"{_offer(topics, task)}"
        )
    return found[0]


def _offer(topics: Sequence[RecordedTopic], task: str) -> str:
    names = [one.name for one in topics if _may_be_results(one, task, ())]
    if names:
        return f". Topics with {task} results: {_listed(names)}"
    others = _listed([f"{one.name} ({one.type})" for one in topics])
    return f". There is none with {task} results among its topics: {others}"


def _results_of(images: str, matches: StampMatches, described: Sequence[str]) -> list[str]:
    """The topic of results that belongs to a topic of images, or none."""
    fitting = matches.results_of(images)
    fitting = [one for one in fitting if one in described] or fitting
    fitting = nearest_topics(images, fitting)
    if len(fitting) > 1:
        raise RecordingError(
            f"several topics have results for the images of {_shown(images)}: {_listed(fitting)}. "
            "Choose one with --recorded TOPIC"
        )
    return fitting


def _is_nearest(pair: TopicPair, pairs: Sequence[TopicPair], matches: StampMatches) -> bool:
    """Whether the results are of these images, and not of others with the same stamps.

    Raises:
        RecordingError: they may be of either.
    """
    rivals = [
        one.images
        for one in pairs
        if one.results == pair.results
        and not _are_compressed(one.images, pair.images)
        and (one == pair or matches.are_of_same_results(one, pair))
    ]
    nearest = nearest_topics(pair.results, rivals)
    if len(nearest) > 1 and pair.images in nearest:
        raise RecordingError(
            f"several topics have the images that the results on {_shown(pair.results)} can be of, "
            f"by their stamps: {_listed(nearest)}. Choose the one that the robot's node subscribes "
            "to with --topic"
        )
    return pair.images in nearest


def _are_compressed(one: str, other: str) -> bool:
    """Whether one topic has the images of the other, compressed."""
    return one in (f"{other}/compressed", other.removesuffix("/compressed")) and one != other


def _no_match(matches: StampMatches, image_topics: Sequence[str], results: Sequence[str]) -> str:
    return (
        f"no result on {_listed(results)} has the stamp of an image on {_listed(image_topics)} "
        f"that was recorded within {LONGEST_DELAY:g} s of it: the first stamps are "
        f"{_first(matches, results)} and {_first(matches, image_topics)}. Results are found by "
        "the stamp in their header, which a node copies from the image. Give "
        "the topic that the robot's node subscribes to with --topic, or its results with "
        "--recorded; if something has changed or left out the stamps, compare two bundles or "
        "precisions instead, with --against or --precision"
    )


def _first(matches: StampMatches, topics: Sequence[str]) -> str:
    found = next((matches.examples[one] for one in topics if one in matches.examples), None)
    if found is None:
        return "none"
    seconds, nanoseconds = divmod(found[0], 10**9)
    stamp = f"{seconds}.{nanoseconds:09d}" if found[0] else "0, which stands for none"
    return f"{stamp} (frame_id '{_shown(found[1])}')"


def _truth_notes(left_out: Sequence[RecordedTopic]) -> list[str]:
    if not left_out:
        return []
    names = _listed([one.name for one in left_out])
    return [
        f"{names} is not compared: by its name it is the truth, not what a robot found. To compare "
        "with it, name it after --recorded"
    ]


def _pair_notes(
    pairs: Sequence[TopicPair],
    image_topics: Sequence[str],
    chosen: Sequence[RecordedTopic],
    is_asked: bool,
) -> list[str]:
    used = {name for pair in pairs for name in pair}
    notes = [
        f"There are no recorded results for the images of {_shown(one)}, by their stamps, or other "
        "images are nearer to them"
        for one in image_topics
        if one not in used
    ]
    unused = [one.name for one in chosen if one.name not in used]
    if unused:
        what = "was asked for, but its" if is_asked else "is not compared: its"
        notes += [
            f"{_shown(one)} {what} stamps are not those of the images, or other results "
            "are nearer to them"
            for one in unused
        ]
    return notes


def _listed(names: Sequence[str]) -> str:
    shown = [_shown(one) for one in names[:_MOST_LISTED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _shown(name: str) -> str:
    return shortened(printable(name))
