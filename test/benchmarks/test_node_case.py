"""Rows of the table of nodes: what is measured in which order, kept, found again and shown."""

from pathlib import Path

from benchmarks.node_case import (
    PERCENTILES,
    STAGES,
    NodeCase,
    NodeRow,
    keep_row,
    markdown,
    markdown_head,
    measured,
    node_cases,
)

CASE = NodeCase(Path("/tree"), Path("/bundles/shapes"), "fp16", 1280, 720, 4)


def row_of(engine: float, node: float, failure: str = "") -> NodeRow:
    """Each percentile is higher by 1."""
    stages = {
        stage: {name: node + number for number, name in enumerate(PERCENTILES)} for stage in STAGES
    }
    times = {name: engine + number for number, name in enumerate(PERCENTILES)}
    return NodeRow(CASE.key, times, stages, 30.0, {"dropped": 2}, 0.25, 10**8, failure)


def test_trees_take_turns_in_each_combination() -> None:
    trees = [Path("/before"), Path("/after")]
    cases = list(node_cases(trees, [Path("a"), Path("b")], ["fp16"], [(1280, 720)], [1, 8]))
    assert [case.tree.name for case in cases] == ["before", "after"] * 4
    assert [(case.bundle.name, case.cameras) for case in cases[::2]] == [
        ("a", 1),
        ("a", 8),
        ("b", 1),
        ("b", 8),
    ]


def test_what_was_measured_is_found_again_and_what_failed_is_not(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    assert measured(file) == set()
    keep_row(file, row_of(1.0, 2.0, failure="TimeoutError: no images"))
    assert CASE.key not in measured(file)
    keep_row(file, row_of(1.0, 2.0))
    assert measured(file) == {CASE.key}


def test_a_row_has_a_cell_for_each_name_and_marks_what_misses_the_target() -> None:
    cells = [cell.strip() for cell in markdown(row_of(1.0, 2.4)).strip("|").split("|")]
    names = [cell.strip() for cell in markdown_head().splitlines()[0].strip("|").split("|")]
    found = dict(zip(names, cells))
    assert len(cells) == len(names)
    assert found["node"] == "2.40 / 3.40 / 4.40"
    assert found["node - engine"] == "1.40 / 1.40"
    assert found["missing"] == "2 dropped"
    late = [cell.strip() for cell in markdown(row_of(1.0, 2.6)).strip("|").split("|")]
    assert dict(zip(names, late))["node - engine"] == "1.60 ! / 1.60"


def test_a_row_that_failed_shows_the_reason() -> None:
    row = NodeRow(CASE.key, failure="BundleError: no engine")
    assert markdown(row) == "| tree | shapes | fp16 | 1280x720 | 4 | BundleError: no engine |"
    assert row.beyond("p50") is None
