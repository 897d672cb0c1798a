"""The process of the node: its command line, and what it answers where it cannot start."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Dict, Sequence

import pytest

from test.trt_inference.ros.client import ROOT, TIMEOUT, wait_until
from trt_inference.ros.launching.process_exits import CANNOT_START
from trt_inference.ros.parameters.table import SPECS

PROCESS = (sys.executable, "-m", "trt_inference.ros.process")


def ended(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*PROCESS, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=TIMEOUT,
        check=False,
    )


def test_help_explains_all_parameters_and_starts_no_node() -> None:
    it = ended("--help", ROS_DOMAIN_ID="not a number, with which no node starts")
    assert it.returncode == 0, it.stderr
    assert "--ros-args" in it.stdout and "docs/launching.md" in it.stdout
    for spec in SPECS:
        assert f"  {spec.name} (" in it.stdout
        assert spec.description in it.stdout
    assert "score_threshold (double, default not set: the bundle's)" in it.stdout
    assert it.stderr == ""


def test_version_is_that_of_the_package() -> None:
    package = (ROOT / "package.xml").read_text("utf-8")
    it = ended("--version")
    assert it.returncode == 0
    assert f"<version>{it.stdout.split()[-1]}</version>" in package


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["detector.yaml"], "unrecognized arguments: detector.yaml"),
        (["--x\x1b[2K\nerror: forged"], r"unrecognized arguments: --x\x1b[2K\x0aerror: forged"),
        (["--ros-args", "--log-level", "loud"], "'--log-level loud'"),
        (["--ros-args", "--params-file", "/nowhere.yaml"], "'--params-file /nowhere.yaml'"),
        (["--ros-args", "-r", "__node:=no-name"], "'-r __node:=no-name'"),
        (["--ros-args", "-r", "__ns:=//x"], "'-r __ns:=//x'"),
        (["--ros-args", "-p", "bundle"], "'-p bundle'"),
        (["--ros-args", "--nothing"], "--nothing"),
        (["--ros-args", "-p", "bundle:=caf\udce9"], r"'bundle:=caf\xe9' is no UTF-8"),
    ],
)
def test_a_start_that_a_restart_does_not_mend_has_a_code_of_its_own_and_one_line(
    arguments: Sequence[str], told: str
) -> None:
    it = ended(*arguments)
    assert it.returncode == CANNOT_START
    [line] = [one for one in it.stderr.splitlines() if "error:" in one]
    assert told in line
    assert "Traceback" not in it.stderr and ".c:" not in line and "\x1b[2K" not in it.stderr


SECURED = {"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce"}


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"ROS_DOMAIN_ID": "233"}, "ROS_DOMAIN_ID is 233: give 0 to 232"),
        ({"ROS_DOMAIN_ID": "9" * 99}, f"ROS_DOMAIN_ID is {'9' * 20}: "),
        ({"ROS_DOMAIN_ID": "x"}, "ROS_DOMAIN_ID is not an integral number"),
        (SECURED, "ROS_SECURITY_ENABLE is true: "),
        ({**SECURED, "ROS_SECURITY_KEYSTORE": "KEYS"}, "ROS_SECURITY_ENABLE is true: "),
        ({"ROS_LOG_DIR": "/proc/nowhere"}, "Failed to create log directory '/proc/nowhere'"),
    ],
)
def test_an_environment_in_which_no_node_starts_is_told_in_one_line(
    tmp_path: Path, environment: Dict[str, str], told: str
) -> None:
    """ROS from PyPI has no security libraries; where they are, these keys are missing."""
    (tmp_path / "enclaves").mkdir()
    given = {name: value.replace("KEYS", str(tmp_path)) for name, value in environment.items()}
    it = ended(**given)
    assert it.returncode == CANNOT_START
    [line] = [one for one in it.stderr.splitlines() if not one.startswith("[INFO]")]
    assert line.startswith("error: ") and told in line


def test_without_standard_streams_it_runs_and_ends_in_order(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    words = ["--ros-args", "-p", f"bundle:={shared_color_bundle}", "-p", "autostart:=true"]
    log = tmp_path / "log"
    process = subprocess.Popen(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *PROCESS, *words],
        cwd=ROOT,
        env={**os.environ, "ROS_LOG_DIR": str(log)},
    )
    try:
        assert wait_until(
            lambda: any("active: " in one.read_text("utf-8") for one in log.glob("*.log"))
        )
        streams = [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)]
        assert streams == [os.devnull] * 3
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
