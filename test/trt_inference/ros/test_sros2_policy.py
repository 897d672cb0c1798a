"""The SROS2 policy and what the node really has: DDS Security denies what has no rule."""

import importlib.util
from pathlib import Path
from typing import Any, Set, Tuple
from xml.dom import minidom
from xml.etree import ElementTree

import pytest

from test.trt_inference.ros.client import ROOT, TIMEOUT, Client
from test.trt_inference.ros.conftest import Start

Right = Tuple[str, str]  # publish, subscribe, reply or request, and the name of a topic or service

POLICY = ROOT / "config" / "sros2_policy.xml"
BY_NODE = {
    "publish": "get_publisher_names_and_types_by_node",
    "subscribe": "get_subscriber_names_and_types_by_node",
    "reply": "get_service_names_and_types_by_node",
    "request": "get_client_names_and_types_by_node",
}
RESULTS = {"/detector/detections", "/detector/classification", "/detector/segmentation"}
IMAGES = {"/image", "/image/compressed"}
READING = tuple(f"/detector/{verb}_" for verb in ("get", "describe", "list"))
# Without bondpy there is no bond, and Humble describes no types.
ABSENT = {
    "bondpy": "/bond",
    "rclpy.type_description_service": "/detector/get_type_description",
}


def rights(enclave: str) -> Set[Right]:
    """What the policy allows an enclave."""
    tree = ElementTree.parse(POLICY)
    profile = tree.find(f"enclaves/enclave[@path='{enclave}']/profiles/profile")
    assert profile is not None
    found = set()
    for rules in profile:
        assert set(rules.attrib.values()) == {"ALLOW"}
        for right in rules.attrib:
            found |= {(right, full_name(str(one.text), profile)) for one in rules}
    return found


def full_name(name: str, profile: ElementTree.Element) -> str:
    """As SROS2 completes it; all profiles are in the root namespace."""
    assert profile.get("ns") == "/"
    if name.startswith("~"):
        return f"/{profile.get('node')}{name[1:]}"
    return name if name.startswith("/") else f"/{name}"


def graph_of_process(client: Client) -> Set[Right]:
    """What the nodes beside the client have, as if their namespace were the root."""
    namespace = client.get_namespace()
    found = set()
    for node, its_namespace in client.get_node_names_and_namespaces():
        if its_namespace == namespace and node != client.get_name():
            for right, method in BY_NODE.items():
                found |= {(right, name) for name, _ in getattr(client, method)(node, namespace)}
    start = len(namespace)
    return {
        (right, name[start:] if name.startswith(namespace + "/") else name) for right, name in found
    }


@pytest.mark.parametrize(
    "fixture, result, transport, image",
    [
        ("shared_color_bundle", "/detector/detections", "raw", "/image"),
        ("classification_bundle", "/detector/classification", "compressed", "/image/compressed"),
        ("segmentation_bundle", "/detector/segmentation", "raw", "/image"),
    ],
)
def test_the_detector_has_a_rule_for_all_that_it_has_and_no_other(
    start_node: Start, request: Any, fixture: str, result: str, transport: str, image: str
) -> None:
    bundle: Path = request.getfixturevalue(fixture)
    _, client = start_node(bundle=bundle, image_transport=transport, use_sim_time="true")
    client.start()
    absent = {name for module, name in ABSENT.items() if not is_installed(module)}
    absent |= (RESULTS | IMAGES) - {result, image}
    allowed = {right for right in rights("/detector") if right[1] not in absent}
    client.spin(TIMEOUT, until=lambda: graph_of_process(client) == allowed)
    assert graph_of_process(client) == allowed


def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def test_a_viewer_changes_nothing() -> None:
    asked = {name for right, name in rights("/viewer") if right == "request"}
    assert asked
    assert all(name.startswith(READING) for name in asked), asked


def test_an_operator_may_ask_for_all_that_the_node_answers() -> None:
    answered = {name for right, name in rights("/detector") if right == "reply"}
    assert {name for right, name in rights("/operator") if right == "request"} == answered


@pytest.mark.parametrize("enclave", ["/viewer", "/operator"])
def test_who_looks_may_see_all_that_the_node_publishes_but_heartbeats(enclave: str) -> None:
    published = {name for right, name in rights("/detector") if right == "publish"} - {"/bond"}
    assert published <= {name for right, name in rights(enclave) if right == "subscribe"}


@pytest.mark.parametrize("enclave", ["/camera", "/viewer", "/operator"])
def test_nobody_else_may_publish_or_answer_what_is_the_detectors(enclave: str) -> None:
    others = {name for right, name in rights(enclave) if right in ("publish", "reply")}
    assert not [name for name in others if name.startswith("/detector/")]
    assert "/diagnostics" not in others


def test_only_the_camera_may_publish_images() -> None:
    for enclave in ("/detector", "/camera", "/viewer", "/operator"):
        published = {name for right, name in rights(enclave) if right == "publish"}
        assert published & IMAGES == (IMAGES if enclave == "/camera" else set()), enclave


def test_sros2_finds_enclaves_alone_where_it_expects_them() -> None:
    """Its generate_artifacts takes comments there for enclaves, and fails."""
    (enclaves,) = minidom.parse(str(POLICY)).getElementsByTagName("enclaves")
    kinds = {child.nodeName for child in enclaves.childNodes}
    assert kinds == {"enclave", "#text"}
