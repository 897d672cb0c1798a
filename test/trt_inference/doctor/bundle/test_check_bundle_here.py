"""What of a bundle runs on a machine: on the double of TensorRT, and with ONNX Runtime alone."""

import platform
import shutil
import sys
from pathlib import Path
from typing import Any, Iterator, List

import onnx
import pytest

from test.changed_bundles import break_scores, exchange_colors, replace_model
from test.color_bundle import change_manifest, offer_precisions, write_color_bundle
from test.needs import onnxruntime_is_before
from test.task_bundles import write_segmentation_bundle
from test.tensorrt_bundle import add_engine
from test.tensorrt_double import install
from test.tensorrt_double.install import Double
from test.trt_inference.doctor.double_host import DoubleHost
from test.trt_inference.doctor.fake_machine import ROOT, FakeMachine, assert_finds, faults
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.manifest import MANIFEST
from trt_inference.doctor.bundle.check_bundle_here import check_bundle_here
from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.host import Host
from trt_inference.engines import free_memory
from trt_inference.engines.tensorrt.engine_memory import EngineMemory

VERSION = "10.3.0"
SITE = ROOT / "test" / "tensorrt_double" / "site"
# The double in the processes of probes, where loading a plan ends the process.
DYING = """
import os, runpy, signal, sys
sys.argv = getattr(sys, "argv", [""])  # which Python 3.6 sets later, and runpy changes
kept = runpy.run_path({!r})
import tensorrt
tensorrt.Runtime.deserialize_cuda_engine = lambda *_: os.kill(os.getpid(), signal.SIGSEGV)
"""
OTHER = Machine("8.5.2.2", "11.4", (7, 2), "Xavier", "linux", "riscv64")


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path / "machine")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_color_bundle(tmp_path / "colors")


@pytest.fixture
def double() -> Iterator[Double]:
    with install(VERSION) as installed:
        yield installed


