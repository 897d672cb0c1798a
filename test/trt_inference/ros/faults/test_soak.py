"""Half a minute of what `make soak` does for as long as one likes."""

from pathlib import Path

import pytest

from benchmarks.soak import Soak, verdict

pytestmark = pytest.mark.long

MINUTES = 0.4
INTERVALS = 5
LIMIT = 0.15  # of the growth: on a busy machine one more large image may wait once


def test_memory_stays_flat_while_the_camera_and_parameters_change(
    ros: None, shared_color_bundle: Path, tmp_path: Path
) -> None:
    log = tmp_path / "node.log"
    run = Soak(shared_color_bundle, MINUTES, INTERVALS, log)
    run.run(steady=False)
    assert verdict(run, LIMIT)
    inferred = [row.counters[1] for row in run.rows]
    assert inferred == sorted(set(inferred)), "it inferred nothing in one of the intervals"
    assert "now, they were" in log.read_text("utf-8"), "the camera has not changed its images"
