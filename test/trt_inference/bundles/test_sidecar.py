"""On which machines an engine runs: the verdict before it is loaded, with the command that mends
it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

import pytest

from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.engine_files import find_engine, list_engines
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.sidecar import (
    Sidecar,
    measured_milliseconds,
    read_sidecar,
    reason_against,
)
from trt_inference.errors import BundleError, EngineMissing

ORIN = Machine("10.3.0.26", "12.6", (8, 7), "Orin", "linux", "aarch64")
ANY_VERSION = {"version_compatible": True}
ANY_HARDWARE = {"hardware_compatible": True}
TURING, AMPERE, ADA, HOPPER = (7, 5), (8, 6), (8, 9), (9, 0)


def built(**changes: Any) -> Sidecar:
    """An engine that was built on the Orin."""
    sidecar = Sidecar(
        file="fp16-orin.engine",
        sha256="0" * 64,
        bytes=1,
        precision="fp16",
        onnx_sha256="1" * 64,
        machine=ORIN,
        typing="strong",
    )
    return replace(sidecar, **changes)


@pytest.mark.parametrize(
    ("options", "here", "runs"),
    [
        ({}, "10.3.0.26", True),
        ({}, "10.3.0.27", False),
        ({}, "10.13.3.9", False),
        (ANY_VERSION, "10.3.0.26", True),
        (ANY_VERSION, "10.3.0.27", True),
        (ANY_VERSION, "10.13.3.9", True),  # by numbers: as texts it would be the older one
        (ANY_VERSION, "10.3.0.25", False),
        (ANY_VERSION, "10.2.5.1", False),
        (ANY_VERSION, "11.0.0.1", False),
        (ANY_VERSION, "8.6.1.6", False),
        (ANY_HARDWARE, "10.13.3.9", False),
    ],
)
def test_a_version_compatible_plan_runs_on_newer_versions_of_its_major_version_alone(
    options: Dict[str, bool], here: str, runs: bool
) -> None:
    reason = reason_against(built(options=options), replace(ORIN, tensorrt=here))
    assert reason == ("" if runs else reason_of(ORIN, replace(ORIN, tensorrt=here)))


@pytest.mark.parametrize(
    ("options", "here", "runs"),
    [
        ({}, (8, 7), True),
        ({}, AMPERE, False),
        ({}, ADA, False),
        (ANY_HARDWARE, (8, 7), True),
        (ANY_HARDWARE, TURING, False),
        (ANY_HARDWARE, (7, 2), False),
        (ANY_HARDWARE, (8, 0), True),
        (ANY_HARDWARE, AMPERE, True),
        (ANY_HARDWARE, ADA, True),
        (ANY_HARDWARE, HOPPER, True),
        (ANY_HARDWARE, (12, 0), True),
        (ANY_VERSION, ADA, False),
    ],
)
def test_a_hardware_compatible_plan_runs_on_ampere_and_newer_alone(
    options: Dict[str, bool], here: Tuple[int, int], runs: bool
) -> None:
    machine = replace(ORIN, capability=here)
    assert reason_against(built(options=options), machine) == (
        "" if runs else reason_of(ORIN, machine)
    )


def reason_of(there: Machine, here: Machine) -> str:
    return (
        f"built by TensorRT {there.tensorrt} for {there.sm}, this machine has TensorRT "
        f"{here.tensorrt} and {here.sm}"
    )


@pytest.mark.parametrize("options", [{}, {**ANY_VERSION, **ANY_HARDWARE}])
@pytest.mark.parametrize("change", [{"architecture": "x86_64"}, {"system": "windows"}])
def test_no_plan_runs_on_another_kind_of_computer(
    options: Dict[str, bool], change: Dict[str, str]
) -> None:
    reason = reason_against(built(options=options), replace(ORIN, **change))
    assert "built for aarch64 (linux)" in reason
    assert next(iter(change.values())) in reason


def test_a_plan_of_another_model_is_refused_and_one_that_was_taken_in_is_not_compared() -> None:
    assert reason_against(built(), ORIN, "1" * 64) == ""
    assert "another fp16 model" in reason_against(built(), ORIN, "2" * 64)
    assert reason_against(built(onnx_sha256=""), ORIN, "2" * 64) == ""


TIMES = {"gpu_milliseconds": {"p50": 0.5, "p95": 0.6, "p99": 0.9}}


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        ({}, 0.5),
        ({"cuda": "12.8"}, 0.5),  # a newer driver is no other machine
        ({"gpu": "Orin Nano"}, None),  # runs the same engines, in other times
        ({"capability": (8, 9)}, None),
        ({"tensorrt": "10.13.3.9"}, None),
        ({"architecture": "x86_64"}, None),
    ],
)
def test_a_time_counts_on_the_machine_on_which_it_was_measured(
    here: Dict[str, Any], expected: Optional[float]
) -> None:
    assert measured_milliseconds(built(measured=TIMES), replace(ORIN, **here)) == expected


def test_a_time_is_that_of_one_image() -> None:
    assert measured_milliseconds(built(measured=TIMES, batch=4), ORIN) == 0.125
    assert measured_milliseconds(built(), ORIN) is None


def add(bundle: Path, sidecar: Sidecar) -> Path:
    file = bundle / ENGINES_FOLDER / f"{sidecar.file}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(sidecar.content()), "utf-8")
    return file


@pytest.mark.parametrize(
    ("options", "here"),
    [
        (ANY_VERSION, replace(ORIN, tensorrt="10.2.0")),
        (ANY_HARDWARE, replace(ORIN, capability=TURING)),
    ],
)
def test_an_engine_that_does_not_run_here_is_named_with_the_command_that_builds_one(
    color_bundle: Path, options: Dict[str, bool], here: Machine
) -> None:
    add(color_bundle, built(precision="fp32", onnx_sha256="", options=options))
    bundle = load_bundle(color_bundle)
    assert (
        find_engine(bundle, "fp32", ORIN).plan == color_bundle / ENGINES_FOLDER / "fp16-orin.engine"
    )
    with pytest.raises(EngineMissing) as raised:
        find_engine(bundle, "fp32", here)
    message = str(raised.value)
    assert f"fp16-orin.engine was {reason_of(ORIN, here)}" in message
    assert f"trt-inference build {color_bundle} --precision fp32" in message
    assert raised.value.precision == "fp32"


def test_a_sidecar_is_read_as_it_was_written(color_bundle: Path) -> None:
    sidecar = built(batch=3, options=ANY_VERSION, measured={"milliseconds": 1.5}, seconds=60.0)
    file = add(color_bundle, sidecar)
    assert read_sidecar(file) == sidecar
    [found] = list_engines(load_bundle(color_bundle), ORIN)
    assert found.sidecar == sidecar


@pytest.mark.parametrize(
    "measured",
    [
        {"gpu_milliseconds": {"p50": "fast"}},
        {"gpu_milliseconds": {}},
        {"memory": {"weights": -1, "context": 0, "buffers": 0, "measured": 0}},
        {"memory": {"weights": 1}},
    ],
)
def test_measurements_that_are_none_are_told(color_bundle: Path, measured: Dict[str, Any]) -> None:
    file = add(color_bundle, built(measured=measured))
    with pytest.raises(BundleError, match=r"not valid at measured/.*\. Build the engine again"):
        read_sidecar(file)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 0])
def test_a_number_that_is_no_time_does_not_count(color_bundle: Path, number: float) -> None:
    file = add(color_bundle, built(measured={"gpu_milliseconds": {"p50": number}}))
    assert measured_milliseconds(read_sidecar(file), ORIN) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": 1}'])
def test_a_sidecar_that_is_none_is_named_with_the_remedy(color_bundle: Path, content: str) -> None:
    file = add(color_bundle, built())
    file.write_text(content, "utf-8")
    with pytest.raises(BundleError, match=rf"{file.name} .*\. Build the engine again"):
        list_engines(load_bundle(color_bundle), ORIN)


def test_a_precision_that_is_added_to_the_table_may_have_engines(tmp_path: Path) -> None:
    """In a process of its own, since the table is read when the modules are imported."""
    file = tmp_path / "engine.json"
    file.write_text(json.dumps(built(precision="int4").content()), "utf-8")
    with pytest.raises(BundleError, match=r"not valid at precision: 'int4'.*fp32.*fp16.*int8"):
        read_sidecar(file)
    program = (
        "import pathlib, sys\n"
        "from trt_inference.bundles import precisions\n"
        "precisions.PRECISIONS += ('int4',)\n"
        "from trt_inference.bundles.sidecar import read_sidecar\n"
        "print(read_sidecar(pathlib.Path(sys.argv[1])).precision)"
    )
    shown = subprocess.check_output(
        [sys.executable, "-c", program, str(file)], universal_newlines=True
    )
    assert shown == "int4\n"
