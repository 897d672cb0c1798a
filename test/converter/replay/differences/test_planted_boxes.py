"""Differences that are planted among boxes are found, all of them, and nothing else is.

They are planted into rows of numbers, and what they must weigh is computed there, by fractions.
"""

import random
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from converter.replay.differences.difference import (
    KINDS,
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    ImageDifferences,
)
from converter.replay.results.replay_tally import ReplayTally
from test.converter.replay.scenes import (
    CELL,
    CLASSES,
    Row,
    compared,
    crowded,
    found_in,
    iou,
    jittered,
    separated,
    side,
)

IMAGES, PLANTED = 330, 100
FAR, FADED = "far", "faded"
WAYS = (LOST, NEW, OTHER_CLASS, MOVED, FAR, SCORE_SHIFTED, FADED)
NAMES = {FAR: MOVED, FADED: LOST}  # as they must be called


class Plant(NamedTuple):
    """One difference: its kind, what it weighs, and whose it is."""

    kind: str
    weight: float
    before: Row | None
    after: Row | None


class Pair(NamedTuple):
    """Both sides of an image; ``below`` is what the candidate does not publish."""

    before: list[Row]
    after: list[Row]
    below: list[Row]
    plants: list[Plant]


def shift_to(chance: random.Random, row: Row, low: float, high: float) -> Row:
    """The row so far off that its IoU with what it was is between."""
    sign = chance.choice([-1, 1])
    shifts = [row.shifted(sign * pixels, chance.randint(0, 2)) for pixels in range(1, 100)]
    return chance.choice([one for one in shifts if low < iou(row, one) < high])


def plant(chance: random.Random, way: str, pair: Pair, place: int) -> None:
    """Change the candidate's row at ``place``."""
    before, after = pair.before[place], pair.after[place]
    gone = after._replace(class_id=-1)
    if way in (LOST, FADED):
        pair.after[place] = gone
        rest = after._replace(score=before.score - 20 / 64) if way == FADED else None
        pair.below.extend([rest] if rest else [])
        pair.plants.append(Plant(LOST, 1 + before.score, before, rest))
    elif way == NEW:  # which the baseline never had: another object in a place of its own
        pair.before[place] = gone
        pair.plants.append(Plant(NEW, 1 + after.score, None, after))
    elif way == OTHER_CLASS:
        renamed = after._replace(class_id=(after.class_id + chance.randint(1, 4)) % CLASSES)
        pair.after[place] = renamed
        weight = 1 + max(before.score, renamed.score)
        pair.plants.append(Plant(OTHER_CLASS, weight, before, renamed))
    elif way in (MOVED, FAR):
        low, high = (0.52, 0.88) if way == MOVED else (0.12, 0.48)
        moved = shift_to(chance, before, low, high)._replace(score=after.score)
        pair.after[place] = moved
        pair.plants.append(Plant(MOVED, float(1 - iou(before, moved)), before, moved))
    else:
        shifted = after._replace(score=before.score - chance.randint(7, 25) / 64)
        pair.after[place] = shifted
        pair.plants.append(Plant(SCORE_SHIFTED, before.score - shifted.score, before, shifted))


def planted_scenes(seed: int, is_noisy: bool, most: int) -> Iterator[Pair]:
    """Scenes, in ``PLANTED`` of which one difference or several are planted."""
    chance = random.Random(seed)
    chosen = set(chance.sample(range(IMAGES), PLANTED))
    ways = iter(WAYS * IMAGES)
    for index in range(IMAGES):
        rows = separated(chance)
        after = list(rows)
        if is_noisy:
            after = [jittered(chance, [row])[0] for row in rows]
        pair = Pair(list(rows), after, [], [])
        if index in chosen:
            for place in chance.sample(range(len(rows)), chance.randint(1, min(most, len(rows)))):
                plant(chance, next(ways), pair, place)
        before, after = ([row for row in one if row.class_id >= 0] for one in pair[:2])
        chance.shuffle(before)
        chance.shuffle(after)
        yield Pair(before, after, pair.below, pair.plants)


def as_plants(found: ImageDifferences) -> Counter[tuple[object, ...]]:
    """What was found, such that it can be compared with what was planted."""
    return Counter(
        (
            one.kind,
            *(
                thing and (thing.class_id, thing.score, thing.box)
                for thing in (one.before, one.after)
            ),
        )
        for one in found.differences
    )


