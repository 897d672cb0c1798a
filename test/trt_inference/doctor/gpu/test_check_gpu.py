"""The whole chain, from devices to an engine that runs, in real processes."""

from pathlib import Path

import pytest

from test.tensorrt_double.install import INSTALLABLE
from test.trt_inference.doctor.fake_machine import ROOT, FakeMachine, faults
from trt_inference.doctor.examine import examine
from trt_inference.doctor.gpu.check_gpu import check_gpu

SITE = ROOT / "test" / "tensorrt_double" / "site"


def with_double(machine: FakeMachine, version: str, **variables: str) -> FakeMachine:
    """Give the processes of the probes TensorRT and pycuda."""
    machine.environment.update(TENSORRT_DOUBLE=version, PYTHONPATH=f"{SITE}:{ROOT}", **variables)
    return machine


@pytest.mark.parametrize("version", [pytest.param("8.2.1", marks=pytest.mark.long), "10.3.0"])
def test_a_jetson_that_works_has_no_fault(jetson: FakeMachine, version: str) -> None:
    found = list(check_gpu(with_double(jetson, version).host()))
    assert [one.level for one in found] == ["ok"] * 4, found
    assert INSTALLABLE[version][0] in found[2].text
    assert "computes rightly" in found[3].text


def test_a_tensorrt_without_kernels_is_found_by_the_examination(jetson: FakeMachine) -> None:
    build = '{"build": "Target GPU SM 87 is not supported by this TensorRT release."}'
    machine = with_double(jetson, "10.13.3", TENSORRT_DOUBLE_FAULTS=build)
    assert "tensorrt-without-kernels-for-gpu" in faults(examine(machine.host()))


def test_what_needs_a_driver_is_not_looked_at_without_one(pc: FakeMachine, tmp_path: Path) -> None:
    pc.write("/.dockerenv")
    pc.crashing("tensorrt")
    assert faults(check_gpu(pc.host())) == ["gpu-not-passed-to-container"]
