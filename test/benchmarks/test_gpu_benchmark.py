"""The benchmark of a GPU on the double, whose figures mean nothing: what it prints, and that it
runs with what a robot has."""

import os
import platform
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Dict

import pytest

from benchmarks.owners_table import COLUMNS
from test.needs import needs
from test.tensorrt_bundle import add_engine
from test.tensorrt_double import install

ROOT = Path(__file__).parents[2]
SITE = ROOT / "test" / "tensorrt_double" / "site"
# Of a Jetson Nano.
VERSION = "8.2.1"
FULL_VERSION = "8.2.1.8"

# With few frames, and without a library that boards lack.
PROGRAM = """
    import sys
    sys.modules["psutil"] = None
    from benchmarks import gpu, gpu_figures, gpu_loops
    gpu_loops.FRAMES, gpu_loops._PACED_SECONDS = 10, 0.1
    gpu_figures._NODE_SECONDS = 0.5
    sys.exit(gpu.main())
"""


@pytest.fixture
def bundle(color_bundle: Path) -> Path:
    with install(VERSION):
        add_engine(color_bundle)
    return color_bundle


def measure(*arguments: object, code: int = 0) -> str:
    """What the benchmark prints, in a process that has the double."""
    environment = {"PYTHONPATH": f"{SITE}:{ROOT}", "TENSORRT_DOUBLE": VERSION}
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), *map(str, arguments)],
        cwd=str(ROOT),
        env={**os.environ, **environment, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=200,
        check=False,
    )
    shown = ended.stdout.decode("utf-8")
    assert ended.returncode == code, shown
    return shown


def row_of(shown: str) -> Dict[str, str]:
    """The row that an owner pastes, by column. Each line of the table is unbroken."""
    lines = [line for line in shown.splitlines() if line.startswith("| ")]
    header, line, row = (
        [cell.strip() for cell in one.strip("|").split(" | ")] for one in lines[-3:]
    )
    assert header == list(COLUMNS)
    assert len(line) == len(row) == len(COLUMNS) and set(line) == {"---"}
    return dict(zip(COLUMNS, row))


def test_it_ends_with_a_row_for_the_table_of_owners(bundle: Path) -> None:
    row = row_of(measure("--bundle", bundle))
    assert row["TensorRT"] == FULL_VERSION
    assert row["Python"] == platform.python_version()
    assert row["bundle, precision, input"].startswith("colors fp32, ")
    assert row["node, 30/s"] == ""
    for column in ("GPU time", "engine", "detector", "detector, 30/s", "images/s"):
        assert float(row[column]) > 0, column
    process, engine = row["MB: process + engine"].split(" + ")
    assert int(process) > 20  # Python with NumPy and OpenCV takes more
    assert int(engine) >= 0


@pytest.mark.long
@needs("rclpy")
def test_the_node_has_its_figures_in_the_row(bundle: Path) -> None:
    row = row_of(measure("--bundle", bundle, "--node"))
    # The image passes the middleware and a thread more than in the detector.
    assert float(row["node, 30/s"]) > 0
    assert int(row["MB: process + engine"].split(" + ")[0]) > 20


def test_a_bundle_without_an_engine_is_told_what_builds_one(color_bundle: Path) -> None:
    shown = measure("--bundle", color_bundle, code=1)
    assert "error: " in shown and "Traceback" not in shown
    assert f"trt-inference build {color_bundle} --precision" in shown.replace("\n", "")
