"""A bundle that a double of Triton serves."""

from pathlib import Path
from typing import TYPE_CHECKING, Iterator

import pytest

# Some of the tests beside it run where the double cannot, without Triton's client library.
if TYPE_CHECKING:
    from test.triton_double import TritonDouble
    from test.trt_inference.engines.triton.server_bench import Bench


@pytest.fixture
def double(shared_color_bundle: Path) -> "Iterator[TritonDouble]":
    from test.triton_double import TritonDouble

    with TritonDouble(shared_color_bundle) as double:
        yield double


@pytest.fixture
def bench(
    shared_color_bundle: Path, double: "TritonDouble", monkeypatch: pytest.MonkeyPatch
) -> "Bench":
    from test.trt_inference.engines.triton.server_bench import Bench

    return Bench(shared_color_bundle, double, monkeypatch)
