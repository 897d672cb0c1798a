"""What the doctor sees of cameras and a detector that really run."""

import os
import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from examples.shapes.processes import running
from test import domains
from test.trt_inference.doctor.fake_machine import assert_finds, faults
from test.trt_inference.doctor.middleware.graph_answers import (
    ANSWERS,
    detector,
    host_that_sees,
    topic,
)
from test.trt_inference.doctor.middleware.ros_machine import ros_machine
from test.trt_inference.ros.client import TIMEOUT, node_process, wait_until
from test.trt_inference.ros.probes.cameras import MADE_UP
from trt_inference.doctor.diagnosis import IS_OK
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.check_graph import check_graph
from trt_inference.doctor.middleware.check_rclpy import check_rclpy
from trt_inference.doctor.middleware.ros_installations import SUITABLE, distribution
from trt_inference.doctor.probe import run_probe

PROBE = "trt_inference.ros.probes.graph_probe"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """This machine, in a domain in which nothing else runs."""
    before = os.environ["ROS_DOMAIN_ID"]
    os.environ["ROS_DOMAIN_ID"] = str(domains.take())
    yield Host()
    os.environ["ROS_DOMAIN_ID"] = before


@pytest.fixture(scope="module")
def answer(
    host: Host, shared_color_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Dict[str, Any]:
    """What the probe reports of the cameras and two detectors."""
    folders = [tmp_path_factory.mktemp(name) for name in ("seen", "idle")]
    bundle = str(shared_color_bundle)
    with running("test.trt_inference.ros.probes.cameras", sends_images=True), node_process(
        folders[0], "/seen", bundle=bundle, image_reliability="reliable", autostart=True
    ), node_process(folders[1], "/idle"):
        return wait_for(host, is_complete)


def wait_for(host: Host, condition: Callable[[Dict[str, Any]], bool]) -> Dict[str, Any]:
    """What the probe reports once a condition holds: what runs may take its time to appear."""
    for _ in range(10):
        result = run_probe(host, PROBE)
        assert result.problem == ""
        if condition(result.answer):
            break
    return result.answer


def is_complete(answer: Dict[str, Any]) -> bool:
    came = [one for one in answer["topics"] if one["name"] not in ("/paused", "/cut_off")]
    states = sorted(one["state"] for one in answer["detectors"])
    subscribed = any(one["topics"] for one in answer["detectors"])
    return (
        len(came) == 6
        and all(one["came"]["received"] > 1 for one in came)
        and states == ["active", "unconfigured"]
        and subscribed
        and answer["nodes"] == 3
        and any(one["name"].endswith(": warm") for one in reported(answer))
    )


def reported(answer: Dict[str, Any]) -> List[Dict[str, str]]:
    """What the active detector reports of itself."""
    found = [one["statuses"] for one in answer["detectors"] if one["name"] == "/seen/detector"]
    return found[0] if found else []


@pytest.fixture(scope="module")
def topics(answer: Dict[str, Any]) -> Dict[str, Any]:
    return {topic["name"]: topic for topic in answer["topics"]}


def test_it_reports_what_made_up_answers_report(answer: Dict[str, Any]) -> None:
    """Otherwise the tests of what the doctor tells would be about something else."""
    assert set(answer) == set(ANSWERS)
    for one in answer["topics"]:
        assert set(one) == set(topic())
        assert set(one["came"]) == set(topic()["came"])
        assert set(one["publishers"][0]) == set(topic()["publishers"][0])


def test_topics_of_cameras_are_found_with_those_who_publish(topics: Dict[str, Any]) -> None:
    assert set(topics) == {
        "/good", "/reliable", "/large", "/odd", "/late", "/pressed/compressed", "/paused",
        "/cut_off",
    }  # fmt: skip
    assert topics["/pressed/compressed"]["base"] == "/pressed"
    assert {one["node"] for one in topics["/reliable"]["publishers"]} == {"/cameras"}
    offered = sorted(one["reliability"] for one in topics["/good"]["publishers"])
    assert offered == ["best_effort", "reliable"]


def test_it_subscribes_as_the_node_does(topics: Dict[str, Any]) -> None:
    assert topics["/reliable"]["came"]["asked"] == "reliable"
    assert topics["/good"]["came"]["asked"] == "best_effort"  # what both publishers offer


def test_images_are_counted_and_measured(topics: Dict[str, Any]) -> None:
    came = topics["/large"]["came"]
    assert came["bytes"] == 1080 * 1920 * 3
    assert "1920x1080" in came["format"]
    assert "bgr8" in came["format"]
    assert topics["/pressed/compressed"]["came"]["received"] > 0
    assert topics["/paused"]["came"]["received"] == 0


def test_images_that_the_node_cannot_use_are_told_with_the_reason(topics: Dict[str, Any]) -> None:
    assert "gold" in topics["/odd"]["came"]["rejected"]
    assert topics["/pressed/compressed"]["came"]["rejected"]
    assert topics["/good"]["came"]["rejected"] == ""


def test_stamps_are_compared_with_the_clock(topics: Dict[str, Any]) -> None:
    assert abs(topics["/late"]["came"]["age"] - 3600) < 60
    assert abs(topics["/good"]["came"]["age"]) < 60


def test_messages_that_cannot_be_read_do_not_end_the_others(answer: Dict[str, Any]) -> None:
    came = {one["name"]: one["came"]["received"] for one in answer["topics"]}
    assert came["/cut_off"] == 0
    assert came["/reliable"] > 0


def test_detectors_are_found_with_their_states_and_what_they_wait_for(
    answer: Dict[str, Any], shared_color_bundle: Path
) -> None:
    found = {one["name"]: one for one in answer["detectors"]}
    assert set(found) == {"/seen/detector", "/idle/detector"}
    assert found["/idle/detector"]["state"] == "unconfigured"
    active = found["/seen/detector"]
    assert set(active) == set(detector())
    assert active["state"] == "active"
    assert active["topics"] == [{"name": "/seen/image", "reliability": "reliable"}]
    assert active["parameters"]["bundle"] == str(shared_color_bundle)


def test_a_detector_answers_for_its_own_warnings_alone(answer: Dict[str, Any]) -> None:
    """Of what ``cameras`` publishes on /diagnostics, one is in order and others are of others."""
    made_up = {one["name"]: one for one in reported(answer) if one["message"] == MADE_UP}
    assert set(made_up) == {"/seen/detector: warm"}
    assert made_up["/seen/detector: warm"]["level"] == "warning"


def test_the_other_nodes_are_counted(answer: Dict[str, Any]) -> None:
    assert answer["nodes"] == 3  # the cameras and two detectors, and not the probe itself


def test_the_doctor_tells_all_of_it(answer: Dict[str, Any], tmp_path: Path) -> None:
    found = list(check_graph(host_that_sees(ros_machine(tmp_path), **answer)))
    assert {
        "images-announced-but-not-received",
        "image-topic-of-two-publishers",
        "image-stamps-far-from-clock",
        "detector-not-active",
        "detector-without-images",
    } <= set(faults(found))
    assert any(one.level == IS_OK and "/large" in one.text for one in found)


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"ROS_DOMAIN_ID": "300"}, "ROS_DOMAIN_ID is 300: give 0 to 232"),
        ({"ROS_DOMAIN_ID": "robot"}, "ROS_DOMAIN_ID is not an integral number"),
        (
            {"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce"},
            "ROS_SECURITY_KEYSTORE",
        ),
    ],
)
def test_why_no_node_can_start_is_told_in_one_plain_line(
    variables: Dict[str, str], why: str
) -> None:
    host = Host(environment={**os.environ, **variables})
    problem = run_probe(host, PROBE).problem
    assert problem.startswith("ended with exit code 1: ")
    assert why in problem
    assert "\x1b" not in problem


