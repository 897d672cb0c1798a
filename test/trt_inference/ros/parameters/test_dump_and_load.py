"""``ros2 param dump`` writes all parameters, and ``ros2 param load`` of that changes nothing."""

from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml
from lifecycle_msgs.msg import Transition
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters
from rclpy.parameter import parameter_dict_from_yaml_file, parameter_value_to_python

from test.color_bundle import write_color_bundle
from test.trt_inference.ros.client import Client, wait_until
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.parameters.table import SPECS


def call(client: Client, kind: Any, name: str, **fields: Any) -> Any:
    return client.call(kind, f"detector/{name}", **fields)


def dump(client: Client, file: Path) -> Dict[str, Any]:
    """As ``ros2 param dump`` does it."""
    names = sorted(call(client, ListParameters, "list_parameters").result.names)
    values = call(client, GetParameters, "get_parameters", names=names).values
    assert len(values) == len(names)
    flat = dict(zip(names, map(parameter_value_to_python, values)))
    nested: Dict[str, Any] = {}
    for name, value in flat.items():
        *folders, last = name.split(".")
        place = nested
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = value
    file.write_text(yaml.dump({"/**": {"ros__parameters": nested}}), "utf-8")
    return flat


def load(client: Client, file: Path) -> List[str]:
    """As ``ros2 param load`` does it; the reasons of what is refused."""
    parameters = list(parameter_dict_from_yaml_file(str(file), use_wildcard=True).values())
    answer = call(client, SetParameters, "set_parameters", parameters=parameters)
    return [
        f"{one.name}: {result.reason}"
        for one, result in zip(parameters, answer.results)
        if not result.successful
    ]


@pytest.mark.parametrize("hot_swap", [False, True])
def test_a_dump_can_be_loaded_in_each_state_and_does_nothing(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path, hot_swap: bool
) -> None:
    node, client = start_node(
        bundle=shared_color_bundle,
        hot_swap=hot_swap,
        camera_timeout=0.0,  # nothing else is logged meanwhile
        batch_deadline=0.00001,  # which the tools take for a string
        debug_image_quality=50,
        **{"qos_overrides./parameter_events.publisher.depth": 5},
    )
    for transition in (None, Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        if transition is not None:
            client.transition(transition)
        before = dump(client, tmp_path / "dump.yaml")
        assert {spec.name for spec in SPECS} < set(before)
        lines = len(node.log.splitlines())
        assert load(client, tmp_path / "dump.yaml") == []
        assert dump(client, tmp_path / "again.yaml") == before
        assert node.log.splitlines()[lines:] == []
    assert "swapped" not in node.log and "swap to" not in node.log


def test_a_dump_brings_back_what_was_changed(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    before = dump(client, tmp_path / "dump.yaml")
    changes = {"score_threshold": 0.9, "max_detections": 3, "classes": ["red"], "warn_age": 1.0}
    for name, value in changes.items():
        assert client.set_parameter(name, value) == ""
    assert dump(client, tmp_path / "changed.yaml") == {**before, **changes}
    assert load(client, tmp_path / "dump.yaml") == []
    assert dump(client, tmp_path / "again.yaml") == before


def test_thresholds_of_the_bundle_stay_its_own_when_a_dump_is_loaded(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    defaults = {"score_threshold": 0.9, "iou_threshold": 0.8, "max_detections": 1}
    strict = write_color_bundle(tmp_path / "strict", defaults=defaults)
    _, client = start_node(bundle=shared_color_bundle, max_detections=7)
    client.transition(Transition.TRANSITION_CONFIGURE)
    dump(client, tmp_path / "dump.yaml")
    assert load(client, tmp_path / "dump.yaml") == []
    client.transition(Transition.TRANSITION_CLEANUP)
    assert client.set_parameter("bundle", str(strict)) == ""
    client.transition(Transition.TRANSITION_CONFIGURE)
    after = dump(client, tmp_path / "after.yaml")
    assert {name: after[name] for name in defaults} == {**defaults, "max_detections": 7}


def test_what_is_fixed_can_be_set_to_its_value_only(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    assert client.set_parameter("start_type_description_service", True) == ""
    reason = client.set_parameter("start_type_description_service", False)
    assert "start_type_description_service is fixed when the process starts" in reason
    assert wait_until(lambda: "Traceback" not in node.log)


def test_tools_tell_the_choices_and_when_a_parameter_takes_effect(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    names = ["precision", "threads", "score_threshold"]
    answer = call(client, DescribeParameters, "describe_parameters", names=names)
    told = [one.additional_constraints for one in answer.descriptors]
    assert told == [
        "one of auto, fp32, fp16, int8; read when the node is configured",
        "read when the node is configured",
        "takes effect at once",
    ]
