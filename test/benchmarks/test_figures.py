"""Figures, and the tables that are made of them."""

from benchmarks.figures import NEITHER, Figure, Sheet


def rows_of(sheet: Sheet) -> list:
    """The heads and the cells of the table."""
    table = sheet.table()
    heads = [str(column.header) for column in table.columns]
    return [heads, *map(list, zip(*(column.cells for column in table.columns)))]


def test_a_cell_is_the_median_with_its_digits_and_the_unit_is_in_the_head() -> None:
    figures = [
        Figure("30", "bare", "/s", (29.0, 30.0, 90.0)),
        Figure("30", "p50", "ms", (1.0, 2.0), digits=3),
        Figure("30", "node/bare", "", (0.9,)),
    ]
    assert rows_of(Sheet("node", "the node", "camera/s", figures)) == [
        ["camera/s", "bare/s", "p50 ms", "node/bare"],
        ["30", "30.00", "1.500", "0.90"],
    ]


def test_where_a_column_has_several_units_they_stand_beside_the_rows() -> None:
    figures = [
        Figure("CPU", "ours", "cores", (0.25,)),
        Figure("CPU", "ratio", "", (0.5,), NEITHER),
        Figure("memory", "ours", "MB", (100.0,)),
    ]
    assert rows_of(Sheet("peer", "beside it", "", figures)) == [
        ["", "ours", "ratio"],
        ["CPU cores", "0.25", "0.50"],
        ["memory MB", "100.00", ""],
    ]


def test_the_spread_of_few_samples_is_their_range_and_of_many_that_of_the_middle_half() -> None:
    assert Figure("", "", "", (5.0, 2.0, 3.0)).spread == 3.0
    assert Figure("", "", "", (4.0,)).spread == 0.0
    assert Figure("", "", "", tuple(map(float, range(1, 102)))).spread == 50.0
