"""Another bundle or precision while the node runs: exchanged between two frames, or not at all."""

import signal
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from lifecycle_msgs.msg import Transition
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray, LabelInfo

from test.color_bundle import LABELS, change_manifest, offer_precisions, picture, write_color_bundle
from test.task_bundles import write_classification_bundle
from test.trt_inference.ros.client import TIMEOUT, Client, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.slow_bundle import ENDLESS, write_slow_bundle
from test.trt_inference.ros.session.held_bundles import MODEL, MODULE, HeldBundles
from test.trt_inference.ros.session.swapper import Swapper
from trt_inference.bundles.bundle import sha256_of_file
from trt_inference.ros.messages.result_topics import LATCHED

NAMES = ("azul", "verde", "rojo")


@pytest.fixture
def other_bundle(tmp_path: Path) -> Path:
    """A bundle that finds the same under other names."""
    folder = write_color_bundle(tmp_path / "colores")
    labels = folder / "labels.txt"
    labels.write_text("".join(f"{name}\n" for name in NAMES), "utf-8")
    change_manifest(
        folder, lambda manifest: manifest["labels"].update(sha256=sha256_of_file(labels))
    )
    return folder


def red_image(client: Client) -> Image:
    return client.image(picture("red", (2, 3)))


def label_of(client: Client) -> str:
    """What the node calls the red cell now."""
    return label_in(client.detect(red_image(client)))


def label_in(message: Detection2DArray) -> str:
    """The only label."""
    [detection] = message.detections
    return str(detection.results[0].hypothesis.class_id)


@pytest.mark.parametrize("hand_over", ["never", "always"])
def test_another_bundle_is_used_from_some_frame_on_and_no_frame_is_lost(
    start_node: Start, shared_color_bundle: Path, other_bundle: Path, hand_over: str
) -> None:
    _, client = start_node(
        bundle=shared_color_bundle,
        hot_swap=True,
        image_reliability="reliable",
        hand_over=hand_over,
    )
    client.start()
    swapper = Swapper(client)
    assert label_of(client) == "red"
    answer = swapper.ask(bundle=str(other_bundle))
    seen: List[str] = []
    while not answer.done() or seen[-1:] != ["rojo"]:
        image = red_image(client)
        client.send(image)
        seen.append(label_in(client.answer(image)))
        assert len(seen) < 10000
    assert answer.result().result.successful, answer.result().result.reason
    first_new = seen.index("rojo")
    assert set(seen[:first_new]) <= {"red"} and set(seen[first_new:]) == {"rojo"}
    assert client.wait_for_count("inferred", len(seen) + 1)
    assert client.record.diagnostics["dropped"] == "0"
    assert client.spin(
        TIMEOUT, until=lambda: client.record.diagnostics["bundle"] == str(other_bundle)
    )
    assert swapper.parameter("bundle") == str(other_bundle)
    assert client.state() == "active"


def test_labels_are_published_anew_also_when_no_image_comes(
    start_node: Start, shared_color_bundle: Path, other_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle, hot_swap=True)
    client.transition(Transition.TRANSITION_CONFIGURE)
    received_labels: List[Tuple[str, ...]] = []

    def hear(message: LabelInfo) -> None:
        received_labels.append(tuple(entry.class_name for entry in message.class_map))

    client.create_subscription(LabelInfo, "detector/label_info", hear, LATCHED)
    assert client.spin(TIMEOUT, until=lambda: received_labels == [LABELS])
    assert Swapper(client).reason(bundle=str(other_bundle)) == ""
    assert client.spin(TIMEOUT, until=lambda: received_labels == [LABELS, NAMES])
    assert client.state() == "inactive"


def damage(folder: Path) -> Path:
    (folder / "fp32.onnx").write_bytes(b"not a network")
    return folder


def sign_anew(folder: Path) -> Path:
    """So that only who looks at the network finds out."""
    file = folder / "fp32.onnx"

    def change(manifest: Dict[str, Any]) -> None:
        signed = {"sha256": sha256_of_file(file), "bytes": file.stat().st_size}
        manifest["precisions"]["fp32"].update(signed)

    change_manifest(folder, change)
    return folder


