"""Values at start-up that cannot be used: one plain line each, and the node stays up."""

from pathlib import Path
from typing import Any, List

import pytest
from lifecycle_msgs.msg import Transition

from examples.shapes.monitor import MonitorError
from test.trt_inference.ros.client import wait_until
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.parameters.declaration import wrong_at_start
from trt_inference.ros.parameters.spec import Spec
from trt_inference.ros.parameters.table import SPECS, SPECS_BY_NAME

_OF_EACH_TYPE: List[Any] = [True, 7, 0.25, "text", [True], [1, 2], [0.5], ["a", "b"], None]


@pytest.mark.parametrize("spec", SPECS, ids=[spec.name for spec in SPECS])
def test_whatever_the_type_the_line_names_the_parameter_the_value_and_what_to_write(
    spec: Spec,
) -> None:
    if spec.default is not None:
        assert wrong_at_start(spec, spec.default) == ""
    refused = [one for one in map(lambda it: wrong_at_start(spec, it), _OF_EACH_TYPE) if one]
    assert len(refused) >= len(_OF_EACH_TYPE) - 2  # of its own type, and unset where that may be
    for line in refused:
        assert line.startswith(f"parameter {spec.name}")
        assert "\n" not in line


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "autostart",
            "yes",
            'parameter autostart is "yes", a string, and has to be a boolean: true or false '
            "without quotes, as in autostart: false",
        ),
        (
            "score_threshold",
            1,
            "parameter score_threshold is 1, an integer, and has to be a double: a number with "
            "its point, as in score_threshold: 1.0",
        ),
        (
            "bundle",
            123,
            "parameter bundle is 123, an integer, and has to be a string: text, in quotes where "
            'YAML takes it for something else, as in bundle: "123"',
        ),
        (
            "image_topics",
            "/front/image",
            'parameter image_topics is "/front/image", a string, and has to be a string array: '
            'texts in brackets, as in image_topics: ["/front/image"]',
        ),
        ("threads", 257, "parameter threads: 257 is out of range: from 0 to 256"),
        (
            "iou_threshold",
            float("nan"),
            "parameter iou_threshold: nan is out of range: from 0.0 to 1.0",
        ),
        (
            "debug_image_rate",
            float("inf"),
            "parameter debug_image_rate: inf is out of range: from 0.0 to 1000.0",
        ),
    ],
)
def test_the_line_can_be_followed(name: str, value: object, line: str) -> None:
    assert wrong_at_start(SPECS_BY_NAME[name], value) == line


def test_what_is_fixed_has_to_be_given_again_at_a_start() -> None:
    spec = SPECS_BY_NAME["autostart"]
    fixed = Spec(spec.name, spec.type, spec.description, spec.default, fixed=True)
    assert wrong_at_start(fixed, "yes").endswith("fixed when the process starts: start it again")


def test_wrong_values_are_told_one_line_each_and_the_node_waits(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(
        bundle=shared_color_bundle,
        autostart="'yes'",
        threads=99999999999999999999,
        treshold=0.5,
        camera_timeot=1.0,
        **{"bundle.path": "x"},
    )
    assert wait_until(lambda: "autostart is false" in node.log), node.log
    lines = node.log.splitlines()
    for start in ('parameter autostart is "yes"', "parameter threads is 1e+20"):
        assert len([one for one in lines if start in one]) == 1
    assert "camera_timeot does not exist and is ignored: camera_timeout is meant" in node.log
    assert "bundle.path does not exist and is ignored: bundle has no parts" in node.log
    assert "Traceback" not in node.log
    assert client.set_parameter("autostart", False) == ""  # the value that it has already
    with pytest.raises(MonitorError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    assert client.set_parameter("threads", 1) == ""
    client.start()
    assert client.state() == "active"


def test_a_wrong_use_sim_time_leaves_wall_time_and_is_told_until_it_is_mended(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, use_sim_time="'true'")
    with pytest.raises(MonitorError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    line = 'configure failed: parameter use_sim_time is "true", a string'
    assert wait_until(lambda: line in node.log), node.log
    assert "Traceback" not in node.log
    assert client.set_parameter("use_sim_time", False) == ""
    client.start()
    assert client.state() == "active"


def test_a_wrong_value_that_nobody_can_mend_is_warned_about(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, start_type_description_service="'x'")
    client.start()
    assert 'start_type_description_service is "x", a string' in node.log
    assert "It is taken for true" in node.log