@pytest.fixture
def without_tensorrt(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tensorrt", "pycuda", "cuda"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it was not installed


def found_in(bundle: Path, machine: FakeMachine, device: int = 0) -> List[Diagnosis]:
    """With all probes in this process."""
    return list(check_bundle_here(DoubleHost(machine), bundle, device))


def found_by(host: Host, bundle: Path) -> List[Diagnosis]:
    """With processes of their own."""
    return list(check_bundle_here(host, bundle))


# Without a GPU.


@pytest.mark.usefixtures("without_tensorrt")
def test_a_machine_without_gpu_runs_it_and_has_nothing_to_mend(
    bundle: Path, machine: FakeMachine
) -> None:
    offer_precisions(bundle, "fp32", "fp16", "int8")
    found = found_in(bundle, machine)
    assert [one.level for one in found] == ["ok", "ok"], found
    assert "'colors', a detection of 3 classes in images of 64x64" in found[0].text
    assert "fp32, fp16, int8 run on ONNX Runtime" in found[1].text
    assert "the node would take fp32" in found[1].text


@pytest.mark.usefixtures("without_tensorrt")
def test_it_is_told_that_engines_were_not_looked_at_where_the_gpu_cannot_be_used(
    bundle: Path, machine: FakeMachine
) -> None:
    machine.write("/dev/nvidiactl")
    found = found_in(bundle, machine)
    assert_finds(found, "engines-not-examined", "caution", "Not looked at", "pycuda")


def test_no_bundle(tmp_path: Path, machine: FakeMachine) -> None:
    for path in (tmp_path / "missing", tmp_path):
        assert_finds(found_in(path, machine), "no-bundle", "error", str(path))
    file = tmp_path / "colors"
    file.write_text("x", "utf-8")
    assert_finds(found_in(file, machine), "no-bundle", "error", "is a file")


def test_a_bundle_of_a_later_converter(bundle: Path, machine: FakeMachine) -> None:
    change_manifest(bundle, lambda manifest: manifest.update(schema_version=2))
    found = found_in(bundle, machine)
    assert_finds(found, "bundle-of-another-version", "error", "schema_version 2")


def test_a_manifest_that_is_no_json(bundle: Path, machine: FakeMachine) -> None:
    (bundle / MANIFEST).write_text("{", "utf-8")
    assert_finds(found_in(bundle, machine), "bundle-unreadable", "error", MANIFEST)


def test_a_manifest_that_is_none(bundle: Path, machine: FakeMachine) -> None:
    change_manifest(bundle, lambda manifest: manifest.update(candidates=-1))
    assert_finds(found_in(bundle, machine), "bundle-invalid", "error", "-1")


@pytest.mark.usefixtures("without_tensorrt")
def test_models_that_were_changed_or_lost_leave_the_others(
    bundle: Path, machine: FakeMachine
) -> None:
    offer_precisions(bundle, "fp32", "fp16", "int8")

    def give_own_files(manifest: Any) -> None:
        for name in ("fp16", "int8"):
            shutil.copyfile(str(bundle / "fp32.onnx"), str(bundle / f"{name}.onnx"))
            manifest["precisions"][name] = dict(manifest["precisions"][name], file=f"{name}.onnx")

    change_manifest(bundle, give_own_files)
    with (bundle / "fp16.onnx").open("ab") as file:
        file.write(b"x")
    (bundle / "int8.onnx").unlink()
    found = found_in(bundle, machine)
    assert_finds(found, "bundle-changed", "error", "fp16.onnx was changed")
    assert_finds(found, "bundle-unreadable", "error", "int8.onnx cannot be read")
    assert any("fp32 runs on ONNX Runtime" in one.text for one in found)


def test_packages_that_are_broken_are_no_fault_of_the_bundle(
    bundle: Path, machine: FakeMachine
) -> None:
    machine.module("jsonschema", "raise ImportError('rpds is broken')")
    found = found_by(machine.host(), bundle)
    assert_finds(found, "bundle-not-examined", "error", "Not looked at", "rpds is broken")


# ONNX Runtime.


def test_onnxruntime_is_missing(bundle: Path, machine: FakeMachine) -> None:
    offer_precisions(bundle, "fp32", "fp16")
    machine.missing("onnxruntime", "tensorrt", "pycuda", "cuda")
    found = found_by(machine.host(), bundle)
    named = assert_finds(found, "onnxruntime-needed-for-bundle", "error", "fp32")
    assert "'numpy<2'" in named.remedy


def test_onnxruntime_dies_of_a_model(bundle: Path, machine: FakeMachine) -> None:
    machine.missing("tensorrt", "pycuda", "cuda")
    machine.crashing("onnxruntime")
    found = found_by(machine.host(), bundle)
    assert_finds(found, "onnxruntime-crashes", "error", "fp32", "SIGSEGV")


def with_opset(bundle: Path, version: int) -> Path:
    model = onnx.load(str(bundle / "fp32.onnx"))
    model.opset_import[0].version = version
    return replace_model(bundle, model)


@pytest.mark.usefixtures("without_tensorrt")
def test_a_model_that_is_too_new_for_onnxruntime(bundle: Path, machine: FakeMachine) -> None:
    found = found_in(with_opset(bundle, 125), machine)
    named = assert_finds(found, "model-too-new-for-onnxruntime", "error", "for ONNX Runtime")
    assert "--target jetson-nano" in named.remedy


@pytest.mark.usefixtures("without_tensorrt")
def test_a_precision_that_is_not_needed_is_a_caution(bundle: Path, machine: FakeMachine) -> None:
    offer_precisions(bundle, "fp32", "fp16")
    whole = (bundle / "fp32.onnx").read_bytes()
    with_opset(bundle, 125)
    (bundle / "fp32.onnx").rename(bundle / "fp16.onnx")
    (bundle / "fp32.onnx").write_bytes(whole)

    def exchange(manifest: Any) -> None:
        both = manifest["precisions"]
        both["fp32"], both["fp16"] = both["fp16"], dict(both["fp32"], file="fp16.onnx")

    change_manifest(bundle, exchange)
    found = found_in(bundle, machine)
    assert_finds(found, "model-too-new-for-onnxruntime", "caution", "fp16 does not run")
    assert any("fp32 runs on ONNX Runtime" in one.text for one in found)


@pytest.mark.usefixtures("without_tensorrt")
def test_a_model_that_onnxruntime_refuses(bundle: Path, machine: FakeMachine) -> None:
    model = onnx.load(str(bundle / "fp32.onnx"))
    model.graph.node[0].op_type = "Surprise"
    found = found_in(replace_model(bundle, model), machine)
    assert_finds(found, "model-fails-on-onnxruntime", "error", "Surprise")


@pytest.mark.usefixtures("without_tensorrt")
def test_results_that_are_not_numbers(bundle: Path, machine: FakeMachine) -> None:
    found = found_in(break_scores(bundle), machine)
    assert_finds(found, "results-not-finite", "error", "fp32", "ONNX Runtime")


@pytest.mark.usefixtures("without_tensorrt")
def test_a_model_for_which_memory_is_short_is_not_loaded(
    bundle: Path, machine: FakeMachine
) -> None:
    machine.write("/proc/meminfo", "MemAvailable: 1 kB\n")
    found = found_in(bundle, machine)
    assert_finds(found, "too-little-memory-to-load", "caution", "Not looked at: fp32")
    assert not any("run on" in one.text for one in found)


# Engines.


@pytest.mark.parametrize("version", ["8.2.1", "8.6.1", "10.3.0", "11.4.0"])
def test_an_engine_of_this_machine_has_nothing_to_mend(
    bundle: Path, machine: FakeMachine, version: str
) -> None:
    with install(version):
        add_engine(bundle)
        found = found_in(bundle, machine)
    assert {one.level for one in found} == {"ok"}, found
    text = " ".join(one.text for one in found)
    assert "The node would run fp32" in text
    assert f"runs, on TensorRT {version}" in text
    assert "There is room" in text


@pytest.mark.parametrize("version", ["8.2.1", "10.3.0"])
def test_segmentations_run_on_every_tensorrt(
    tmp_path: Path, machine: FakeMachine, version: str
) -> None:
    """TensorRT before 8.5 has no bytes for class maps, and the engine converts them."""
    folder = write_segmentation_bundle(tmp_path / "segments")
    with install(version):
        add_engine(folder)
        found = found_in(folder, machine)
    assert {one.level for one in found} == {"ok"}, found


def test_an_engine_that_is_missing_is_named_with_its_command(
    bundle: Path, machine: FakeMachine, double: Double
) -> None:
    offer_precisions(bundle, "fp32", "fp16", "int8")
    found = assert_finds(found_in(bundle, machine), "engine-missing", "error", "10.3.0", "sm_87")
    assert f"trt-inference build {bundle} --precision int8" in found.remedy
    assert "build_if_missing" in found.remedy
    add_engine(bundle, "fp16")
    found_then = found_in(bundle, machine)
    assert faults(found_then) == []
    chosen = "The node would run fp16 (auto: this machine has no engine of int8); not built: "
    assert any(f"{chosen}fp32, int8" in one.text for one in found_then)


def test_a_nano_is_not_told_to_build_int8(bundle: Path, machine: FakeMachine) -> None:
    offer_precisions(bundle, "fp32", "fp16", "int8")
    with install("8.2.1", compute_capability=(5, 3)):
        found = found_in(bundle, machine)
    assert "--precision fp16" in assert_finds(found, "engine-missing", "error", "sm_53").remedy
    assert any("sm_53 has no int8" in one.text for one in found)


def test_no_precision_runs_on_the_gpu(bundle: Path, machine: FakeMachine) -> None:
    offer_precisions(bundle, "int8")
    with install("8.2.1", compute_capability=(5, 3)):
        found = found_in(bundle, machine)
    assert_finds(found, "no-precision-for-gpu", "error", "int8", "sm_53")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"onnx_sha256": "1" * 64}, "built from another fp32 model"),
        ({"machine": OTHER}, "built for riscv64"),
    ],
)
def test_a_stale_engine(
    bundle: Path, machine: FakeMachine, double: Double, changes: Any, told: str
) -> None:
    add_engine(bundle, **changes)
    found = found_in(bundle, machine)
    named = assert_finds(found, "stale-engine", "caution", told, "fp32-trt10.3.0")
    assert named.remedy == f"trt-inference build {bundle} --precision fp32"
    assert "engine-missing" in faults(found)