def test_a_look_that_is_ended_leaves_no_shared_memory(tmp_path: Path) -> None:
    """Nor its process. The middleware gives each process a segment."""
    names = {}
    with (tmp_path / "output").open("wb") as output, running(PROBE, output=output) as process:
        assert wait_until(lambda: names.update(held(process.pid)) or names)
        process.terminate()
        assert process.wait(TIMEOUT) != 0
    assert not [name for name in names if Path(name).exists()]


def held(process: int) -> Dict[str, None]:
    """The segments of Fast DDS that a process has mapped."""
    maps = Path(f"/proc/{process}/maps").read_text("utf-8")
    return {word: None for word in maps.split() if re.match(r"/dev/shm/fast\w+_[0-9a-f]+$", word)}


@pytest.mark.long
def test_a_domain_in_which_nothing_runs(host: Host) -> None:
    host.environment["ROS_DOMAIN_ID"] = number = str(domains.take())
    assert_finds(check_graph(host), "no-image-topic", "caution", f"domain {number}")


def test_rclpy_and_the_node_can_be_imported() -> None:
    [found] = check_rclpy(Host())
    assert found.level == IS_OK, found


def test_the_version_of_the_ros_that_is_here_is_read() -> None:
    environment = {"AMENT_PREFIX_PATH": os.environ["AMENT_PREFIX_PATH"]}
    assert distribution(Host(environment=environment)) in SUITABLE
