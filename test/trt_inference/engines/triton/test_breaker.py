"""What opens and closes the breaker, and which answers it lets pass."""

from typing import List, Optional

import pytest

from trt_inference.engines.triton.breaker import Breaker
from trt_inference.engines.triton.failures import (
    FAILURE_KINDS,
    NOT_REACHED,
    OTHER_MODEL,
    TOO_LATE,
    ServerFailure,
)

LATE = ServerFailure("too late", TOO_LATE)
GONE = ServerFailure("gone", NOT_REACHED)
OTHER = ServerFailure("exchanged", OTHER_MODEL)


@pytest.fixture
def breaker() -> Breaker:
    return Breaker()


@pytest.fixture
def opened() -> Breaker:
    breaker = Breaker()
    breaker.open(GONE, 100.0)
    return breaker


def test_it_is_closed_at_first(breaker: Breaker) -> None:
    assert breaker.is_closed
    assert breaker.trusts(breaker.era)


@pytest.mark.parametrize("kind", sorted({*FAILURE_KINDS} - {OTHER_MODEL}))
def test_three_failures_in_a_row_open_it(breaker: Breaker, kind: str) -> None:
    opens = [breaker.run_failed(0, ServerFailure(kind, kind), 7.0) for _ in range(3)]
    assert opens == [False, False, True]
    assert breaker.opening is not None
    assert (breaker.opening.at, breaker.opening.kind) == (7.0, kind)


def test_a_good_answer_begins_the_count_anew(breaker: Breaker) -> None:
    for _ in range(5):
        assert not breaker.run_failed(0, LATE, 0.0)
        assert not breaker.run_failed(0, GONE, 0.0)
        breaker.run_answered(0)
    assert breaker.is_closed


def test_another_model_opens_it_at_once(breaker: Breaker) -> None:
    assert breaker.run_failed(0, OTHER, 0.0)
    assert not breaker.is_closed


def test_no_answer_to_what_was_begun_before_another_model_was_found_is_used(
    breaker: Breaker,
) -> None:
    before = breaker.era
    breaker.run_failed(before, OTHER, 0.0)
    assert not breaker.trusts(before)
    close(breaker)
    assert breaker.trusts(breaker.era)
    assert not breaker.trusts(before)


def test_late_but_good_answers_are_used_after_other_failures(breaker: Breaker) -> None:
    before = breaker.era
    for _ in range(3):
        breaker.run_failed(before, LATE, 0.0)
    assert not breaker.is_closed
    assert breaker.trusts(before)


def test_another_model_that_a_probe_finds_spoils_what_was_begun_before_it_opened(
    breaker: Breaker,
) -> None:
    before = breaker.era
    for _ in range(3):
        breaker.run_failed(before, LATE, 0.0)
    breaker.probed(OTHER, 1.0)
    assert not breaker.trusts(before)
    close(breaker)
    assert breaker.trusts(breaker.era)


def test_failures_of_what_was_begun_before_it_opened_count_no_more(breaker: Breaker) -> None:
    before = breaker.era
    for _ in range(3):
        breaker.run_failed(before, LATE, 0.0)
    close(breaker)
    for failure in (LATE, LATE, LATE, OTHER):
        assert not breaker.run_failed(before, failure, 9.0)
        assert not breaker.looked(before, failure, 9.0)
    assert breaker.is_closed
    assert breaker.trusts(breaker.era)


def test_a_good_answer_of_before_does_not_hide_failures_of_now(breaker: Breaker) -> None:
    before = breaker.era
    for _ in range(3):
        breaker.run_failed(before, LATE, 0.0)
    close(breaker)
    now = breaker.era
    opens = []
    for _ in range(3):
        opens.append(breaker.run_failed(now, LATE, 0.0))
        breaker.run_answered(before)
    assert opens == [False, False, True]


def test_three_looks_in_vain_open_it(breaker: Breaker) -> None:
    looks: List[Optional[ServerFailure]] = [GONE, GONE, None, GONE, GONE, GONE]
    assert [breaker.looked(0, one, 0.0) for one in looks] == [False] * 5 + [True]


def test_looks_in_vain_do_not_count_while_runs_are_answered(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.looked(0, GONE, 0.0)
        breaker.looked(0, GONE, 0.0)
        breaker.run_answered(0)
    assert breaker.is_closed


def test_looks_and_runs_are_counted_apart(breaker: Breaker) -> None:
    for _ in range(2):
        breaker.looked(0, GONE, 0.0)
        breaker.run_failed(0, GONE, 0.0)
    assert breaker.is_closed


def test_a_look_that_finds_another_model_opens_it_at_once(breaker: Breaker) -> None:
    assert breaker.looked(0, OTHER, 0.0)


def test_three_good_probes_in_a_row_close_it(opened: Breaker) -> None:
    probes: List[Optional[ServerFailure]] = [None, None, LATE, None, None, None]
    assert [opened.probed(one, 0.0) for one in probes] == [False] * 5 + [True]
    assert opened.is_closed


def test_it_tells_since_when_it_is_open_and_why(opened: Breaker) -> None:
    opened.probed(None, 101.0)
    assert (opened.probes, opened.good_probes) == (1, 1)
    opened.probed(LATE, 102.0)
    assert (opened.probes, opened.good_probes) == (2, 0)
    assert opened.opening is not None
    assert (opened.opening.at, opened.opening.reason) == (100.0, "too late")


def test_nothing_is_counted_from_one_opening_to_the_next(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.run_failed(breaker.era, LATE, 0.0)
    breaker.probed(None, 0.0)
    close(breaker)
    assert not breaker.run_failed(breaker.era, LATE, 0.0)
    assert not breaker.looked(breaker.era, LATE, 0.0)
    for _ in range(2):
        breaker.run_failed(breaker.era, LATE, 0.0)
    assert (breaker.probes, breaker.good_probes) == (0, 0)
    assert not breaker.is_closed


def test_a_probe_that_comes_too_late_changes_nothing(breaker: Breaker) -> None:
    assert not breaker.probed(OTHER, 0.0)
    assert breaker.is_closed
    assert breaker.trusts(breaker.era)


def close(breaker: Breaker) -> None:
    while not breaker.is_closed:
        breaker.probed(None, 0.0)
