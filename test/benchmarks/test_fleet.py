"""The benchmark of a fleet as a whole, on a real server; its figures are not looked at."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.fleet_clients import COUNTS
from benchmarks.when_it_pays import SIZES
from test.triton_server import needs_triton

ROOT = Path(__file__).parents[2]


def measure(*arguments: object, code: int = 0, **environment: str) -> str:
    """What the benchmark prints."""
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.fleet", *map(str, arguments)],
        cwd=str(ROOT),
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=500,
        check=False,
    )
    shown = ended.stdout.decode("utf-8")
    assert ended.returncode == code, shown
    return shown


def test_without_a_server_the_reason_is_told(color_bundle: Path, tmp_path: Path) -> None:
    shown = measure("--bundle", color_bundle, code=1, TRT_INFERENCE_TRITON=str(tmp_path))
    assert shown.startswith("error: ")
    assert "scripts/environment.sh triton" in shown


@needs_triton
@pytest.mark.long
def test_all_tables_are_printed(color_bundle: Path) -> None:
    shown = measure("--bundle", color_bundle, "--seconds", 0.3, "--rounds", 1)
    rows = [line.strip("│ ").split("│")[0].strip() for line in shown.splitlines() if "│" in line]
    assert rows.count("robots") == 0  # headings have other borders
    for count in COUNTS:
        assert rows.count(str(count)) == 3
    for size in SIZES:
        assert rows.count(f"{size}x{size}") == 2
    assert "lost" not in shown
    assert not re.search(r"\b(nan|inf)\b", shown)
