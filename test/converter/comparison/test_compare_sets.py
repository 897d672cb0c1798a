"""Lists of boxes are the same set where only rounding has moved or exchanged rows at their end."""

from typing import Optional, Tuple

import numpy as np
import pytest

from converter.comparison.agreement import RowAgreement
from converter.comparison.compare_sets import Undecided, compare_sets, pair_rows
from converter.comparison.match_rows import DetectionRows, match_rows
from converter.comparison.tolerance import TOLERANCES
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES

FLOAT32, BFLOAT16 = TOLERANCES["float32"], TOLERANCES["bfloat16"]
WHOLE, BEST = Undecided(), Undecided(wanted=True, given=True)


def ranking(scores: np.ndarray, seed: int = 0) -> DetectionRows:
    """Boxes all over an image of 640 pixels, the best score first."""
    generator = np.random.default_rng(seed)
    corners = generator.uniform(0, 500, (len(scores), 2))
    boxes = np.concatenate([corners, corners + generator.uniform(10, 140, (len(scores), 2))], 1)
    classes = generator.integers(0, 3, len(scores)).astype(np.int32)
    return DetectionRows(boxes.astype(np.float32), np.float32(scores), classes)


def take(rows: DetectionRows, order: np.ndarray) -> DetectionRows:
    return DetectionRows(rows.boxes[order], rows.scores[order], rows.classes[order])


def exchanged(rows: DetectionRows, one: int, other: int, part: str) -> DetectionRows:
    """``rows`` with the classes, the boxes or the whole rows of two places exchanged."""
    order = np.arange(len(rows))
    order[[one, other]] = other, one
    if part == "rows":
        return take(rows, order)
    if part == "classes":
        assert rows.classes[one] != rows.classes[other]
        return DetectionRows(rows.boxes, rows.scores, rows.classes[order])
    return DetectionRows(rows.boxes[order], rows.scores, rows.classes)


def agreement(
    wanted: DetectionRows, given: DetectionRows, undecided: Undecided = BEST
) -> RowAgreement:
    return compare_sets(wanted, given, FLOAT32, undecided).agreement


def tied_in_the_middle() -> Tuple[DetectionRows, int, int]:
    """Falling scores, of which two neighbours of other classes are exactly 0.5."""
    scores = np.linspace(0.9, 0.1, 41)
    scores[20:22] = 0.5
    rows = ranking(scores)
    rows.classes[20:22] = 0, 1
    return rows, 20, 21


def test_rows_of_one_score_may_change_places() -> None:
    rows, one, other = tied_in_the_middle()
    found = agreement(rows, exchanged(rows, one, other, "rows"))
    assert found == RowAgreement(rows=41, moved=2)


@pytest.mark.parametrize("part", ["classes", "boxes"])
@pytest.mark.parametrize("undecided", [WHOLE, BEST])
@pytest.mark.parametrize("distance", [1, 9])  # to a row of the same score, and of another
def test_parts_of_two_rows_may_not(part: str, undecided: Undecided, distance: int) -> None:
    rows, one, _ = tied_in_the_middle()
    rows.classes[one + distance] = 1
    found = agreement(rows, exchanged(rows, one, one + distance, part), undecided)
    assert (found.unlike, found.undecided) == (4, 0)  # both rows of both lists
    assert "score 0.5000, class 0" in found.example


def test_a_row_that_enters_or_leaves_at_the_end_moves_no_other_row() -> None:
    """As in a flat tail of which rounding lets another row in, here at the top."""
    rows = ranking(np.linspace(0.3, 0.2, 101))
    rows.scores[-3:] = rows.scores[-3]
    wanted, given = take(rows, np.arange(100)), take(rows, np.r_[:99, 100])
    assert agreement(wanted, given) == RowAgreement(rows=100, undecided=2)
    assert agreement(wanted, given, WHOLE).unlike == 2


def test_a_row_that_is_better_than_the_last_must_be_in_both_lists() -> None:
    rows = ranking(np.linspace(0.9, 0.1, 101))
    wanted, given = take(rows, np.arange(100)), take(rows, np.delete(np.arange(101), 50))
    found = agreement(wanted, given)
    # That which has come in at the end is not the fault.
    assert (found.unlike, found.undecided, found.moved) == (1, 1, 49)


def test_saturated_scores_are_ties() -> None:
    """Three hundred rows of score 1 but for rounding, in any order; one fell out at the end."""
    rows = ranking(np.ones(301))
    rows.scores[::3] = np.nextafter(np.float32(1), np.float32(0))
    order = np.random.default_rng(3).permutation(300)
    found = agreement(take(rows, np.arange(300)), take(rows, np.r_[order[order != 7], 300]))
    assert (found.rows, found.unlike, found.undecided) == (300, 0, 2)


def test_rows_that_fill_a_list_up_are_not_compared() -> None:
    rows = ranking(np.r_[np.linspace(0.9, 0.5, 10), np.zeros(90)])
    given = DetectionRows(rows.boxes.copy(), rows.scores, rows.classes.copy())
    given.boxes[10:], given.classes[10:] = -1, 2
    assert agreement(rows, given) == RowAgreement(rows=10)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["boxes", "scores"])
