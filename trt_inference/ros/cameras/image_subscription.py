"""A subscription to camera images that suits the publishers that are there."""

import functools
import threading
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Set

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from trt_inference.ros.cameras.image_take import ImageTake
from trt_inference.ros.cameras.image_topics import TYPE_NAMES, ImageTopic
from trt_inference.ros.cameras.image_waiter import ImageWaiter
from trt_inference.ros.cameras.silence import Silence
from trt_inference.ros.cameras.topic_names import subscribed_name
from trt_inference.ros.parameters.settings import ImageOptions
from trt_inference.ros.rclpy_tools.qos import (
    SubscriptionEventCallbacks,
    UnsupportedEventTypeError,
    choose_reliability,
    given_overrides,
    image_profile,
    node_name,
    overriding_options,
    policy_name,
    refusals,
)
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer

TYPES = {"raw": Image, "compressed": CompressedImage}
LOOK_PERIOD = 1.0  # seconds between two looks at the publishers
_MOST_TOLD = 10  # publishers of other types: anybody may make ever new ones


class ImageSubscription:
    """Calls ``on_image`` with each image of a topic, whatever its publishers offer: on the thread
    that waits at the waiter, or on the executor. All else happens on the executor.

    Attributes:
        topic: after remapping; that of the compressed images ends with ``/compressed``.
        reliability: that is asked for now, ``best_effort`` or ``reliable``.
        lost: messages that the middleware reported as lost, where it reports that.
        silence: how long no image has come.
    """

    def __init__(
        self,
        node: Node,
        topic: str,
        options: ImageOptions,
        on_image: Callable[[Any], None],
        waiter: Optional[ImageWaiter] = None,
    ) -> None:
        """
        Args:
            topic: base name of the camera's topic, which can be remapped.
            waiter: takes the images, instead of the executor.

        Raises:
            QosError: ``qos_overrides`` of the topic cannot be had.
        """
        self._node, self._options = node, options
        self._on_image, self._waiter = on_image, waiter
        self._name = subscribed_name(node, topic, options.transport)
        self.topic = node.resolve_topic_name(self._name)
        self.lost = 0
        wanted_topic = ImageTopic(self.topic, options.transport)
        self.silence = Silence(node, topic, wanted_topic, self._describe_publishers)
        self._warned_of: Set[str] = set()
        self._overrides = given_overrides(node, self.topic, "subscription")
        self._auto = options.reliability == "auto" and "reliability" not in self._overrides
        self._say_overrides()
        wanted = self._choose() if options.reliability == "auto" else options.reliability
        self._lock = threading.RLock()  # of what both threads use
        self._number = 0  # of the subscription that calls on_image
        self._current: Optional[ImageTake] = self._subscribe(0, wanted)
        self._next: Optional[ImageTake] = None  # takes over with its first image
        # Images of the current one since there is a next one, which may have them, too.
        self._recent: Deque[Any] = deque(maxlen=2 * options.depth)
        self._replaced: Optional[ImageTake] = None  # by the next one; to be destroyed
        self._timer = steady_timer(node, LOOK_PERIOD, self._look)

    def destroy(self) -> None:
        """Call ``on_image`` no more. May be called again."""
        self._node.destroy_timer(self._timer)
        with self._lock:  # an image that has come before is handed over
            self._number = -1
            takes = (self._replaced, self._current, self._next)
            self._replaced = self._current = self._next = None
            self._recent.clear()
        for take in takes:
            self._destroy(take)

    def publishers(self) -> str:
        """Who publishes on the topic and what they offer, for people; where nobody does, which
        image topics there are."""
        return self._describe_publishers() or f"no publisher; {self.silence.topics()}"

    def _describe_publishers(self) -> str:
        infos = self._node.get_publishers_info_by_topic(self.topic)
        return "; ".join(self._describe(info) for info in infos)

    def _subscribe(self, number: int, reliability: str) -> ImageTake:
        """With reports of lost messages and of what does not fit, as far as the middleware has
        them."""
        reports = {"incompatible_qos": self._on_incompatible, "message_lost": self._on_lost}
        for wanted in (("incompatible_qos", "message_lost"), ("incompatible_qos",), ()):
            callbacks: Dict[str, Any] = {name: reports[name] for name in wanted}
            try:
                events = SubscriptionEventCallbacks(**callbacks)
                subscription = self._create(number, reliability, events)
                break
            except UnsupportedEventTypeError:
                continue
        self.reliability = subscription.qos_profile.reliability.name.lower()  # or overridden
        take = ImageTake(subscription, in_place=self._waiter is not None)
        if self._waiter is not None:
            self._waiter.add(take)
        return take

    def _create(self, number: int, reliability: str, events: SubscriptionEventCallbacks) -> Any:
        with refusals(self.topic):
            return self._node.create_subscription(
                TYPES[self._options.transport],
                self._name,
                functools.partial(self._receive, number),
                image_profile(reliability, self._options.depth),
                callback_group=None if self._waiter is None else self._waiter.group,
                event_callbacks=events,
                qos_overriding_options=overriding_options(self._overrides),
            )

    def _destroy(self, take: Optional[ImageTake]) -> None:
        """End a subscription, if there is one."""
        if take is None:
            return
        if self._waiter is not None:
            self._waiter.remove(take)
        self._node.destroy_subscription(take.subscription)

    def _receive(self, number: int, message: Any) -> None:
        with self._lock:
            self._pass_on(number, message)

    def _pass_on(self, number: int, message: Any) -> None:
        self.silence.end()
        if number != self._number:
            if self._next is None or number != self._number + 1:
                return  # of a subscription that is destroyed
            self._take_pending()
            self._exchange()
        elif self._next is not None:
            self._recent.append(message)
        if self._next is not None or not self._was_received(message):
            self._on_image(message)

    def _was_received(self, message: Any) -> bool:
        """Whether the subscription before this one has received the image, too. Each of its images
        counts once: a camera may send equal ones."""
        while message in self._recent:
            if self._recent.popleft() == message:
                return True
        self._recent.clear()
        return False

    def _take_pending(self) -> None:
        """Take what waits at the current subscription, which would be lost with it."""
        if self._current is not None:
            for image in self._current.all():
                self._recent.append(image)
                self._on_image(image)

    def _exchange(self) -> None:
        """The next subscription receives images: it becomes the current one. The other one is
        destroyed by the executor, which may be looking at it."""
        self._replaced = self._current
        if self._waiter is not None and self._replaced is not None:
            self._waiter.remove(self._replaced)
        self._current, self._next = self._next, None
        self._number += 1

    def _look(self) -> None:
        """Ask for something else when the publishers have changed."""
        if self._current is None:
            return
        with self._lock:
            replaced, self._replaced = self._replaced, None
        self._destroy(replaced)
        self._say_other_types()
        self.silence.look()
        if not self._auto:
            return
        wanted = self._choose()
        if wanted == self.reliability:
            return
        if self._next is not None:  # back to what the current one has
            self._give_up_next(wanted)
            return
        with self._lock:  # its images are those of no subscription until it is the next one
            self._next = self._subscribe(self._number + 1, wanted)
        self._node.get_logger().info(f"{self.topic} is subscribed to as {wanted} from now on")

    def _give_up_next(self, wanted: str) -> None:
        with self._lock:
            given_up, self._next = self._next, None
            self._recent.clear()
        if given_up is not None:  # it has not become the current one meanwhile
            self._destroy(given_up)
            self.reliability = wanted

    def _choose(self) -> str:
        return choose_reliability([info.qos_profile.reliability for info in self._matching()])

    def _matching(self) -> List[Any]:
        """Publishers of the right type."""
        infos = self._node.get_publishers_info_by_topic(self.topic)
        return [info for info in infos if info.topic_type == TYPE_NAMES[self._options.transport]]

    def _describe(self, info: Any) -> str:
        if info.topic_type != TYPE_NAMES[self._options.transport]:
            return f"{node_name(info)} publishes {info.topic_type} here"
        profile = info.qos_profile
        depth = (
            f", depth {profile.depth}" if profile.depth else ""
        )  # not every middleware reports it
        return f"{node_name(info)} ({profile.reliability.name.lower()}{depth})"

    def _on_lost(self, event: Any) -> None:
        self.lost += event.total_count_change

    def _on_incompatible(self, event: Any) -> None:
        policy = policy_name(event.last_policy_kind)
        if self._auto and policy == "reliability":
            return  # seen to by the next look
        self._say_once(
            policy,
            f"nothing is received from a publisher of {self.topic} ({self.publishers()}), because "
            f"its {policy} is less than what is asked for: {self._remedy(policy)}",
        )

    def _remedy(self, policy: str) -> str:
        override = f"qos_overrides.{self.topic}.subscription.{policy}"
        if policy == "reliability" and "reliability" not in self._overrides:
            return f"set the parameter image_reliability to auto or best_effort, or {override}"
        return f"set {override}, or change the publisher"

    def _say_other_types(self) -> None:
        for info in self._node.get_publishers_info_by_topic(self.topic):
            is_other = info.topic_type != TYPE_NAMES[self._options.transport]
            told = sum(what.startswith("type ") for what in self._warned_of)
            if is_other and told < _MOST_TOLD:
                self._say_once(
                    f"type {node_name(info)}",
                    f"nothing is received from {node_name(info)} on {self.topic}: it publishes "
                    f"{info.topic_type}, not {TYPE_NAMES[self._options.transport]}",
                )

    def _say_overrides(self) -> None:
        values = self._options._asdict()
        for policy, value in self._overrides.items():
            instead = f", not {values[policy]}" if policy in values else ""
            self._node.get_logger().info(
                f"{self.topic}: {policy} is {value}{instead}, set by qos_overrides"
            )

    def _say_once(self, what: str, text: str) -> None:
        if what not in self._warned_of:
            self._warned_of.add(what)
            self._node.get_logger().warning(text)
