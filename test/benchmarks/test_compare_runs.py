"""What counts as slower between two runs, on runs that are made up."""

from typing import Any, List, Mapping, Sequence

import numpy as np
import pytest

from benchmarks.compare_runs import FASTER, SAME, SLOWER, compare_runs
from benchmarks.figures import LESS, MORE, NEITHER, Figure, Sheet
from benchmarks.stored_run import StoredRun

MACHINE = {"processor": "a desk's", "cores": "2"}
BUNDLE = {"name": "shapes", "sha256": "0" * 64}


def run_of(*figures: Figure, **changes: Any) -> StoredRun:
    sheets = [Sheet("node", "the node", "camera/s", figures)]
    run = StoredRun("2026-01-01T00:00:00+00:00", MACHINE, BUNDLE, {"seconds": "4"}, sheets)
    return run._replace(**changes)


def figure(samples: Sequence[float], **changes: Any) -> Figure:
    return Figure("30", "p50", "ms", tuple(samples))._replace(**changes)


def verdict(old: Sequence[float], new: Sequence[float], **changes: Any) -> str:
    comparison = compare_runs(run_of(figure(old, **changes)), run_of(figure(new, **changes)))
    (change,) = comparison.changes
    return change.verdict


@pytest.mark.parametrize("better, grown", [(LESS, SLOWER), (MORE, FASTER), (NEITHER, SAME)])
def test_a_figure_that_grew_by_a_third_is_judged_by_what_is_better(better: str, grown: str) -> None:
    shrunk = {SLOWER: FASTER, FASTER: SLOWER, SAME: SAME}[grown]
    assert verdict([3.0, 3.1, 2.9], [4.0, 4.1, 3.9], better=better) == grown
    assert verdict([4.0, 4.1, 3.9], [3.0, 3.1, 2.9], better=better) == shrunk


def test_the_same_change_is_noise_where_the_samples_of_a_run_vary_as_much() -> None:
    assert verdict([3.0, 3.1, 2.9], [4.0, 4.1, 3.9]) == SLOWER
    assert verdict([3.0, 3.8, 2.2], [4.0, 4.1, 3.9]) == SAME
    assert verdict([3.0, 3.1, 2.9], [4.0, 4.8, 3.2]) == SAME


def test_what_nobody_notices_is_no_change_however_exactly_it_is_measured() -> None:
    assert verdict([3.0, 3.0, 3.0], [3.14, 3.14, 3.14]) == SAME
    assert verdict([3.0, 3.0, 3.0], [3.16, 3.16, 3.16]) == SLOWER


def test_the_least_change_can_be_chosen() -> None:
    old, new = run_of(figure([3.0] * 3)), run_of(figure([3.5] * 3))
    assert compare_runs(old, new, least=0.2).changed(SLOWER) == []
    assert len(compare_runs(old, new, least=0.1).changed(SLOWER)) == 1


def test_one_outlier_among_many_samples_neither_makes_nor_hides_a_change() -> None:
    steady = [3.0 + 0.01 * index for index in range(20)]
    assert verdict(steady, [*steady[:-1], 50.0]) == SAME
    assert verdict([*steady[:-1], 50.0], [value + 1 for value in steady]) == SLOWER


def test_equal_code_is_hardly_ever_called_slower() -> None:
    """3 % of noise, as sessions of a node have: of 60 figures, none in most runs."""
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(3000):
        old, new = generator.normal(5.0, 0.15, (2, 3))
        found += verdict(list(old), list(new)) == SLOWER
    assert found / 3000 < 0.005


def test_a_figure_that_begins_at_zero_can_become_slower() -> None:
    (change,) = compare_runs(run_of(figure([0.0])), run_of(figure([0.5]))).changes
    assert (change.verdict, change.relative) == (SLOWER, None)


def test_figures_of_one_run_alone_are_named_and_not_judged() -> None:
    old = run_of(figure([3.0]), figure([5.0], column="p99"))
    new = run_of(figure([3.0]), figure([9.0], column="p95"))
    comparison = compare_runs(old, new)
    assert [change.name for change in comparison.changes] == ["node: 30, p50"]
    assert comparison.only_old == ["node: 30, p99"]
    assert comparison.only_new == ["node: 30, p95"]


def test_a_whole_table_that_is_missing_is_named_once() -> None:
    sheets = [Sheet("memory", "", "", [figure([1.0]), figure([2.0], column="growth")])]
    comparison = compare_runs(run_of(sheets=[*run_of(figure([3.0])).sheets, *sheets]), run_of())
    assert comparison.only_old == ["node", "memory"]


def test_the_largest_change_comes_first_and_the_machine_apart_from_the_project() -> None:
    def runs(*values: float) -> StoredRun:
        names = ("p50", "p95", "bare")
        figures = [
            figure([value] * 3, column=name, ours=name != "bare")
            for name, value in zip(names, values)
        ]
        return run_of(*figures)

    comparison = compare_runs(runs(1.0, 1.0, 1.0), runs(1.2, 1.9, 1.5))
    assert names_of(comparison.changed(SLOWER)) == ["node: 30, p95", "node: 30, p50"]
    assert names_of(comparison.changed(SLOWER, ours=False)) == ["node: 30, bare"]


def names_of(changes: Sequence[Any]) -> List[str]:
    return [change.name for change in changes]


@pytest.mark.parametrize(
    "changes, line",
    [
        ({"machine": {**MACHINE, "processor": "a board's"}}, "processor: a desk's → a board's"),
        ({"machine": {"processor": "a desk's"}}, "cores: 2 → unknown"),
        ({"bundle": {**BUNDLE, "name": "others"}}, "bundle's name: shapes → others"),
        ({"options": {"seconds": "15"}}, "option seconds: 4 → 15"),
    ],
)
def test_what_else_differs_is_told(changes: Mapping[str, Any], line: str) -> None:
    assert compare_runs(run_of(), run_of(**changes)).differences == [line]
    assert compare_runs(run_of(), run_of()).differences == []