def test_what_fails_is_reported_and_the_engine_in_use_goes_on(
    start_node: Start, shared_color_bundle: Path, other_bundle: Path, tmp_path: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle, hot_swap=True)
    swapper = Swapper(client)
    assert "configure" in swapper.reason(precision="fp32")
    client.start()
    classifier = str(write_classification_bundle(tmp_path / "classifier"))
    for values, reason in (
        ({"bundle": "/nowhere"}, "/nowhere"),
        ({"precision": "int8"}, "no precision 'int8'"),
        ({"precision": 8}, "precision is of type 2, not a string"),
        ({"threads": "2"}, "'threads' cannot be swapped"),
        ({}, "nothing is asked for"),
        ({"bundle": classifier}, "classification"),
    ):
        assert reason in swapper.reason(**values)
        assert label_of(client) == "red"
    for spoil, reason in ((damage, "was changed"), (sign_anew, "is damaged")):
        assert reason in swapper.reason(bundle=str(spoil(other_bundle)))
        assert label_of(client) == "red"
    assert swapper.parameter("bundle") == str(shared_color_bundle)
    assert swapper.parameter("precision") == "auto"
    assert client.spin(
        TIMEOUT, until=lambda: "failed" in client.record.diagnostics.get("hot swap", "")
    )


def test_parameters_swap_where_that_is_allowed(
    start_node: Start, color_bundle: Path, other_bundle: Path
) -> None:
    offer_precisions(color_bundle, "fp32", "fp16")
    _, client = start_node(bundle=color_bundle, hot_swap=True)
    client.start()
    assert client.set_parameter("precision", "fp16") == ""
    assert client.spin(TIMEOUT, until=lambda: client.record.diagnostics.get("precision") == "fp16")
    assert label_of(client) == "red"
    assert "no precision 'int8'" in client.set_parameter("precision", "int8")
    assert client.set_parameter("precision", "auto") == ""
    assert client.set_parameter("bundle", str(other_bundle)) == ""
    assert wait_until(lambda: label_of(client) == "rojo")


@pytest.fixture
def slow_bundle(tmp_path: Path) -> Path:
    """Its engine takes some tenths of a second for an image."""
    return write_slow_bundle(tmp_path / "slow", products=6, side=1500, at_each_image=True)


def put_to_work(client: Client) -> Image:
    """Send an image to a slow engine, which has nothing else to do, and see it arrive."""
    received = client.counters_at_rest()["received"]
    image = red_image(client)
    client.send(image)
    client.wait_for_count("received", received + 1)
    return image


@pytest.mark.parametrize("hand_over", ["never", "always"])
def test_an_image_in_work_is_answered_with_the_labels_of_the_engine_that_works_on_it(
    start_node: Start, slow_bundle: Path, other_bundle: Path, hand_over: str
) -> None:
    _, client = start_node(bundle=slow_bundle, hot_swap=True, hand_over=hand_over)
    client.start()
    swapper = Swapper(client)
    assert label_of(client) == "red"
    image = put_to_work(client)
    assert swapper.reason(bundle=str(other_bundle)) == ""
    assert client.set_parameter("minimum_box_size", 1.0) == ""
    assert label_in(client.answer(image)) == "red"
    assert label_of(client) == "rojo"


@pytest.mark.parametrize("hand_over", ["never", "always"])
def test_deactivating_right_after_a_swap_waits_for_the_image_in_work(
    start_node: Start, slow_bundle: Path, other_bundle: Path, hand_over: str
) -> None:
    _, client = start_node(bundle=slow_bundle, hot_swap=True, hand_over=hand_over)
    client.start()
    assert label_of(client) == "red"
    image = put_to_work(client)
    assert Swapper(client).reason(bundle=str(other_bundle)) == ""
    client.transition(Transition.TRANSITION_DEACTIVATE)
    assert client.answer(image)


