"""`engines`: what runs here, and why others do not."""

from pathlib import Path

import pytest

from test.converter.command_line import run_here
from test.tensorrt_double.install import install


@pytest.fixture
def built(bundle: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """With an engine of fp16 for TensorRT 10.3 and sm_87."""
    with install("10.3.0"):
        run_here(capsys, "build", bundle, "--precision", "fp16")
    return bundle


def test_an_engine_for_this_machine_runs(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with install("10.3.0"):
        output = run_here(capsys, "engines", built).output
    assert " runs " in output
    assert "memory" in output and "1.1 MB" in output  # the double's context, and little else
    assert f"for int8, run trt-inference build {built} --precision int8" in output
    assert "--precision fp16" not in output


def test_no_build_is_proposed_of_a_precision_that_the_gpu_lacks(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("8.2.1", compute_capability=(5, 3)):
        output = run_here(capsys, "engines", built).output
    assert "int8 does not run here: sm_53 has no int8" in output
    assert "--precision int8" not in output
    assert f"for fp32, run trt-inference build {built} --precision fp32" in output


def test_a_stale_engine_is_listed_with_why_and_what_mends_it(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.13.3", compute_capability=(8, 9)):
        output = run_here(capsys, "engines", built).output
    verdict = "built by TensorRT 10.3.0 for sm_87, this machine has TensorRT 10.13.3.9 and sm_89"
    assert verdict in output
    assert f"trt-inference build {built} --precision fp16" in output


def test_without_a_gpu_it_lists_what_each_is_for(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "engines", built)
    assert result.exit_code == 0
    for text in ("10.3.0", "sm_87", "No engine runs here", "python3 -m pip install"):
        assert text in result.output


def test_what_is_not_whole_is_told(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (plan,) = (built / "engines").glob("*.engine")
    plan.with_name("int8.engine").write_bytes(plan.read_bytes())
    plan.with_name("fp32.json").write_text("{")
    with install("10.3.0"):
        output = run_here(capsys, "engines", built).output
    assert "int8.engine has no sidecar" in output
    assert "fp32.json cannot be read" in output
    plan.unlink()
    with install("10.3.0"):
        assert "is missing" in run_here(capsys, "engines", built).output


def test_a_bundle_without_engines(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run_here(capsys, "engines", bundle)
    assert (result.exit_code, "has no engines" in result.output) == (0, True)
    run_here(capsys, "engines", bundle.parent).refused("is not a bundle")
