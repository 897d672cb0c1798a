"""Sums over images, against rows that are counted by hand."""

from converter.replay.results.replay_tally import ReplayTally
from test.converter.replay.scenes import Row, compared, side

NAMES = ["circle", "square", "cross"]
CIRCLE = Row(0, 0.75, 0, 0, 100, 100)
SQUARE = Row(1, 0.5, 200, 0, 300, 100)


def test_each_difference_counts_to_its_class() -> None:
    tally = ReplayTally(NAMES)
    far = CIRCLE.shifted(300, 300)
    tally.add(compared(side([CIRCLE, SQUARE]), side([CIRCLE._replace(class_id=2), SQUARE])))
    tally.add(compared(side([CIRCLE, far]), side([far.shifted(20, 0), SQUARE])))
    tally.add(compared(side([CIRCLE]), side([], [CIRCLE._replace(score=0.125)])))
    tally.add(compared(side([SQUARE]), side([SQUARE._replace(score=0.875)])))
    tally.add(compared(side([]), side([])))
    circle, square, cross = tally.classes()
    assert (circle.name, circle.before, circle.after, circle.matched) == ("circle", 4, 1, 1)
    assert (circle.lost, circle.faded, circle.other_class, circle.moved) == (2, 1, 1, 1)
    assert circle.lost_share == 3 / 4
    assert (square.name, square.before, square.after, square.matched) == ("square", 2, 3, 2)
    assert (square.new, square.score_shifted, square.new_share) == (1, 1, 1 / 2)
    assert (cross.name, cross.before, cross.after, cross.became) == ("cross", 0, 1, 1)
    total = tally.total()
    assert (total.before, total.after, total.matched, total.became) == (6, 5, 3, 1)
    assert (tally.compared, tally.differing) == (5, 4)


def test_an_image_that_only_one_side_has_seen_does_not_count() -> None:
    tally = ReplayTally(NAMES)
    tally.add(compared(None, side([CIRCLE])))
    assert (tally.compared, tally.differing, tally.classes()) == (0, 0, ())
    assert tally.total().after == 0


def test_classes_come_by_their_frequency_and_none_that_nobody_has_found() -> None:
    tally = ReplayTally(NAMES)
    tally.add(compared(side([CIRCLE]), side([CIRCLE])))
    tally.add(compared(side([SQUARE, SQUARE.shifted(150, 0)]), side([])))
    tally.add(compared(side([SQUARE]), side([])))
    assert [one.name for one in tally.classes()] == ["square", "circle"]


def test_labels_may_come_up_later() -> None:
    names = ["circle"]
    tally = ReplayTally(names)
    tally.add(compared(side([CIRCLE]), side([CIRCLE])))
    names.append("square")
    tally.add(compared(side([SQUARE, SQUARE]), side([SQUARE, SQUARE])))
    assert [(one.name, one.before) for one in tally.classes()] == [("square", 2), ("circle", 1)]
    assert tally.total().matched == 3