def test_an_engine_of_another_tensorrt_is_stale_until_one_is_built(
    bundle: Path, machine: FakeMachine
) -> None:
    with install("8.6.1"):
        add_engine(bundle)
    with install(VERSION):
        found = found_in(bundle, machine)
        assert_finds(found, "stale-engine", "caution", "built by TensorRT 8.6.1", "10.3.0")
        add_engine(bundle)
        assert faults(found_in(bundle, machine)) == []


def test_a_model_that_was_converted_again(
    bundle: Path, machine: FakeMachine, double: Double
) -> None:
    add_engine(bundle)
    exchange_colors(bundle)
    assert_finds(found_in(bundle, machine), "stale-engine", "caution", "another fp32 model")


def test_a_second_gpu_of_another_kind(bundle: Path, machine: FakeMachine) -> None:
    with install(VERSION, devices=2, other_capability=(7, 5)):
        add_engine(bundle)
        found = found_in(bundle, machine, device=1)
    named = assert_finds(found, "stale-engine", "caution", "sm_87", "sm_75")
    assert named.remedy.endswith("--device 1")


def test_files_of_engines_that_are_not_whole(
    bundle: Path, machine: FakeMachine, double: Double
) -> None:
    plan = add_engine(bundle)
    content = plan.read_bytes()
    plan.write_bytes(content[:-1] + b"x")
    found = found_in(bundle, machine)
    assert_finds(found, "engine-changed", "error", plan.name, "was changed")
    assert faults(found) == ["engine-changed"]  # and it is not tried
    plan.unlink()
    assert_finds(found_in(bundle, machine), "engine-file-missing", "caution", plan.name)
    plan.write_bytes(content)
    plan.with_name("copied.engine").write_bytes(content)
    found = found_in(bundle, machine)
    assert_finds(found, "engine-without-sidecar", "caution", "copied.engine")
    plan.with_suffix(".json").write_text("{}", "utf-8")
    assert_finds(found_in(bundle, machine), "sidecar-unreadable", "caution", plan.stem)


