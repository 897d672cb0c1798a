"""A node that asks a server, as a subscriber sees it: every image gets its result, and the score
shows whose it is."""

import signal
from typing import Any, Dict, List

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from vision_msgs.msg import VisionInfo

from test.color_bundle import picture
from test.trt_inference.ros.client import TIMEOUT, Client, NodeProcess, wait_until
from test.trt_inference.ros.diagnostics.heard_statuses import Diagnostics
from trt_inference.ros.messages.result_topics import LATCHED

# Who has computed a result.
SERVER, MACHINE = "the server", "this machine"
# Of the scores that the server gives; those of this machine are as the bundle has them.
MARK = np.float32(0.75)
LONG_DEADLINE = 4.0  # seconds: long enough for any server that answers, on a busy machine
SHORT_DEADLINE = 0.3  # where the server does not answer


def mark_scores(answer: Any) -> None:
    """Change an answer of the server, so that it can be told from one of this machine."""
    for number, output in enumerate(answer.outputs):
        if output.name == "scores":
            scores = np.frombuffer(answer.raw_output_contents[number], np.float32) * MARK
            answer.raw_output_contents[number] = scores.tobytes()


class AskingNode:
    """An active node, with all that it tells of who answers.

    Attributes:
        methods: of ``vision_info``, in their order.
    """

    def __init__(self, process: NodeProcess, client: Client) -> None:
        self.process, self.client = process, client
        self.methods: List[str] = []
        self.diagnostics = Diagnostics(client)
        client.create_subscription(VisionInfo, "detector/vision_info", self._hear, LATCHED)

    def connect(self) -> str:
        """As ``who_answers``, with an image that is sent until it arrives."""
        return _who(self.client.detect(self._image()))

    def who_answers(self) -> str:
        """Send an image, wait for its result, and tell whose it is."""
        image = self._image()
        self.client.send(image)
        return _who(self.client.answer(image))

    def detect_until(self, who: str) -> List[str]:
        """Send images, each of which gets its result, until that is of ``who``: whose they were."""
        seen: List[str] = []

        def answers() -> bool:
            seen.append(self.who_answers())
            return seen[-1] == who

        assert self.client.spin(TIMEOUT, until=answers), (set(seen), self.process.log)
        return seen

    def start_again_and_end(self) -> None:
        """Go through the lifecycle, and end the process by SIGTERM, while the server answers
        nothing."""
        self.client.transition(Transition.TRANSITION_DEACTIVATE)
        self.client.transition(Transition.TRANSITION_CLEANUP)
        self.client.start()
        assert self.who_answers() == MACHINE
        self.process.process.send_signal(signal.SIGTERM)
        assert self.process.process.wait(TIMEOUT) == 0
        assert "Traceback" not in self.process.log
        assert "does not end" not in self.process.log

    def wait_for_method(self, part: str) -> None:
        """Until subscribers are told that the results are by it."""
        assert self.client.spin(
            TIMEOUT, until=lambda: bool(self.methods) and part in self.methods[-1]
        ), self.methods

    def wait_for_images(self, by: str, least: int) -> Dict[str, str]:
        """The values of the status ``server``, once so many images were answered by one of both,
        and the server is well."""
        found: Dict[str, str] = {}

        def are_there() -> bool:
            found.update(self.diagnostics.wait_for(DiagnosticStatus.OK, "running", "server"))
            return int(found[f"images by {by}"]) >= least

        assert wait_until(are_there), found
        return found

    def _image(self) -> Any:
        return self.client.image(picture("red", (2, 3)))

    def _hear(self, message: VisionInfo) -> None:
        self.methods.append(message.method)


def _who(message: Any) -> str:
    [detection] = message.detections
    score = detection.results[0].hypothesis.score
    for who, expected in ((SERVER, float(MARK)), (MACHINE, 1.0)):
        if score == pytest.approx(expected, abs=1e-3):
            return who
    raise AssertionError(f"a score of {score} is nobody's")
