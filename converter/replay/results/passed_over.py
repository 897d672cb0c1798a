"""What of a recording is not compared, and stamps that are not what they should be, counted."""

from collections import Counter

from converter.recordings.recorded_image import SkippedImage
from converter.replay.results.replay_results import SkippedKind
from trt_inference.printable import printable

_MOST_KINDS = 100  # whatever a hostile recording makes up
_OTHER = "other reasons"


class SkippedTally:
    """Counts images without a comparison by topic and kind, with the reason of the first one."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}

    def add(self, skipped: SkippedImage) -> None:
        """Count an image."""
        key = skipped.topic, skipped.kind
        if key not in self._counts and len(self._counts) >= _MOST_KINDS:
            key = skipped.topic, _OTHER
        self._counts[key] += 1
        where = f"at {skipped.seconds:.3f} s: {printable(skipped.reason)}"
        self._examples.setdefault(key, where)

    @property
    def images(self) -> int:
        """All of them."""
        return sum(self._counts.values())

    def kinds(self) -> tuple[SkippedKind, ...]:
        """The most frequent kinds first."""
        return tuple(
            SkippedKind(topic, kind, images, self._examples[topic, kind])
            for (topic, kind), images in self._counts.most_common()
        )


class StampOrder:
    """Counts stamps that a topic has had before, or that go backwards in it."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._backwards: Counter[str] = Counter()
        self._repeated: Counter[str] = Counter()

    def add(self, topic: str, stamp: int) -> None:
        """Look at the next stamp of a topic, in nanoseconds."""
        last = self._last.get(topic)
        if last is not None:
            self._backwards[topic] += stamp < last
            self._repeated[topic] += stamp == last
        self._last[topic] = stamp

    def sentences(self) -> tuple[str, ...]:
        """A sentence for each topic and what is wrong with its stamps."""
        return tuple(
            f"{printable(topic)}: the stamp of {count} {'image' if count == 1 else 'images'} {what}"
            for counts, what in (
                (self._backwards, "is earlier than that of the image before"),
                (self._repeated, "is the same as that of the image before"),
            )
            for topic, count in counts.items()
            if count
        )