def test_an_engine_that_brings_code(bundle: Path, machine: FakeMachine, double: Double) -> None:
    add_engine(bundle, options={"version_compatible": True})
    found = assert_finds(
        found_in(bundle, machine), "engine-brings-host-code", "caution", "fp32-trt10.3.0"
    )
    assert "engine_host_code_allowed" in found.remedy


def test_an_engine_that_does_not_run_after_all(
    bundle: Path, machine: FakeMachine, double: Double
) -> None:
    add_engine(bundle)
    double.faults.execute = True
    assert_finds(found_in(bundle, machine), "engine-fails", "error", "fp32")


def test_an_engine_that_ends_the_process(bundle: Path, machine: FakeMachine) -> None:
    with install(VERSION):
        add_engine(bundle)
    machine.module("sitecustomize", DYING.format(str(SITE / "sitecustomize.py")))
    machine.environment["TENSORRT_DOUBLE"] = VERSION
    assert_finds(found_by(machine.host(), bundle), "engine-fails", "error", "fp32", "SIGSEGV")


def test_an_opset_that_this_tensorrt_does_not_know(bundle: Path, machine: FakeMachine) -> None:
    if onnxruntime_is_before("1.12"):
        pytest.skip("this ONNX Runtime does not know the opset either")
    with_opset(bundle, 17)
    with install("8.2.1"):
        found = found_in(bundle, machine)
    named = assert_finds(
        found, "opset-too-late-for-tensorrt", "caution", "fp32 has opset 17", "8.2.1.8", "up to 13"
    )
    assert "--target jetson-nano" in named.remedy
    assert "engine-missing" not in faults(found)  # which could not be built
    impossible = assert_finds(found, "no-engine-possible", "error", "8.2.1.8")
    assert "backend:=onnxruntime" in impossible.remedy
    with install("8.6.1"):
        assert "opset-too-late-for-tensorrt" not in faults(found_in(bundle, machine))


@pytest.mark.parametrize(
    ("operator", "domain", "told"),
    [
        ("NonMaxSuppression", "", "NonMaxSuppression"),
        ("Gelu", "com.microsoft", "com.microsoft.Gelu"),
    ],
)
def test_an_operator_that_this_tensorrt_lacks(
    bundle: Path, machine: FakeMachine, operator: str, domain: str, told: str
) -> None:
    model = onnx.load(str(bundle / "fp32.onnx"))
    node = model.graph.node.add()
    node.op_type, node.domain = operator, domain
    node.input[:], node.output[:] = [model.graph.output[0].name], ["unused"]
    replace_model(bundle, model)
    with install("8.2.1"):
        found = found_in(bundle, machine)
    assert_finds(found, "operator-missing-in-tensorrt", "caution", told, "TensorRT 8.2.1.8")


# Memory.


def test_an_engine_that_does_not_fit(bundle: Path, machine: FakeMachine, double: Double) -> None:
    add_engine(bundle, measured=EngineMemory(context=7 << 30).content())
    found = found_in(bundle, machine)
    named = assert_finds(found, "engine-does-not-fit", "error", "7.0GiB", "6.0GiB of 8.0GiB")
    assert "narrower precision" in named.remedy
    assert faults(found) == ["engine-does-not-fit"]  # and it is not tried


def test_an_engine_that_may_not_fit(bundle: Path, machine: FakeMachine, double: Double) -> None:
    add_engine(bundle, measured=EngineMemory(measured=7 << 30).content())
    assert_finds(found_in(bundle, machine), "engine-may-not-fit", "caution", "about 7.0GiB")


def test_a_node_that_may_not_fit_beside_its_engine(
    bundle: Path,
    machine: FakeMachine,
    double: Double,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    add_engine(bundle)
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 4000000 kB\nMemAvailable: 153600 kB\n", "ascii")
    monkeypatch.setattr(free_memory, "_MEMINFO", meminfo)
    found = found_in(bundle, machine)
    assert_finds(found, "node-may-not-fit", "caution", "the node 200MiB", "150MiB")


def test_a_jetson_has_one_memory_for_engine_and_node(
    bundle: Path, machine: FakeMachine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n", "ascii")
    monkeypatch.setattr(free_memory, "_MEMINFO", meminfo)
    with install(VERSION):  # with 6 GiB free
        add_engine(bundle, measured=EngineMemory(measured=6100 << 20).content())
        found = found_in(bundle, machine)
        assert_finds(found, "node-may-not-fit", "caution", "6.0GiB of the shared memory")
        add_engine(bundle, measured=EngineMemory(measured=5000 << 20).content())
        assert faults(found_in(bundle, machine)) == []
