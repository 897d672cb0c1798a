"""How many images of a recording an excerpt has, as far as that is known before it is read."""

import math
from collections.abc import Iterable

from converter.errors import ReplayError
from converter.recordings.recorded_message import Excerpt, RecordedTopic


def check_excerpt(excerpt: Excerpt, seconds: float) -> None:
    """Refuse an excerpt that is empty.

    Args:
        seconds: of the whole recording.

    Raises:
        ReplayError: it is; with its limits.
    """
    if excerpt.end is not None and excerpt.end <= excerpt.start:
        raise ReplayError(
            f"--from {excerpt.start:g} is not before --to {excerpt.end:g}: give the earlier second "
            "first"
        )
    if excerpt.start > seconds:
        raise ReplayError(
            f"--from {excerpt.start:g} is beyond the end of the recording, which is "
            f"{seconds:.1f} s long: give an earlier second"
        )


def expected_images(topics: Iterable[RecordedTopic], excerpt: Excerpt, seconds: float) -> int:
    """About how many images there are to look at, if they lie evenly in the recording."""
    end = seconds if excerpt.end is None else min(excerpt.end, seconds)
    share = (end - excerpt.start) / seconds if seconds > 0 else 1.0
    share = min(max(share, 0.0), 1.0)
    count = sum(math.ceil(math.ceil(one.messages * share) / excerpt.every) for one in topics)
    return count if excerpt.limit is None else min(count, excerpt.limit)
