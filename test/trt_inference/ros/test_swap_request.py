"""The command that asks a running node for another bundle or precision."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest
from lifecycle_msgs.msg import Transition

from test.color_bundle import offer_precisions, write_color_bundle
from test.trt_inference.ros.client import NODE, ROOT, TIMEOUT
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.session.held_bundles import MODEL, MODULE, HeldBundles


def begin(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "swap"), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    process = begin(*arguments)
    try:
        out, errors = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
    assert "Traceback" not in errors
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def test_it_swaps_and_tells_the_outcome(
    start_node: Start, color_bundle: Path, tmp_path: Path
) -> None:
    offer_precisions(color_bundle, "fp32", "fp16")
    other = write_color_bundle(tmp_path / "other")
    _, client = start_node(bundle=color_bundle, hot_swap=True)
    client.transition(Transition.TRANSITION_CONFIGURE)
    namespace = client.get_namespace()

    def precision() -> str:
        return client.record.diagnostics.get("precision", "")

    in_namespace = ["--ros-args", "-r", f"__ns:={namespace}"]
    for arguments, uses in (
        ([f"{namespace}/detector", "--precision", "fp16"], "precision fp16"),
        ([f"{namespace[1:]}/detector/", "--precision", "fp32"], "precision fp32"),
        (["detector", "--bundle", str(other), *in_namespace], f"bundle {other}"),
        (
            ["detector", f"--bundle={color_bundle}", "--precision=fp16", *in_namespace],
            f"bundle {color_bundle}, precision fp16",
        ),
    ):
        ended = run(*arguments)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout == f"{arguments[0]} uses {uses} now\n"
    assert client.spin(TIMEOUT, until=lambda: precision() == "fp16")


def test_a_refusal_is_one_line_and_the_exit_code_tells_it(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.transition(Transition.TRANSITION_CONFIGURE)
    ended = run(f"{client.get_namespace()}/detector", "--precision", "fp32")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("error: hot_swap is false")
    assert ended.stderr.count("\n") == 1


def test_a_node_that_is_not_configured_has_nothing_that_goes_on(
    start_node: Start, shared_color_bundle: Path
) -> None:
    process, client = start_node(bundle=shared_color_bundle, hot_swap=True)
    ended = run(f"{client.get_namespace()}/detector", "--precision", "fp32")
    assert ended.returncode == 1
    assert ended.stderr == "error: there is no engine in use: configure the node\n"
    assert "goes on" not in process.log


def test_a_node_that_is_not_there_is_reported_with_those_that_are(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.state()
    ended = run("/nobody", "--precision", "fp32", "--timeout", "3")
    assert ended.returncode == 1
    assert "there is no service /nobody/swap. " in ended.stderr
    offering = ended.stderr.partition("These nodes offer it: ")[2]
    assert f"{client.get_namespace()}/detector" in offering
    assert "nobody" not in offering


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["/detector"], "nothing is asked for"),
        (["--precision", "fp32"], "node"),
        (["/detector", "--precision", "fp8"], "fp8"),
        (["/detector", "--precision", "fp32", "--timeout", "0"], "above zero"),
        (["/detector", "--precision", "fp32", "--timeout", "soon"], "soon"),
        (["/detector", "--precision", "fp32", "--timeout", "nan"], "'nan' is not a number"),
        (["/detector", "--bundle", "caf\udce9"], r"'caf\xe9' is no UTF-8"),
        (["/detector", "--bundle", "x", "--ros-args", "-p", "bad"], "rule: '-p bad'"),
    ],
)
def test_wrong_arguments_are_reported(arguments: List[str], reason: str) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert reason in ended.stderr


def test_where_no_node_starts_that_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "abc")
    ended = run("/detector", "--precision", "fp32")
    assert ended.returncode == 2
    assert "ROS_DOMAIN_ID is not an integral number" in ended.stderr


@pytest.mark.parametrize("name", ["", "/", "two words", "a//b", "../x", "\x1b[2J"])
def test_a_name_that_no_node_has_is_reported(name: str) -> None:
    ended = run(name, "--precision", "fp32", "--timeout", "1")
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ") and ended.stderr.count("\n") == 1
    assert "\x1b" not in ended.stderr


def test_a_remapped_service_is_found_by_the_same_remapping(
    start_node: Start, shared_color_bundle: Path
) -> None:
    remapped = (NODE, "--ros-args", "-r", "~/swap:=/ops/swap_model", "--")
    _, client = start_node(command=remapped, bundle=shared_color_bundle, hot_swap=True)
    client.transition(Transition.TRANSITION_CONFIGURE)
    name = f"{client.get_namespace()}/detector"
    given = ["--ros-args", "-r", f"{name}/swap:=/ops/swap_model"]
    assert run(name, "--precision", "fp32", *given).returncode == 0


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_asked(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    """Nor than until Ctrl-C."""
    bundle, held = write_color_bundle(tmp_path / "held"), HeldBundles(tmp_path)
    held.hold(bundle, MODEL)
    _, client = start_node(
        command=(MODULE, str(tmp_path)), bundle=shared_color_bundle, hot_swap=True
    )
    client.transition(Transition.TRANSITION_CONFIGURE)
    name = f"{client.get_namespace()}/detector"
    waiting = begin(name, "--bundle", str(bundle))
    try:
        held.wait_until_it_is_asked_for(bundle, MODEL)
        ended = run(name, "--precision", "fp32")
        assert ended.returncode == 1 and "busy since" in ended.stderr
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate(timeout=TIMEOUT)
    finally:
        waiting.kill()
    assert waiting.returncode == 130
    assert errors == "interrupted: a swap that has begun goes on\n"
    held.let_go(bundle, MODEL)
    held.hold(shared_color_bundle, MODEL)
    ended = run(name, "--bundle", str(shared_color_bundle), "--timeout", "4")
    assert ended.returncode == 1
    assert "has not answered within 4 s" in ended.stderr


@pytest.mark.parametrize("command", ["detector", "video", "swap"])
def test_ctrl_c_during_the_imports_leaves_no_traceback(command: str, tmp_path: Path) -> None:
    stop = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / "trt_inference.py").write_text(stop, "utf-8")
    ended = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / command)],
        stdout=subprocess.PIPE,
        check=False,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGINT, b"")
