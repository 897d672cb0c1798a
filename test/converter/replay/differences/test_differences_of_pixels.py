"""Class maps: planted differences, and what counts as one."""

import random

import numpy as np
import pytest

from converter.errors import ReplayError
from converter.replay.differences.difference import LOST, NEW, OTHER_CLASS, ImageDifferences
from converter.replay.differences.find_differences import find_differences
from converter.replay.results.replay_tally import ReplayTally
from test.converter.replay.scenes import LIMITS, compared, same
from trt_inference.inference.results import OUTSIDE, Segmentation

ROAD, GRASS, SKY, PERSON, CAR = range(5)
SIZE = 100  # of a map of 10,000 pixels


def found(before: np.ndarray, after: np.ndarray) -> ImageDifferences:
    return find_differences(same(Segmentation(before)), same(Segmentation(after)), LIMITS)


def street() -> np.ndarray:
    """40 rows of sky, 30 of grass, 30 of road."""
    rows = np.repeat(np.array([SKY, GRASS, ROAD], np.uint8), [40, 30, 30])
    return np.repeat(rows[:, None], SIZE, axis=1)


def with_block(class_map: np.ndarray, pixels: int, class_id: int, row: int) -> np.ndarray:
    """So many pixels of a class, in a row or two."""
    changed = class_map.copy()
    changed[row:].reshape(-1)[:pixels] = class_id
    return changed


def kinds(result: ImageDifferences) -> list[tuple[str, int]]:
    return [(one.kind, one.class_id) for one in result.differences]


def planted_in(chosen: dict[int, str], image: int) -> list[str]:
    return [chosen[image]] if image in chosen else []


@pytest.mark.parametrize("seed", range(3))
def test_all_planted_differences_are_found_named_and_ranked(seed: int) -> None:
    chance = random.Random(seed)
    images = range(300)
    chosen = dict(
        zip(
            chance.sample(images, 100), chance.choices([LOST, NEW, OTHER_CLASS], k=100), strict=True
        )
    )
    weights, results = [], []
    for image in images:
        before = after = street()
        pixels = chance.randint(101, 900)
        if chosen.get(image) == LOST:
            before = with_block(street(), pixels, PERSON, 5)
        elif chosen.get(image) == NEW:
            after = with_block(street(), pixels, PERSON, 5)
        elif chosen.get(image) == OTHER_CLASS:
            after = with_block(street(), pixels, GRASS, 71)
        noisy = after.copy()
        # Two rows of edges, half of a per cent each, in every image.
        noisy[40, :50] = SKY
        noisy[69, :50] = ROAD
        result = found(before, noisy)
        assert [one.kind for one in result.differences] == planted_in(chosen, image)
        results.append(result)
        is_class = chosen.get(image) in (LOST, NEW)
        weights.append((is_class + pixels / SIZE**2) if image in chosen else 0.0)
    ranking = sorted(images, key=lambda image: -results[image].weight)
    assert set(ranking[:100]) == set(chosen)
    assert [weights[image] for image in ranking] == pytest.approx(sorted(weights, reverse=True))


def test_counts_are_those_of_each_pixel_by_itself() -> None:
    chance = np.random.default_rng(2)
    before, after = chance.choice([0, 1, 2, 5, OUTSIDE], (2, 40, 30)).astype(np.uint8)
    result = found(before, after)
    pairs = [
        (one, other)
        for one, other in zip(before.ravel().tolist(), after.ravel().tolist(), strict=True)
        if OUTSIDE not in (one, other)
    ]
    for number in range(6):
        assert result.before[number] == sum(one == number for one, _ in pairs)
        assert result.after[number] == sum(other == number for _, other in pairs)
        assert result.matched[number] == pairs.count((number, number))
    assert len(result.before) == 6


def test_pixels_of_a_huge_map_are_counted_to_the_last_one() -> None:
    """float32 has no odd numbers from 2^24 on."""
    before = np.zeros((4100, 4101), np.uint8)
    after = before.copy()
    after[-1, -1] = GRASS
    result = found(before, after)
    assert result.before.tolist() == [4100 * 4101, 0]
    assert result.matched.tolist() == [4100 * 4101 - 1, 0]