@pytest.mark.parametrize("undecided", [BEST, Undecided(True, True, anywhere=True)])
def test_what_is_no_number_is_never_the_same(value: float, name: str, undecided: Undecided) -> None:
    rows = ranking(np.linspace(0.9, 0.1, 9))
    broken = DetectionRows(rows.boxes.copy(), rows.scores.copy(), rows.classes)
    getattr(broken, name)[4] = value
    for wanted, given in ((rows, broken), (broken, rows), (broken, broken)):
        assert agreement(wanted, given, undecided).unlike


@pytest.mark.parametrize("other", [0.49995, 0.4])
def test_of_two_classes_that_tie_either_may_be_the_best(other: float) -> None:
    scores = np.float32([[0.5, other]])
    box = np.float32([[0, 0, 9, 9]])
    wanted = DetectionRows(box, scores[:, 0], np.int32([0]), scores)
    given = DetectionRows(box, scores[:, 1], np.int32([1]))
    pairs, _ = match_rows(wanted, given, FLOAT32)
    assert len(pairs) == (other == 0.49995)


def test_candidates_are_found_among_all_boxes_of_the_reference() -> None:
    """The best 300 of 8400, where rounding has let in the 302nd instead of the 300th."""
    rows = ranking(np.sort(np.random.default_rng(5).uniform(0, 1, 8400))[::-1])
    rows.scores[299:302] = rows.scores[299]
    given = take(rows, np.r_[:299, 301])
    cut = Undecided(given=True)
    assert agreement(rows, given, cut) == RowAgreement(rows=300, moved=1, undecided=1)
    given.boxes[299] += 5
    assert agreement(rows, given, cut).unlike == 1  # no box of the reference


def by_loops(wanted: DetectionRows, given: DetectionRows) -> int:
    """How many rows of ``given`` are in ``wanted``, each found once; rows are far apart."""
    free, found = set(range(len(wanted))), 0
    for box, score, number in zip(given.boxes, given.scores, given.classes):
        for row in free:
            same = np.abs(wanted.boxes[row] - box).max() < 0.1
            if same and abs(wanted.scores[row] - score) < 1e-4 and wanted.classes[row] == number:
                free.remove(row)
                found += 1
                break
    return found


@pytest.mark.parametrize("noise", [0, 1e-6])
@pytest.mark.parametrize("seed", range(3))
def test_as_many_rows_match_as_are_the_same_by_the_definition(seed: int, noise: float) -> None:
    generator = np.random.default_rng(seed)
    wanted = ranking(generator.choice([0.2, 0.5, 1.0], 200) + generator.uniform(0, 1e-5, 200))
    order = generator.permutation(200)[:150]
    given = take(wanted, order)
    given.boxes[:] *= np.float32(1 + noise)
    given.classes[:20] = (given.classes[:20] + 1) % 3
    rows, columns = match_rows(wanted, given, FLOAT32)
    assert len(rows) == by_loops(wanted, given) == 130
    assert rows.tolist() == order[columns].tolist()
    assert len(set(rows)) == len(set(columns)) == len(rows)


def test_long_lists_of_ties_take_no_memory_of_all_pairs() -> None:
    """3840 rows in any order, which bfloat16 cannot tell apart by their scores."""
    import tracemalloc

    rows = ranking(np.full(3840, 0.5))
    order = np.random.default_rng(1).permutation(3840)
    tracemalloc.start()
    matched, _ = match_rows(rows, take(rows, order), BFLOAT16)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(matched) == 3840
    assert peak < 3840 * 3840 * 4  # bytes of one float for each pair


@pytest.mark.parametrize("scale", [None, 1e30])
def test_boxes_far_beyond_the_image_do_not_hide_wrong_ones(scale: Optional[float]) -> None:
    rows = ranking(np.linspace(0.9, 0.5, 50))
    if scale is not None:
        rows.boxes[-1] = scale
    assert agreement(rows, exchanged(rows, 3, 7, "boxes")).unlike == 4


def test_the_best_pairs_of_many_boxes_and_classes_are_kept() -> None:
    generator = np.random.default_rng(0)
    scores = generator.permutation(1000 * 90).reshape(1000, 90).astype(np.float32) / (1000 * 90)
    boxes = generator.uniform(0, 100, (1000, 4)).astype(np.float32)
    rows = pair_rows({ALL_BOXES: boxes, CLASS_SCORES: scores})
    best = np.argsort(-rows.scores)[:5]
    wanted = sorted(((scores[a, c], a, c) for a in range(1000) for c in range(90)), reverse=True)
    assert [(rows.scores[row], rows.classes[row]) for row in best] == [
        (score, column) for score, _, column in wanted[:5]
    ]
    np.testing.assert_array_equal(rows.boxes[best], boxes[[a for _, a, _ in wanted[:5]]])
