"""Looks at the nodes that run: python -m trt_inference.ros.probes.graph_probe

The answer: ``nodes``, how many others there are; ``names_twice``, names that two nodes have;
``simulated_time``, whether somebody publishes /clock; ``topics``, each with ``name``,
``transport``, ``base``, ``publishers`` and, where it was listened to, what came (see
``ImageArrivals.report``); ``left_out``, how many topics are not in the list; ``detectors`` (see
``find_detectors``); ``failure``, the last error while messages were received.
"""

import os
import sys
import time
from collections import Counter
from typing import Any, Callable, Dict, List

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from trt_inference.doctor.probe import print_answer
from trt_inference.ros.cameras.image_topics import ImageTopic, find_image_topics
from trt_inference.ros.probes.image_arrivals import listen
from trt_inference.ros.probes.running_detectors import Statuses, find_detectors
from trt_inference.ros.rclpy_tools.qos import node_name

# Seconds, until nothing new has come for one. A process announces itself when it starts and then
# every three seconds, and what is missed when this one starts comes with the next.
_LEAST_DISCOVERY, _MOST_DISCOVERY = 3.5, 6.0
_LISTENING = 3.0  # seconds
_ANSWERS = 3.0  # seconds for the detectors
_MOST_TOPICS = 50
_MOST_LISTENED = 8  # topics at once: each takes its images through the network
_MOST_PUBLISHERS = 8  # of a topic


class Graph:
    """A node that only looks, with its executor."""

    def __init__(self) -> None:
        self.node = Node(
            f"_trt_inference_doctor_{os.getpid()}",
            start_parameter_services=False,
            enable_rosout=False,
        )
        self.failure = ""
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)

    def spin(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Until a condition holds, or for so many seconds; whether it holds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() >= end:
                return False
            try:
                self._executor.spin_once(timeout_sec=0.05)
            except Exception as error:  # a message that cannot be read, from anybody
                self.failure = f"{type(error).__name__}: {error}"[:300]
        return True

    def discover(self) -> None:
        """Wait until no more topics appear."""
        start = changed = time.monotonic()
        known = -1

        def is_complete() -> bool:
            nonlocal known, changed
            now, count = time.monotonic(), len(self.node.get_topic_names_and_types())
            if count != known:
                known, changed = count, now
            return now - start >= _LEAST_DISCOVERY and now - changed >= 1.0

        self.spin(is_complete, _MOST_DISCOVERY)

    def receive(self, topics: List[ImageTopic]) -> Dict[str, Dict[str, Any]]:
        """Listen to topics at once, and report what came, by the names of the topics."""
        arrivals = listen(self.node, topics)
        if arrivals:
            self.spin(lambda: False, _LISTENING)
        came = {one.topic.name: one.report() for one in arrivals}
        for one in arrivals:
            one.destroy()
        return came

    def close(self) -> None:
        """End it."""
        self._executor.shutdown()
        self.node.destroy_node()


def main() -> None:
    """Print the answer."""
    rclpy.init(args=[sys.argv[0]], signal_handler_options=SignalHandlerOptions.NO)
    graph = Graph()
    statuses = Statuses(graph.node)
    graph.discover()
    came: Dict[str, Dict[str, Any]] = {}
    for _ in range(2):  # what has appeared late is listened to as well
        topics = find_image_topics(graph.node)
        new = [topic for topic in _to_listen_to(topics) if topic.name not in came]
        came.update(graph.receive(new[: _MOST_LISTENED - len(came)]))
    topics = find_image_topics(graph.node)
    answer = _of_graph(graph.node)
    answer["topics"] = [_describe(graph.node, topic, came) for topic in topics[:_MOST_TOPICS]]
    answer["left_out"] = max(0, len(topics) - _MOST_TOPICS)
    answer["detectors"] = find_detectors(graph.node, statuses, graph.spin, _ANSWERS)
    answer["failure"] = graph.failure
    print_answer(answer)
    graph.close()
    rclpy.try_shutdown()


def _to_listen_to(topics: List[ImageTopic]) -> List[ImageTopic]:
    """Raw images, and compressed ones that are not there raw: to subscribe to them would have the
    camera compress."""
    raw = {topic.base for topic in topics if topic.transport == "raw"}
    return [
        topic
        for topic in topics
        if topic.transport == "raw" or (topic.base not in raw and topic.base != topic.name)
    ]


def _of_graph(node: Node) -> Dict[str, Any]:
    own = (node.get_name(), node.get_namespace())
    names = [one for one in node.get_node_names_and_namespaces() if tuple(one[:2]) != own]
    counts = Counter(f"{namespace.rstrip('/')}/{name}" for name, namespace in names)
    twice = sorted(name for name, count in counts.items() if count > 1)
    return {
        "nodes": len(names),
        "names_twice": twice[:10],
        "simulated_time": node.count_publishers("/clock") > 0,
    }


def _describe(node: Node, topic: ImageTopic, came: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
    publishers = [
        {
            "node": node_name(info)[:300],
            "reliability": info.qos_profile.reliability.name.lower(),
            "durability": info.qos_profile.durability.name.lower(),
            "depth": info.qos_profile.depth,
        }
        for info in node.get_publishers_info_by_topic(topic.name)
    ]
    return {
        "name": topic.name[:300],
        "transport": topic.transport,
        "base": topic.base[:300],
        "publishers": publishers[:_MOST_PUBLISHERS],
        "came": came.get(topic.name),
    }


if __name__ == "__main__":
    main()
