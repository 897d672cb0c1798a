"""What a swap of the bundle leaves of the parameters that a user has set."""

import itertools
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
from rclpy.node import Node
from rclpy.parameter import Parameter

from test.color_bundle import write_color_bundle
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.ros.parameters.node_parameters import Parameters
from trt_inference.ros.rclpy_tools.parameter_node import ParameterNode

_numbers = itertools.count()


class Configured:
    """A node whose parameters are those of a configured detector."""

    def __init__(self, in_use: Bundle, **given: object) -> None:
        overrides = [Parameter(name, value=value) for name, value in given.items()]
        self.node = ParameterNode(f"parameters_{next(_numbers)}", parameter_overrides=overrides)
        self.parameters = Parameters(self.node, lambda live: None, lambda bundle, precision: "")
        self.parameters.use(in_use)

    def set(self, name: str, value: object) -> None:
        [result] = self.node.set_parameters([Parameter(name, value=value)])
        assert result.successful, result.reason

    def value(self, name: str) -> object:
        return self.node.get_parameter(name).value


@pytest.fixture
def configure(ros: None, shared_color_bundle: Path) -> Iterator[Callable[..., Configured]]:
    nodes: List[Node] = []

    def make(**given: object) -> Configured:
        it = Configured(load_bundle(shared_color_bundle), **given)
        nodes.append(it.node)
        return it

    yield make
    for node in nodes:
        node.destroy_node()


@pytest.fixture
def strict(tmp_path: Path) -> Bundle:
    defaults = {"score_threshold": 0.9, "iou_threshold": 0.8, "max_detections": 1}
    return load_bundle(write_color_bundle(tmp_path / "strict", defaults=defaults))


@pytest.mark.parametrize(
    ("name", "value"), [("score_threshold", 0.3), ("iou_threshold", 0.4), ("max_detections", 7)]
)
def test_a_threshold_that_was_set_while_a_bundle_is_in_use_stays_through_a_swap(
    configure: Callable[..., Configured], strict: Bundle, name: str, value: object
) -> None:
    detector = configure()
    detector.set(name, value)
    for _ in range(2):  # and through the swap after that
        live = detector.parameters.live(strict)
        assert getattr(live.thresholds, name) == value
        detector.parameters.use(strict)
        assert detector.value(name) == value
    others = {"score_threshold", "iou_threshold", "max_detections"} - {name}
    for other in others:
        assert detector.value(other) == getattr(strict.defaults, other)


def test_a_threshold_that_is_set_to_the_bundles_own_value_is_the_users_too(
    configure: Callable[..., Configured], strict: Bundle
) -> None:
    detector = configure()
    own = detector.value("score_threshold")
    detector.set("score_threshold", own)
    assert detector.parameters.live(strict).thresholds.score_threshold == own


def test_a_swap_that_failed_takes_back_its_own_values_and_none_that_came_later(
    configure: Callable[..., Configured],
) -> None:
    detector = configure(bundle="in use", precision="fp32", hot_swap=True)
    in_use = {"bundle": "in use", "precision": "fp32"}
    detector.set("bundle", "broken")
    detector.set("precision", "int8")
    detector.set("precision", "fp16")  # while the swap to int8 goes on
    detector.parameters.undo({"bundle": "broken", "precision": "int8"}, in_use)
    assert detector.value("bundle") == "in use"
    assert detector.value("precision") == "fp16"
    detector.parameters.undo({"bundle": "in use", "precision": "fp16"}, in_use)
    assert detector.value("precision") == "fp32"
