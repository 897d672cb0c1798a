"""What is skipped is counted by topic and kind, and stamps that are wrong are reported."""

from converter.recordings.recorded_image import SkippedImage
from converter.replay.results.passed_over import SkippedTally, StampOrder


def test_images_are_counted_by_topic_and_kind_with_the_first_reason() -> None:
    tally = SkippedTally()
    for second, (topic, kind) in enumerate(
        [("/a", "cut short"), ("/a", "no jpeg"), ("/b", "no jpeg"), ("/a", "no jpeg")]
    ):
        tally.add(SkippedImage(topic, float(second), kind, f"reason {second}\x1b[2K"))
    assert [tuple(one) for one in tally.kinds()] == [
        ("/a", "no jpeg", 2, "at 1.000 s: reason 1\\x1b[2K"),
        ("/a", "cut short", 1, "at 0.000 s: reason 0\\x1b[2K"),
        ("/b", "no jpeg", 1, "at 2.000 s: reason 2\\x1b[2K"),
    ]


def test_kinds_that_a_recording_makes_up_without_end_are_counted_together() -> None:
    tally = SkippedTally()
    for number in range(1000):
        tally.add(SkippedImage("/a", 0.0, f"kind {number}", "reason"))
    assert sum(one.images for one in tally.kinds()) == 1000
    assert len(tally.kinds()) == 101
    assert tally.kinds()[0].kind == "other reasons"


def test_stamps_that_go_backwards_or_come_twice_are_reported_for_each_topic() -> None:
    stamps = StampOrder()
    for stamp in (1, 2, 2, 3, 1, 2, 4, 3):
        stamps.add("/a", stamp)
    for stamp in (5, 6):
        stamps.add("/b", stamp)
    stamps.add("/c", 7)
    stamps.add("/c", 7)
    assert stamps.sentences() == (
        "/a: the stamp of 2 images is earlier than that of the image before",
        "/a: the stamp of 1 image is the same as that of the image before",
        "/c: the stamp of 1 image is the same as that of the image before",
    )