def expected(plants: list[Plant]) -> Counter[tuple[object, ...]]:
    return Counter(
        (
            one.kind,
            *(row and (row.class_id, row.score, row.box) for row in (one.before, one.after)),
        )
        for one in plants
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_noisy", [False, True])
@pytest.mark.parametrize("most", [1, 4])
def test_all_planted_differences_are_found_named_and_ranked(
    seed: int, is_noisy: bool, most: int
) -> None:
    scenes = list(planted_scenes(seed, is_noisy, most))
    found = [found_in(one.before, one.after, one.below) for one in scenes]
    assert sum(bool(one.plants) for one in scenes) == PLANTED
    for one, scene in zip(found, scenes, strict=True):
        assert as_plants(one) == expected(scene.plants)
        weights = sorted((plant.weight for plant in scene.plants), reverse=True)
        assert [difference.weight for difference in one.differences] == pytest.approx(weights)
    planted = [sum(plant.weight for plant in scene.plants) for scene in scenes]
    ranking = sorted(range(IMAGES), key=lambda index: -found[index].weight)
    assert all(scenes[index].plants for index in ranking[:PLANTED])
    assert [planted[index] for index in ranking] == pytest.approx(sorted(planted, reverse=True))


@pytest.mark.parametrize("is_noisy", [False, True])
def test_the_sums_are_those_of_what_was_planted(is_noisy: bool) -> None:
    labels = [f"class {number}" for number in range(CLASSES)]
    tally = ReplayTally(labels)
    scenes = list(planted_scenes(11, is_noisy, 4))
    for one in scenes:
        tally.add(compared(side(one.before), side(one.after, one.below)))
    plants = [plant for one in scenes for plant in one.plants]
    kinds = Counter(plant.kind for plant in plants)
    total = tally.total()
    assert [kinds[kind] for kind in KINDS] == [
        total.lost, total.new, total.other_class, total.moved, total.score_shifted
    ]  # fmt: skip
    assert total.faded == sum(one.kind == LOST and one.after is not None for one in plants)
    assert (tally.compared, tally.differing) == (IMAGES, PLANTED)
    assert total.before == sum(len(one.before) for one in scenes)
    assert total.after == sum(len(one.after) for one in scenes)
    for number, name in enumerate(labels):
        row = next(one for one in tally.classes() if one.name == name)
        own = Counter(one.kind for one in plants if (one.before or one.after).class_id == number)
        assert (row.lost, row.new, row.other_class) == (own[LOST], own[NEW], own[OTHER_CLASS])
        renamed = [one.after.class_id for one in plants if one.kind == OTHER_CLASS]
        assert row.became == renamed.count(number)


def test_identical_sides_do_not_differ_however_boxes_overlap() -> None:
    chance = random.Random(5)
    for _ in range(IMAGES):
        rows = crowded(chance)
        mixed = chance.sample(rows, len(rows))
        found = found_in(rows, mixed)
        assert found.differences == ()
        assert found.matched.tolist() == found.before.tolist() == found.after.tolist()


def test_what_is_lost_new_or_renamed_in_a_crowd_is_named() -> None:
    chance = random.Random(6)
    for _ in range(IMAGES):
        rows = crowded(chance)
        lost = chance.sample(range(len(rows)), 2)
        after = [row for index, row in enumerate(rows) if index not in lost]
        assert as_plants(found_in(rows, after)) == expected(
            [Plant(LOST, 0, rows[index], None) for index in lost]
        )
        assert as_plants(found_in(after, rows)) == expected(
            [Plant(NEW, 0, None, rows[index]) for index in lost]
        )
        place = lost[0]
        renamed = rows[place]._replace(class_id=7)
        after = [*rows[:place], renamed, *rows[place + 1 :]]
        assert as_plants(found_in(rows, after)) == expected(
            [Plant(OTHER_CLASS, 0, rows[place], renamed)]
        )


def test_cells_are_wide_enough_for_what_is_planted() -> None:
    """Boxes of two cells must not come near each other, whatever was done to them."""
    chance = random.Random(7)
    for _ in range(100):
        rows = separated(chance)
        for one in rows:
            assert one.x1 // CELL == one.x2 // CELL
            assert not any(iou(one, other) for other in rows if other is not one)