def test_a_signal_in_the_middle_of_a_swap_ends_the_process_at_once(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    endless = write_slow_bundle(tmp_path / "endless", ENDLESS)
    node, client = start_node(bundle=shared_color_bundle, hot_swap=True)
    client.start()
    answer = Swapper(client).ask(bundle=str(endless))
    assert label_of(client) == "red"
    assert not answer.done()
    node.process.send_signal(signal.SIGINT)
    assert node.process.wait(TIMEOUT) == 0


def test_none_of_two_swaps_that_fail_leaves_its_parameter(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle, hot_swap=True)
    client.start()
    for number in range(2):
        broken = damage(write_color_bundle(tmp_path / f"broken_{number}"))
        assert client.set_parameter("bundle", str(broken)) == ""
    swapper = Swapper(client)
    assert wait_until(lambda: swapper.parameter("bundle") == str(shared_color_bundle))
    assert client.set_parameter("precision", "fp32") == ""  # judged by the bundle in use


def test_a_swap_that_is_overtaken_by_a_new_configuration_changes_nothing(
    start_node: Start, shared_color_bundle: Path, other_bundle: Path, tmp_path: Path
) -> None:
    overtaken = write_color_bundle(tmp_path / "overtaken")
    held = HeldBundles(tmp_path)
    held.hold(overtaken, MODEL)
    _, client = start_node(
        command=(MODULE, str(tmp_path)), bundle=shared_color_bundle, hot_swap=True
    )
    client.start()
    assert client.set_parameter("bundle", str(overtaken)) == ""
    held.wait_until_it_is_asked_for(overtaken, MODEL)
    client.transition(Transition.TRANSITION_DEACTIVATE)
    client.transition(Transition.TRANSITION_CLEANUP)
    assert client.set_parameter("bundle", str(other_bundle)) == ""
    client.start()
    held.let_go(overtaken, MODEL)
    assert client.spin(
        TIMEOUT, until=lambda: "meanwhile" in client.record.diagnostics.get("hot swap", "")
    )
    assert Swapper(client).parameter("bundle") == str(other_bundle)
    assert label_of(client) == "rojo"


def test_a_swap_that_fails_late_gives_the_parameter_its_value_back(
    start_node: Start, shared_color_bundle: Path, other_bundle: Path
) -> None:
    damage(other_bundle)
    _, client = start_node(bundle=shared_color_bundle, hot_swap=True)
    client.start()
    assert client.set_parameter("bundle", str(other_bundle)) == ""
    swapper = Swapper(client)
    assert wait_until(lambda: swapper.parameter("bundle") == str(shared_color_bundle))
    assert label_of(client) == "red"


def test_without_leave_parameters_do_not_swap_and_the_refusal_names_it(
    start_node: Start, shared_color_bundle: Path, other_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    assert "hot_swap" in client.set_parameter("bundle", str(other_bundle))
    assert label_of(client) == "red"


def test_thresholds_of_the_user_stay_and_others_become_those_of_the_new_bundle(
    start_node: Start, shared_color_bundle: Path, tmp_path: Path
) -> None:
    strict = {"score_threshold": 1.0, "iou_threshold": 0.5, "max_detections": 1}
    other = write_color_bundle(tmp_path / "strict", defaults=strict)
    _, client = start_node(bundle=shared_color_bundle, hot_swap=True, score_threshold=0.3)
    client.start()
    pixels = picture("red", (2, 3))
    pixels[-8:, -8:] = (200, 0, 0)
    assert len(client.detect(client.image(pixels)).detections) == 2
    assert Swapper(client).reason(bundle=str(other)) == ""
    pixels[16:24, 24:32] //= 2  # a score of 0.5: below the new bundle's threshold
    [detection] = client.detect(client.image(pixels)).detections
    assert detection.results[0].hypothesis.class_id == "blue"
    assert detection.results[0].hypothesis.score == pytest.approx(200 / 255)


def test_classes_that_are_wanted_must_be_in_the_new_bundle(
    start_node: Start, shared_color_bundle: Path, other_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle, hot_swap=True, classes=["red"])
    client.start()
    assert "has no red" in Swapper(client).reason(bundle=str(other_bundle))
    assert label_of(client) == "red"
