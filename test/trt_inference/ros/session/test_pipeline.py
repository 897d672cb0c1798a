"""In which order images, their results, and who has computed them are told."""

from pathlib import Path
from typing import Any, Iterator, List, Tuple

import numpy as np
import pytest
from rclpy.node import Node
from sensor_msgs.msg import Image

from test.color_bundle import picture, write_color_bundle
from test.trt_inference.ros.session.scripted_engine import (
    LOST_KIND,
    NOBODY,
    Answerer,
    ScriptedEngine,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.choose_precision import PrecisionChoice
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import EngineOptions
from trt_inference.errors import FrameLost
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.ros.cameras.camera import Received
from trt_inference.ros.diagnostics.latency import Ages
from trt_inference.ros.diagnostics.reports import Counters
from trt_inference.ros.session.pipeline import Pipeline

PIXELS = picture("red", (2, 3))


class TestedCamera:
    """Writes down what is done with its images."""

    __test__ = False
    topic = "/image"

    def __init__(self, name: str, told: List[str]) -> None:
        self.name, self._told = name, told
        self.counters, self.ages = Counters(), Ages()
        self.debug_images: Any = self

    def wanted(self) -> bool:
        return False

    def read(self, image: Image) -> Frame:
        return Frame(np.asarray(PIXELS))

    def publish(self, *result: object) -> None:
        self._told.append(self.name)

    def reject(self, error: FrameLost) -> None:
        self.counters.reject(error.kind)


class Tested:
    """A pipeline with two cameras, which is told who answers.

    Attributes:
        told: names of cameras at their results, and introductions.
    """

    __test__ = False

    def __init__(self, folder: Path, node: Node) -> None:
        bundle = load_bundle(write_color_bundle(folder / "colors"))
        self.told: List[str] = []
        self.answerer = Answerer(folder)
        inner = open_engine(bundle, "onnxruntime", "fp32", EngineOptions(batch=2))
        self.detector = Detector(
            bundle, ScriptedEngine(inner, self.answerer), PrecisionChoice("fp32", "asked for")
        )
        self.cameras = [TestedCamera(name, self.told) for name in ("front", "rear")]
        self.pipeline = Pipeline(node, bundle, self._introduce)

    def run(self, *answerers: str) -> List[str]:
        """An image of each camera at once, answered by each of these: what was told of it."""
        self.told.clear()
        for who in answerers:
            self.answerer.set(who)
            items: Any = [Received(camera, Image(), 0.0) for camera in self.cameras]
            assert self.pipeline.start(self.detector, items)
            self.pipeline.finish(self.detector)
        return self.told

    def _introduce(self) -> None:
        self.told.append(self.detector.engine.description)


@pytest.fixture
def tested(ros: None, tmp_path: Path) -> Iterator[Tested]:
    node = Node("tested")
    it = Tested(tmp_path, node)
    yield it
    it.detector.close()
    node.destroy_node()


IMAGES: Tuple[str, ...] = ("front", "rear")


def test_who_computes_is_told_before_the_first_result_and_not_again(tested: Tested) -> None:
    assert tested.run("first", "first") == ["computed by first", *IMAGES, *IMAGES]
    assert tested.run("first", "server") == [*IMAGES, "computed by server", *IMAGES]
    assert tested.run("server", "first") == [*IMAGES, "computed by first", *IMAGES]


def test_all_images_of_a_run_that_nobody_answers_are_rejected_and_later_ones_are_not(
    tested: Tested,
) -> None:
    assert tested.run("first", NOBODY, NOBODY, "first") == ["computed by first", *IMAGES * 2]
    for camera in tested.cameras:
        assert camera.counters.reasons == {LOST_KIND: 2}
