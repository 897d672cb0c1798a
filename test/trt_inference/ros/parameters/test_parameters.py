"""Parameters: what is out of range is refused with the reason, thresholds are live."""

import functools
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest
from lifecycle_msgs.msg import Transition
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import GetParameters

from examples.shapes.monitor import MonitorError
from test.color_bundle import COLORS, offer_precisions, picture, write_color_bundle
from test.trt_inference.ros.client import ROOT, TIMEOUT, Client, wait_until
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.launching.process_exits import CANNOT_START
from trt_inference.ros.parameters.settings import Settings
from trt_inference.ros.parameters.table import CONFIGURED, SPECS, SPECS_BY_NAME

# Refused as another one beside it is; each needs a node of its own.
long = functools.partial(pytest.param, marks=pytest.mark.long)


@pytest.mark.parametrize(
    ("name", "bad", "reason", "good"),
    [
        ("score_threshold", 1.5, "out of range", 0.5),
        long("iou_threshold", -0.1, "out of range", 0.5),
        long("max_detections", 0, "out of range", 5),
        long("image_depth", 1000, "out of range", 2),
        ("precision", "fp8", "'fp8' is not one of auto, fp32, fp16, int8", "fp32"),
        ("bond_heartbeat_period", 1e-9, "1e-09 is too short: give 0.01 or more, or 0.0", 0.0),
        long(
            "image_reliability", "sometimes", "not one of auto, best_effort, reliable", "reliable"
        ),
        ("score_threshold", 1, "an integer, and has to be a double", 0.5),
        ("bundle", 3, "a string: text, in quotes where YAML takes it for something else", None),
        ("zero_copy", True, "choose auto, always, never", "never"),
        ("spin", True, "choose auto, always, never", "always"),
    ],
)
def test_a_bad_value_at_start_up_fails_to_configure_until_it_is_mended(
    start_node: Start, shared_color_bundle: Path, name: str, bad: object, reason: str, good: object
) -> None:
    node, client = start_node(**{"bundle": shared_color_bundle, name: bad})
    with pytest.raises(MonitorError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: f"parameter {name}" in node.log and reason in node.log), node.log
    assert client.set_parameter(name, str(shared_color_bundle) if good is None else good) == ""
    client.start()
    assert client.state() == "active"


