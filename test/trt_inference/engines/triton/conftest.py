"""A bundle that a double of Triton serves."""

from pathlib import Path
from typing import Iterator

import pytest

from test.triton_double import TritonDouble
from test.trt_inference.engines.triton.server_bench import Bench


@pytest.fixture
def double(shared_color_bundle: Path) -> Iterator[TritonDouble]:
    with TritonDouble(shared_color_bundle) as double:
        yield double


@pytest.fixture
def bench(
    shared_color_bundle: Path, double: TritonDouble, monkeypatch: pytest.MonkeyPatch
) -> Bench:
    return Bench(shared_color_bundle, double, monkeypatch)
