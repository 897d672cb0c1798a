"""Which recorded results belong to the images of which topic: those whose headers have the same
stamps, whatever the topics are called."""

from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from os.path import commonpath
from typing import NamedTuple

from converter.recordings.image_messages import header_of
from converter.recordings.recordings import Recordings
from trt_inference.errors import ImageError

# Seconds of recording between an image and its result, at most: the robot may be slow, and what
# records may get the image late.
LONGEST_DELAY = 15.0
_ENOUGH_PAIRS = 20  # of a topic, to know which images it belongs to
_ENOUGH_RESULTS = 100  # without an image, to know that a topic belongs to none


class TopicPair(NamedTuple):
    """A topic of images and one of results, by their names."""

    images: str
    results: str


@dataclass
class StampMatches:
    """What the stamps of topics have in common.

    Attributes:
        same_header: how many images and results have the same stamp and frame_id.
        same_stamp: how many have the same stamp and another frame_id.
        images_alike: how often two topics of images have the same stamp and frame_id.
        images_together: how often they have the same stamp and another frame_id.
        examples: stamp, in nanoseconds, and frame_id of the first message of each topic.
    """

    same_header: Counter[TopicPair] = field(default_factory=Counter)
    same_stamp: Counter[TopicPair] = field(default_factory=Counter)
    images_alike: Counter[frozenset[str]] = field(default_factory=Counter)
    images_together: Counter[frozenset[str]] = field(default_factory=Counter)
    examples: dict[str, tuple[int, str]] = field(default_factory=dict)

    def images_of(self, results: str) -> dict[str, int]:
        """The topics of images that a topic of results belongs to, with how often they agree. Only
        where no frame_id agrees, as where the detector gives none, do stamps alone decide."""
        for counts in (self.same_header, self.same_stamp):
            found = {pair.images: n for pair, n in counts.items() if pair.results == results}
            # Stamps of cameras that do not wait for each other agree by chance, now and then.
            if found:
                return {one: n for one, n in found.items() if 2 * n >= max(found.values())}
        return {}

    def results_of(self, images: str) -> list[str]:
        """The topics of results that belong to a topic of images."""
        pairs = (*self.same_header, *self.same_stamp)
        results = dict.fromkeys(pair.results for pair in pairs)
        return [one for one in results if images in self.images_of(one)]

    def frame_ids_agree(self, pair: TopicPair) -> bool:
        """Whether an image and its result have the same frame_id."""
        return pair in self.same_header

    def are_of_same_results(self, one: TopicPair, other: TopicPair) -> bool:
        """Whether the images of two topics have the same results: nothing in their headers tells of
        which of them these are."""
        images = frozenset((one.images, other.images))
        shared = self.images_alike[images]
        results = min(self.same_header[one], self.same_header[other])
        if not results:
            shared += self.images_together[images]
            results = min(self.same_stamp[one], self.same_stamp[other])
        return 2 * shared >= max(results, 1)


class StampMatcher:
    """Counts equal stamps among messages that are recorded ``LONGEST_DELAY`` apart at most."""

    def __init__(self, results: Collection[str]) -> None:
        """
        Args:
            results: those of the topics that are of results.
        """
        self.matches = StampMatches()
        self.passed: Counter[str] = Counter()  # messages that no later one can belong to
        self._results = results
        # By stamp: topic and frame_id with when they were recorded last.
        self._waiting: OrderedDict[int, dict[tuple[str, str], float]] = OrderedDict()

    def add(self, topic: str, stamp: int, frame_id: str, seconds: float) -> None:
        """Count with what the header of a message agrees."""
        self._let_pass(seconds - LONGEST_DELAY)
        self.matches.examples.setdefault(topic, (stamp, frame_id))
        # A stamp of 0 is none: all messages without one would agree.
        others = self._waiting.setdefault(stamp, {}) if stamp else {}
        for other_topic, other_frame_id in others:
            self._count(topic, other_topic, frame_id == other_frame_id)
        others[topic, frame_id] = seconds
        if stamp:
            self._waiting.move_to_end(stamp)

    def _count(self, topic: str, other: str, frame_ids_agree: bool) -> None:
        """Count that two topics have the same stamp."""
        matches = self.matches
        is_result, is_other_result = topic in self._results, other in self._results
        if is_result != is_other_result:
            pair = TopicPair(other, topic) if is_result else TopicPair(topic, other)
            (matches.same_header if frame_ids_agree else matches.same_stamp)[pair] += 1
        elif topic != other and not is_result:
            images = matches.images_alike if frame_ids_agree else matches.images_together
            images[frozenset((topic, other))] += 1

    def is_clear(self, messages: Mapping[str, int]) -> bool:
        """Whether it is known of each topic of results which images it belongs to.

        Args:
            messages: how many there are on each topic of results.
        """

        def is_decided(topic: str) -> bool:
            pairs = sum(self.matches.images_of(topic).values())
            enough = min(_ENOUGH_PAIRS, messages[topic] or _ENOUGH_PAIRS)
            return pairs >= enough or self.passed[topic] >= _ENOUGH_RESULTS

        return any(map(self.matches.images_of, messages)) and all(map(is_decided, messages))

    def _let_pass(self, until: float) -> None:
        while self._waiting:
            oldest = next(iter(self._waiting.values()))
            if max(oldest.values()) >= until:
                return
            self.passed.update(topic for topic, _ in oldest)
            self._waiting.popitem(last=False)


def match_stamps(
    recordings: Recordings, image_topics: Sequence[str], results: Mapping[str, int]
) -> StampMatches:
    """Read headers until it is clear which topics belong together; to the end if none do.

    Args:
        results: topics of results with how many messages each has.
    """
    matcher = StampMatcher(results)
    for message in recordings.messages({*image_topics, *results}):
        try:
            matcher.add(message.topic, *header_of(message), message.seconds)
        except ImageError:
            continue  # what reads the messages counts it
        if message.topic in results and matcher.is_clear(results):
            break
    return matcher.matches


def nearest_topics(topic: str, others: Sequence[str]) -> list[str]:
    """Those of the other topics that share most of their namespace with the topic."""

    def shared(name: str) -> int:
        return len(commonpath([f"/{one.strip('/')}" for one in (topic, name)]))

    most = max(map(shared, others), default=0)
    return [one for one in others if shared(one) == most]