def test_a_bad_value_at_run_time_is_refused_and_changes_nothing(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    for name, value in (
        ("score_threshold", 1.01),
        ("score_threshold", float("nan")),
        ("iou_threshold", -1.0),
        ("max_detections", 0),
        ("max_detections", 2.5),
        ("score_threshold", "high"),
    ):
        assert client.set_parameter(name, value) != "", (name, value)
    assert count_found(client) == len(COLORS)


def test_log_and_diagnostics_report_which_precision_runs_and_why(
    start_node: Start, color_bundle: Path
) -> None:
    offer_precisions(color_bundle, "int8", "fp16", "fp32")
    node, client = start_node(bundle=color_bundle)
    client.transition(Transition.TRANSITION_CONFIGURE)
    why = "auto: the fastest on the CPU, which gains nothing from fp16 and int8"
    assert wait_until(lambda: f"configured: colors fp32 ({why})" in node.log), node.log
    assert client.spin(TIMEOUT, until=lambda: "precision" in client.record.diagnostics)
    assert client.record.diagnostics["precision"] == "fp32"
    assert client.record.diagnostics["why this precision"] == why


def test_what_needs_a_new_configuration_is_locked_while_configured(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    assert "deactivate and clean up first" in client.set_parameter("bundle", "/elsewhere")
    client.transition(Transition.TRANSITION_DEACTIVATE)
    client.transition(Transition.TRANSITION_CLEANUP)
    assert client.set_parameter("threads", 1) == ""


def test_thresholds_take_effect_on_the_next_frame(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    assert count_found(client) == len(COLORS)
    assert client.set_parameter("max_detections", 2) == ""
    assert count_found(client) == 2
    assert client.set_parameter("max_detections", 10) == ""
    assert client.set_parameter("score_threshold", 0.9) == ""
    assert count_found(client, brightness=0.8) == 0
    assert client.set_parameter("score_threshold", 0.6) == ""
    assert count_found(client, brightness=0.8) == len(COLORS)


def test_another_bundle_brings_its_thresholds_but_not_over_the_users(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    defaults = {"score_threshold": 0, "iou_threshold": 1, "max_detections": 2}  # whole numbers too
    other = write_color_bundle(tmp_path / "other", defaults=defaults)
    _, client = start_node(bundle=shared_color_bundle, score_threshold=0.6)
    client.start()
    assert count_found(client) == len(COLORS)
    client.transition(Transition.TRANSITION_DEACTIVATE)
    client.transition(Transition.TRANSITION_CLEANUP)
    assert client.set_parameter("bundle", str(other)) == ""
    client.start()
    assert count_found(client) == 2
    assert count_found(client, brightness=0.5) == 0


def test_a_parameter_that_does_not_exist_is_warned_about(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, treshold=0.5)
    assert client.state() == "unconfigured"
    assert wait_until(lambda: "parameter treshold does not exist and is ignored" in node.log)


def test_a_threshold_that_has_no_effect_is_warned_about_once(
    start_node: Start, tmp_path: Path
) -> None:
    finished = write_color_bundle(tmp_path / "finished", needs_nms=False)
    node, client = start_node(bundle=finished, score_threshold=0.6)
    client.start()
    assert "no effect" not in node.log
    for value in (0.4, 0.3):
        assert client.set_parameter("iou_threshold", value) == ""
    warning = "parameter iou_threshold has no effect: the model gives each object once"
    assert wait_until(lambda: warning in node.log)
    client.transition(Transition.TRANSITION_DEACTIVATE)
    client.transition(Transition.TRANSITION_CLEANUP)
    assert node.log.count("no effect") == 1
    client.start()  # with the threshold that is set already
    assert wait_until(lambda: node.log.count(warning) == 2)


def test_the_file_with_all_parameters_shows_the_real_ones_and_their_defaults() -> None:
    import yaml

    text = (ROOT / "config" / "detector.yaml").read_text("utf-8")
    shown = yaml.safe_load(text)["/**"]["ros__parameters"]
    assert shown == {spec.name: spec.default for spec in SPECS if spec.default is not None}
    for spec in SPECS:
        if spec.default is None:
            assert f"# {spec.name}: " in text


def test_all_parameters_of_a_configured_node_can_be_read_at_once(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.transition(Transition.TRANSITION_CONFIGURE)
    names = [spec.name for spec in SPECS]
    values = client.call(GetParameters, "detector/get_parameters", names=names).values
    assert len(values) == len(names)
    assert all(value.type != ParameterType.PARAMETER_NOT_SET for value in values)


def test_a_parameter_file_with_empty_values_is_refused_where_a_value_is_needed(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    empty = ("autostart", "minimum_box_size", "region_of_interest", "classes", "image_topics")
    file = tmp_path / "empty.yaml"
    lines = [f"    {name}: []\n" for name in empty]
    file.write_text(
        f"/**:\n  ros__parameters:\n    bundle: {shared_color_bundle}\n{''.join(lines)}", "utf-8"
    )
    command = [sys.executable, "-m", "trt_inference.ros.process", "--ros-args"]
    process = subprocess.Popen(
        [*command, "--params-file", str(file), "-p", "autostart:=true"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    assert process.stdout is not None
    try:
        line = next(one for one in process.stdout if "configure failed" in one)
    finally:
        process.terminate()
        assert process.wait(TIMEOUT) == 0
        process.stdout.close()
    assert "minimum_box_size: it has no value" in line
    assert "region_of_interest: it has no value" in line
    assert "classes" not in line and "image_topics" not in line  # nothing is all of them


def test_a_parameter_file_that_cannot_be_read_is_named_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("/**:\n  ros__parameters:\n    score_threshold: [1, 2.5]\n", "utf-8")
    command = [sys.executable, "-m", "trt_inference.ros.process", "--ros-args"]
    command += ["--params-file", str(file)]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert ended.returncode == CANNOT_START
    assert str(file) in ended.stderr
    assert "Traceback" not in ended.stderr


def count_found(client: Client, brightness: float = 1.0) -> int:
    """Detections in a picture with one cell of each color."""
    pixels = picture("red", (0, 0), scale=2)
    pixels[:] = 0
    for index, color in enumerate(COLORS):
        cell = picture(color, (index, index), scale=2)
        mask = (cell != 128).any(axis=2)
        pixels[mask] = (cell[mask] * brightness).astype("uint8")
    return len(client.detect(client.image(pixels)).detections)


@pytest.mark.parametrize(
    ("value", "expected"), [("auto", None), ("always", True), ("never", False)]
)
@pytest.mark.parametrize("name", ["zero_copy", "spin"])
def test_zero_copy_and_spin_are_left_to_the_engine_unless_the_user_decides(
    name: str, value: str, expected: Optional[bool]
) -> None:
    defaults = {name: SPECS_BY_NAME[name].default for name in CONFIGURED}
    assert defaults[name] == "auto"
    settings = Settings(**{**defaults, name: value})
    assert getattr(settings.engine_options(), name) is expected
