"""Engines and sidecars are written whole, and a bundle in which one is tried leaves no trace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from converter.engine_builder.engine_folder import (
    sha256_of,
    staged,
    write_engine,
    write_or_refuse,
)
from converter.errors import OutputError
from test.full_disk import largest_file
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.engine_files import list_engines
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.sidecar import Sidecar, engine_name

MACHINE = Machine("10.3.0.26", "12.6", (8, 7), "Orin", "linux", "aarch64")
PLAN = b"a plan"


def sidecar() -> Sidecar:
    name = engine_name("fp16", MACHINE)
    return Sidecar(name, sha256_of(PLAN), len(PLAN), "fp16", "", MACHINE, "strong")


def test_an_engine_is_found_with_all_that_its_sidecar_holds(bundle: Path) -> None:
    write_engine(bundle, PLAN, sidecar())
    (found,) = list_engines(load_bundle(bundle), MACHINE)
    with found.open() as checked, checked.map() as content:
        assert content.read() == PLAN
    assert found.sidecar == sidecar()
    assert sorted(file.suffix for file in (bundle / "engines").iterdir()) == [".engine", ".json"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "engines").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot write"):
        write_or_refuse(tmp_path / "engines" / "plan", PLAN)
    assert [file.name for file in tmp_path.iterdir()] == ["engines"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "plan"
    write_or_refuse(file, PLAN)
    with largest_file(100), pytest.raises(OutputError, match="too large"):
        write_or_refuse(file, bytes(1000))
    assert file.read_bytes() == PLAN
    assert list(tmp_path.iterdir()) == [file]


def test_an_engine_that_is_tried_is_in_the_staged_bundle_only(bundle: Path) -> None:
    with staged(bundle) as folder:
        write_engine(folder, PLAN, sidecar())
        assert len(list_engines(load_bundle(folder), MACHINE)) == 1
        assert list_engines(load_bundle(bundle), MACHINE) == []
        load_bundle(folder).model_file("fp16")
    assert list((bundle / "engines").iterdir()) == []


def test_what_killed_builds_left_is_removed_and_that_of_running_ones_is_not(bundle: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    engines = bundle / "engines"
    for process in (ended.pid, os.getppid()):
        (engines / f".build-{process}").mkdir(parents=True)
        (engines / f".plan.partial-{process}").touch()
    with staged(bundle):
        pass
    left = sorted(file.name for file in engines.iterdir())
    assert left == [f".build-{os.getppid()}", f".plan.partial-{os.getppid()}"]