@pytest.mark.parametrize(("pixels", "names"), [(100, []), (101, [(OTHER_CLASS, SKY)])])
def test_more_than_a_hundredth_must_change(pixels: int, names: list[tuple[str, int]]) -> None:
    after = with_block(street(), pixels, GRASS, 10)
    assert kinds(found(street(), after)) == names


@pytest.mark.parametrize(("pixels", "names"), [(9, []), (10, [(LOST, PERSON)])])
def test_from_a_thousandth_on_a_class_is_in_the_image(
    pixels: int, names: list[tuple[str, int]]
) -> None:
    with_person = with_block(street(), pixels, PERSON, 10)
    assert kinds(found(with_person, street())) == names
    mirrored = [(NEW, class_id) for _, class_id in names]
    assert kinds(found(street(), with_person)) == mirrored


@pytest.mark.parametrize(("left", "names"), [(4, [(LOST, PERSON)]), (5, [])])
def test_less_than_a_tenth_is_as_good_as_gone(left: int, names: list[tuple[str, int]]) -> None:
    before = with_block(street(), 50, PERSON, 10)
    result = found(before, with_block(street(), left, PERSON, 10))
    assert kinds(result) == names
    if names:
        (lost,) = result.differences
        assert lost.before is not None
        assert lost.after is not None
        assert (lost.before.score, lost.after.score) == (0.005, 0.0004)


def test_a_difference_names_both_classes_and_their_share() -> None:
    (one,) = found(street(), with_block(street(), 300, GRASS, 71)).differences
    assert one.before is not None
    assert one.after is not None
    assert (one.before.class_id, one.after.class_id) == (ROAD, GRASS)
    assert one.before.score == one.after.score == one.weight == 0.03


def test_a_class_that_wins_from_several_is_named_with_the_largest() -> None:
    """Grass wins 1.5 %, 0.9 of it from the road and 0.6 from the sky, which lose too little."""
    after = with_block(with_block(street(), 90, GRASS, 75), 60, GRASS, 5)
    (one,) = found(street(), after).differences
    assert one.before is not None
    assert one.before.class_id == ROAD
    assert one.weight == 0.009


def test_a_class_in_the_place_of_another_is_lost_and_new_not_renamed() -> None:
    before, after = (with_block(street(), 400, one, 5) for one in (PERSON, CAR))
    assert sorted(kinds(found(before, after))) == [(LOST, PERSON), (NEW, CAR)]


def test_what_is_outside_is_not_compared_and_no_part_of_the_image() -> None:
    before, after = street(), with_block(street(), 100, PERSON, 5)
    after[50:] = OUTSIDE
    (new,) = found(before, after).differences
    assert (new.kind, new.class_id) == (NEW, PERSON)
    assert new.after is not None
    assert new.after.score == 100 / 5000
    nothing = np.full_like(before, OUTSIDE)
    assert found(before, nothing).differences == found(nothing, before).differences == ()
    assert found(before, nothing).before.sum() == 0


def test_maps_of_two_sizes_are_refused_with_both() -> None:
    with pytest.raises(ReplayError, match=r"baseline has 30x20 pixels.*candidate 30x40"):
        found(np.zeros((20, 30), np.uint8), np.zeros((40, 30), np.uint8))


def test_pixels_add_up_in_the_sums() -> None:
    """A person is lost, a car is new, and the grass takes a strip of the road."""
    before = with_block(street(), 400, PERSON, 5)
    after = with_block(with_block(street(), 250, CAR, 20), 300, GRASS, 71)
    tally = ReplayTally(["road", "grass", "sky", "person"])
    for _ in range(2):
        tally.add(compared(same(Segmentation(before)), same(Segmentation(after))))
    rows = {one.name: one for one in tally.classes()}
    assert (rows["person"].before, rows["person"].lost) == (800, 800)
    assert (rows["4"].after, rows["4"].new) == (500, 500)  # the car has no label
    assert (rows["road"].other_class, rows["grass"].became) == (600, 600)
    assert (rows["sky"].other_class, rows["sky"].became) == (500, 800)
    total = tally.total()
    assert total.before == total.matched + total.lost + total.other_class == 20000
    assert total.after == total.matched + total.new + total.became
    assert total.lost_share == (400 + 250 + 300) / 10000
    assert (tally.compared, tally.differing) == (2, 2)
