"""What the terminal tells of the boards that refuse something of a model."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from converter.command_line.print_boards import print_boards, print_refusals
from converter.compatibility.refusals import find_refusals
from converter.export.request_answer import ExportAnswer
from test.converter.compatibility.onnx_text import parsed
from trt_inference.bundles.tensorrt_versions import TARGETS

NOWHERE = "g (float[4, 4] x) => (float y) { y = Det (x) }"
NOT_ON_NANO = "g (bool[4] a, bool[4] b) => (bool[4] y) { y = Xor (a, b) }"
OLDEST_ONLY = """
    g (float[n, 4] x, int64[n, 4] places) => (float[n, 4] y) { y = GatherElements (x, places) }
"""


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100)


def printed(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_boards_that_refuse_the_same_are_told_in_one_line(console: Console) -> None:
    print_boards(13, ExportAnswer(), find_refusals(parsed(NOWHERE)), console)
    (line,) = [line for line in printed(console) if "not on " in line]
    assert all(f"{target}" in line for target in TARGETS.values())
    assert "each lacks Det" in line


def test_a_board_alone_is_told_with_its_reason(console: Console) -> None:
    print_boards(13, ExportAnswer(), find_refusals(parsed(NOT_ON_NANO)), console)
    (line,) = [line for line in printed(console) if "not on " in line]
    assert f"{TARGETS['jetson-nano']}: it lacks Xor" in line


@pytest.mark.parametrize(("graph", "is_note"), [(OLDEST_ONLY, True), (NOT_ON_NANO, False)])
def test_what_no_board_has_against_a_model_is_a_note(
    graph: str, is_note: bool, console: Console
) -> None:
    """Its TensorRT, 8.0, is on no board that is known."""
    print_refusals(find_refusals(parsed(graph)), console)
    (line,) = printed(console)
    assert line.startswith("note: TensorRT 8.0 refuses this GatherElements") == is_note
    assert line.startswith("\x1b[33mTensorRT 8.0 to 8.2 does not have Xor") != is_note
