"""The figures of the fleet's tables, on receipts whose figures are known."""

import io
from typing import Dict, List, Optional

import pytest
from rich.console import Console

from examples.fleet.fleet_tables import print_tables, problems_of, summaries_of
from examples.fleet.receipts import EITHER, NEITHER, ROBOT, SERVER, Phase, Receipts, summarise

WITH, WITHOUT, AGAIN = Phase("with", 10, 20), Phase("without", 20, 30), Phase("again", 30, 40)
PHASES = (WITH, WITHOUT, AGAIN)


def receipts_of(
    answerers: Dict[int, Optional[str]], latency: float = 0.25, later: Optional[List[int]] = None
) -> Receipts:
    """One image a second; whose its result is, and None where it has none."""
    found = Receipts(sent=[(second, 0) for second in answerers])
    for second, who in answerers.items():
        if who is not None:
            found.received[second, 0] = second + latency
            found.answered_by[second, 0] = who
    return found


def good() -> Dict[int, Optional[str]]:
    """Ten seconds on the server, ten without it, and two more until it answers again."""
    by_robot = dict.fromkeys(range(20, 32), ROBOT)
    return {**dict.fromkeys(range(10, 40), SERVER), **by_robot}


def printed(receipts: Receipts) -> List[List[str]]:
    """The cells of all rows of both tables."""
    output = io.StringIO()
    print_tables(summaries_of({"robot_1": receipts}, PHASES), Console(file=output, width=80))
    rows = [line for line in output.getvalue().splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in row.split("│")[1:-1]] for row in rows]


def test_results_are_counted_by_the_phase_of_their_image_and_by_whose_they_are() -> None:
    assert printed(receipts_of({**good(), 12: EITHER, 25: None, 26: None}))[:3] == [
        ["robot_1", "with", "10", "10", "9", "0", "1", "0"],
        ["robot_1", "without", "10", "8", "0", "8", "0", "2"],
        ["robot_1", "again", "10", "10", "8", "2", "0", "0"],
    ]


def test_times_are_from_the_stamp_to_the_receipt() -> None:
    receipts = receipts_of(good())
    receipts.received[24, 0] = 24.75
    with_it, without, again = printed(receipts)[3:]
    # p50, p95, max, the longest gap, and the first result of the server in the phase.
    assert with_it[2:] == ["250", "250", "250", "1.00", "0.25"]
    # Of ten, the 95th percentile is 0.55 of the way from the ninth to the tenth.
    assert without[2:] == ["250", "525", "750", "1.50", "-"]
    assert again[2:] == ["250", "250", "250", "1.00", "2.25"]


def test_a_gap_counts_from_the_last_result_before_the_phase_to_its_end() -> None:
    receipts = receipts_of({18: SERVER, 23: ROBOT, 26: ROBOT}, latency=0.5)
    assert summarise(receipts, WITHOUT).longest_gap == pytest.approx(5.0)  # 18.5 to 23.5
    del receipts.received[26, 0]
    assert summarise(receipts, WITHOUT).longest_gap == pytest.approx(6.5)  # 23.5 to 30


def test_a_result_that_comes_after_its_phase_is_not_lost() -> None:
    receipts = receipts_of({29: ROBOT}, latency=3.0)
    summary = summarise(receipts, WITHOUT)
    assert (summary.images, summary.results, summary.lost) == (1, 1, 0)


def test_a_result_without_an_image_does_not_hide_one_that_is_lost() -> None:
    receipts = receipts_of({22: ROBOT, 24: None})
    receipts.received[26, 0] = 26.5
    summary = summarise(receipts, WITHOUT)
    assert (summary.images, summary.results, summary.lost) == (2, 2, 1)


def problems(receipts: Receipts) -> List[str]:
    return problems_of(summaries_of({"robot_1": receipts_of(good()), "robot_2": receipts}, PHASES))


def test_a_demo_in_which_all_goes_well_has_no_problem() -> None:
    assert problems(receipts_of(good())) == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (dict.fromkeys(range(22, 28)), "published no result for 7.0 s"),
        (dict.fromkeys(range(20, 30)), "published no result in the phase 'without'"),
        (dict.fromkeys(range(30, 40), ROBOT), "did not come back to the server"),
        ({35: NEITHER}, "published 1 results in the phase 'again' that neither engine finds"),
    ],
)
def test_what_goes_wrong_is_a_problem_of_the_robot(
    changed: Dict[int, Optional[str]], problem: str
) -> None:
    found = problems(receipts_of({**good(), **changed}))
    assert any(f"robot_2 {problem}" in one for one in found)
    assert not any("robot_1" in one for one in found)


def test_a_second_result_of_an_image_is_a_problem() -> None:
    receipts = receipts_of(good())
    receipts.twice.append((33, 0))
    assert problems(receipts) == ["robot_2 published two results of 1 images in the phase 'again'"]
