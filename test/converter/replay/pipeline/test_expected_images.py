"""How many images an excerpt has, for the progress bar."""

import pytest

from converter.errors import ReplayError
from converter.recordings.recorded_message import Excerpt, RecordedTopic
from converter.replay.pipeline.expected_images import check_excerpt, expected_images

TOPICS = (RecordedTopic("/a", "t", 100), RecordedTopic("/b", "t", 10))


@pytest.mark.parametrize(
    ("excerpt", "expected"),
    [
        (Excerpt(), 110),
        (Excerpt(every=3), 34 + 4),
        (Excerpt(start=5.0), 55),
        (Excerpt(start=5.0, end=7.5), 25 + 3),
        (Excerpt(end=100.0), 110),
        (Excerpt(limit=7), 7),
        (Excerpt(every=3, limit=1000), 38),
    ],
)
def test_images_are_expected_by_the_excerpts_part_of_the_time(
    excerpt: Excerpt, expected: int
) -> None:
    assert expected_images(TOPICS, excerpt, 10.0) == expected


def test_a_recording_of_one_instant_has_all_its_images_in_it() -> None:
    assert expected_images(TOPICS, Excerpt(), 0.0) == 110
    check_excerpt(Excerpt(), 0.0)


@pytest.mark.parametrize(
    ("excerpt", "message"),
    [
        (Excerpt(start=10.5), "--from 10.5 is beyond the end .* 10.0 s long"),
        (Excerpt(start=3.0, end=3.0), "--from 3 is not before --to 3"),
        (Excerpt(start=30.0, end=2.0), "--from 30 is not before --to 2"),
    ],
)
def test_an_excerpt_that_is_empty_is_refused(excerpt: Excerpt, message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        check_excerpt(excerpt, 10.0)
