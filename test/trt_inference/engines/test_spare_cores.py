"""A core that waits for the GPU is one that nobody else needs."""

import os
from pathlib import Path
from typing import Dict

import pytest

from trt_inference.engines.tensorrt import spare_cores
from trt_inference.engines.tensorrt.spare_cores import FEWEST_CORES, has_core_to_spare, usable_cores


def machine(folder: Path, own: str, files: Dict[str, str]) -> Dict[str, Path]:
    """The arguments for a machine with these groups of processes."""
    for name, text in files.items():
        file = folder / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    (folder / "own").write_text(own)
    return {"cgroups": folder / "cgroup", "own": folder / "own"}


@pytest.fixture
def sixteen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may run on 16 cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(16)))


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "max 100000"}, 16),
        ("0::/\n", {"cpu.max": "250000 100000"}, 2.5),
        ("0::/\n", {"cpu.max": "3200000 100000"}, 16),
        ("0::/robot.slice/node\n", {"robot.slice/cpu.max": "400000 100000"}, 4),
        ("0::/a/b\n", {"a/b/cpu.max": "800000 100000", "a/cpu.max": "50000 100000"}, 0.5),
        (
            "4:memory:/\n3:cpu,cpuacct:/docker\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "300000", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
            3,
        ),
        (
            "3:cpu,cpuacct:/\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
            16,
        ),
        ("", {}, 16),
        ("nonsense\n0::/\n", {"cpu.max": "what"}, 16),
    ],
)
def test_a_quota_leaves_fewer_cores(
    sixteen: None, tmp_path: Path, own: str, files: Dict[str, str], expected: float
) -> None:
    assert usable_cores(**machine(tmp_path, own, files)) == expected


def test_cores_that_the_process_may_not_run_on_do_not_count() -> None:
    all_of_them = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(all_of_them)})
        assert usable_cores() <= 1
    finally:
        os.sched_setaffinity(0, all_of_them)


@pytest.mark.parametrize(
    ("cores", "integrated", "expected"),
    [(4, False, False), (FEWEST_CORES, False, True), (16, False, True), (12, True, False)],
)
def test_a_graphics_card_beside_many_cores_has_one_to_wait_with(
    monkeypatch: pytest.MonkeyPatch, cores: int, integrated: bool, expected: bool
) -> None:
    monkeypatch.setattr(spare_cores, "usable_cores", lambda: float(cores))
    assert has_core_to_spare(integrated) is expected
