"""Signals that arrive while another one is handled."""

import sys
from types import FrameType
from typing import Any

import pytest

from trt_inference.ros.lifecycle.end_request import EndRequest


@pytest.mark.timeout(30)
def test_a_signal_in_the_middle_of_another_one_does_not_wait_for_itself() -> None:
    """Python runs handlers between any two lines of the main thread, those of handlers too."""
    request = EndRequest()
    arrived = 0

    def second_signal(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal arrived
        if event == "line":
            sys.settrace(None)
            request.set()
            arrived += 1
            sys.settrace(second_signal)
        return second_signal

    assert not request.is_set()
    sys.settrace(second_signal)
    try:
        request.set()
    finally:
        sys.settrace(None)
    assert arrived
    assert request.is_set()
