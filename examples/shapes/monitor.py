"""A ROS node that watches a detector: what it publishes, how late, and what was really there."""

import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from examples.shapes.camera import EVERY_MESSAGE
from examples.shapes.watching_node import MonitorError, WatchingNode
from trt_inference.ros.messages.image_message_reader import MessageReader

Stamp = Tuple[int, int]

_LOST = 5.0  # seconds after which an answer is taken to be lost
_LABELS = {
    Transition.TRANSITION_CONFIGURE: "configure",
    Transition.TRANSITION_CLEANUP: "cleanup",
    Transition.TRANSITION_ACTIVATE: "activate",
    Transition.TRANSITION_DEACTIVATE: "deactivate",
    Transition.TRANSITION_UNCONFIGURED_SHUTDOWN: "shutdown",
    Transition.TRANSITION_INACTIVE_SHUTDOWN: "shutdown",
    Transition.TRANSITION_ACTIVE_SHUTDOWN: "shutdown",
}
# The states to which they lead.
_GOALS = {
    "configure": "inactive",
    "cleanup": "unconfigured",
    "activate": "active",
    "deactivate": "inactive",
    "shutdown": "finalized",
}


@dataclass
class Record:
    """All that was received, by the stamp of the image. Latencies are in seconds."""

    truth: Dict[Stamp, Detection2DArray] = field(default_factory=dict)
    detections: Dict[Stamp, Detection2DArray] = field(default_factory=dict)
    latencies: List[float] = field(default_factory=list)
    pictures: Dict[Stamp, np.ndarray] = field(default_factory=dict)
    diagnostics: Dict[str, str] = field(default_factory=dict)


class Monitor(WatchingNode):
    """Subscribes to ``detector/detections``, ``ground_truth`` and ``/diagnostics``, and looks at
    an image now and then."""

    def __init__(
        self,
        on_detections: Optional[Callable[[Detection2DArray], None]] = None,
        picture_period: Optional[float] = None,
        namespace: str = "",
        watches_messages: bool = True,
    ) -> None:
        """
        Args:
            on_detections: called with each message.
            picture_period: seconds between two images that are kept; None keeps none.
            watches_messages: subscribe to detections and truth; else to /diagnostics only.
        """
        super().__init__("monitor", namespace)
        self.record = Record()
        self._on_detections = on_detections
        self._reader = MessageReader()
        self._look: Any = None
        self._change_state: Any = self.create_client(ChangeState, "detector/change_state")
        self._get_state: Any = self.create_client(GetState, "detector/get_state")
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        if watches_messages:
            found = "detector/detections"
            self.create_subscription(Detection2DArray, found, self._on_detection, 100)
            self.create_subscription(
                Detection2DArray, "ground_truth", self._on_truth, EVERY_MESSAGE
            )
        if picture_period is not None:
            self.create_timer(picture_period, self._look_once)

    def transition(self, number: int, timeout: float = 30.0) -> None:
        """Ask the detector for a transition of ``lifecycle_msgs/Transition``.

        Raises:
            MonitorError: no answer in ``timeout`` seconds, or the transition failed.
        """
        if not self.change(Transition(id=number), timeout):
            name = _LABELS[number]
            raise MonitorError(f"the detector refused to {name}: its log has the reason")

    def change(self, wanted: Transition, timeout: float) -> bool:
        """Ask the detector for a transition; whether it was done.

        The middleware loses answers now and then. Without one, the state that the node reports
        tells whether the request arrived; if it did not, the transition is asked for again.

        Raises:
            MonitorError: no answer in ``timeout`` seconds.
        """
        if not self.spin(timeout, until=self._change_state.service_is_ready):
            raise MonitorError(f"the detector node did not appear within {timeout:.0f} s")
        end = time.monotonic() + timeout
        before = self._state(end)
        asked: List[Any] = []
        while time.monotonic() < end:
            asked.append(self._change_state.call_async(ChangeState.Request(transition=wanted)))
            left = end - time.monotonic()
            is_answered = self.spin(min(_LOST, left), lambda: any(one.done() for one in asked))
            state = before if is_answered else self._state(end)
            answers = [bool(one.result().success) for one in asked if one.done()]
            if answers:
                return any(answers)
            if state not in ("", before):
                return state == _GOALS.get(_label_of(wanted))
        raise MonitorError(
            f"the detector did not answer to '{_label_of(wanted)}' within {timeout:.0f} s"
        )

    def _state(self, end: float) -> str:
        """The label of the detector's state, once it answers; empty when it does not until
        ``end``, on the clock of ``time.monotonic``."""
        while time.monotonic() < end:
            left = end - time.monotonic()
            answer = self._get_state.call_async(GetState.Request())
            if self.spin(min(left, _LOST), until=answer.done):
                return str(answer.result().current_state.label)
        return ""

    def _on_detection(self, message: Detection2DArray) -> None:
        self.record.latencies.append(time.time() - in_seconds(message.header))
        self.record.detections[stamp_of(message.header)] = message
        if self._on_detections is not None:
            self._on_detections(message)

    def _on_truth(self, message: Detection2DArray) -> None:
        self.record.truth[stamp_of(message.header)] = message

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.endswith("/detector: detector"):
                self.record.diagnostics = {pair.key: pair.value for pair in status.values}

    def _look_once(self) -> None:
        """Receive one image only: watching all of them would slow down what is measured. None
        before the first result: the camera would begin for us, and not for the detector."""
        if self._look is None and self.record.detections:
            self._look = self.create_subscription(
                Image, "image", self._on_image, qos_profile_sensor_data
            )

    def _on_image(self, message: Image) -> None:
        if self._look is None:
            return
        self.destroy_subscription(self._look)
        self._look = None
        self.record.pictures[stamp_of(message.header)] = self._reader.read(message).bgr().copy()


def _label_of(wanted: Transition) -> str:
    """What a transition is called; its label counts where it has one."""
    return wanted.label or _LABELS.get(wanted.id, str(wanted.id))


def stamp_of(header: Header) -> Stamp:
    """Seconds and nanoseconds."""
    return header.stamp.sec, header.stamp.nanosec


def in_seconds(header: Header) -> float:
    """The stamp in seconds of the system clock."""
    return float(header.stamp.sec + header.stamp.nanosec * 1e-9)
