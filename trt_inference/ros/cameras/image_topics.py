"""The image topics of the graph: what a camera that is waited for may be called instead."""

import posixpath
from typing import List, NamedTuple, Sequence

from rclpy.node import Node

# The types of messages, by what image_transport calls them.
TYPE_NAMES = {"raw": "sensor_msgs/msg/Image", "compressed": "sensor_msgs/msg/CompressedImage"}
_SUFFIX = "/compressed"
_MOST_SHOWN = 10
# What detectors publish: the others in the graph are no cameras either.
_OF_DETECTORS = ("debug_image", "segmentation")


class ImageTopic(NamedTuple):
    """A topic on which somebody publishes images.

    Attributes:
        name: in full.
        transport: ``raw`` or ``compressed``.
    """

    name: str
    transport: str

    @property
    def base(self) -> str:
        """The name by which image_transport calls all transports of it."""
        is_below = self.transport == "compressed" and self.name.endswith(_SUFFIX)
        return self.name[: -len(_SUFFIX)] if is_below else self.name


def find_image_topics(node: Node) -> List[ImageTopic]:
    """Those with a publisher that is not the node itself, whose debug images are images too, but
    those that are called like the results of a detector."""
    topics = [
        ImageTopic(name, transport)
        for name, types in sorted(node.get_topic_names_and_types())
        for transport, type_name in TYPE_NAMES.items()
        if type_name in types
    ]
    return [
        topic
        for topic in topics
        if posixpath.basename(topic.base) not in _OF_DETECTORS
        and _has_other_publisher(node, topic.name)
    ]


def list_topics(topics: Sequence[ImageTopic]) -> str:
    """Which topics there are, for people: some of them, where they are many."""
    names = [topic.name for topic in topics[:_MOST_SHOWN]]
    if not names:
        return "there is no image topic"
    more = f" and {len(topics) - len(names)} more" if len(topics) > len(names) else ""
    return f"image topics that exist: {', '.join(names)}{more}"


def how_to_get_images(topics: Sequence[ImageTopic], given: str, wanted: ImageTopic) -> str:
    """What a user does to get images, where none come on ``wanted``.

    Args:
        topics: that exist, but this one.
        given: the name of the camera's topic that can be remapped.
    """
    if not topics:
        return "start a camera, with the same ROS_DOMAIN_ID"
    same = [topic for topic in topics if topic.base == wanted.base]
    if same:
        return f"set image_transport to {same[0].transport}, as {same[0].name} is"
    best = next((topic for topic in topics if topic.transport == wanted.transport), topics[0])
    other = "" if best.transport == wanted.transport else f" and image_transport:={best.transport}"
    if given != "image":
        return f"set image_topics, or remap {given}:={best.base}{other}"
    return f"set image_topic:={best.base}{other} at launch, or remap {given}:={best.base}"


def _has_other_publisher(node: Node, topic: str) -> bool:
    own = (node.get_name(), node.get_namespace())
    infos = node.get_publishers_info_by_topic(topic)
    return any((info.node_name, info.node_namespace) != own for info in infos)
