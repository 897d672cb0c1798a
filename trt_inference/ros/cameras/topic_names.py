"""Where the images of cameras come from, and where their results go."""

from typing import List, NamedTuple, Sequence

from rclpy.node import Node

from trt_inference.ros.parameters.settings import ParameterError
from trt_inference.ros.rclpy_tools.rcl_messages import rcl_message

_LONGEST_NAME = "debug_image/compressed"  # of all topics of results


class CameraTopics(NamedTuple):
    """The topic of a camera's images, and the prefix of the topics of its results."""

    topic: str
    prefix: str


def camera_topics(node: Node, topics: Sequence[str]) -> List[CameraTopics]:
    """The topics of one camera where ``topics`` is one empty text, else of one camera for each.

    Raises:
        ParameterError: the topics cannot be told apart, or one has no valid name.
    """
    if not any(topics):
        return [CameraTopics("image", "~")]
    places = [CameraTopics(*both) for both in zip(topics, _prefixes(node, topics))]
    for topic, prefix in places:
        for name in (topic, f"{prefix}/{_LONGEST_NAME}"):
            _resolved(node, name)
    return places


def subscribed_name(node: Node, topic: str, transport: str) -> str:
    """The name by which the images of a camera are subscribed to, which can be remapped.

    Args:
        topic: the base name.
        transport: ``raw`` or ``compressed``.
    """
    return topic if transport == "raw" else f"{node.resolve_topic_name(topic)}/compressed"


def refuse_own_topics(node: Node, places: Sequence[CameraTopics], transport: str) -> None:
    """To be called once the node publishes all its topics.

    Raises:
        ParameterError: images would come from one of them, and each would bring about the next.
    """
    own = {publisher.topic_name for publisher in node.publishers}
    for topic, _ in places:
        name = node.resolve_topic_name(subscribed_name(node, topic, transport))
        if name in own:
            raise ParameterError(
                f"the images of {name} are this node's own: set image_topics to the topics of "
                "cameras, or remap image to one"
            )


def _prefixes(node: Node, topics: Sequence[str]) -> List[str]:
    """Where the results of several cameras are: beside their images, below the node's name;
    ``/front/detector`` for ``/front/image_raw``. Remapping of the images does not change it.

    Raises:
        ParameterError: two of them would be in the same place, or a topic has no valid name.
    """
    names = [_resolved(node, topic, only_expand=True) for topic in topics]
    namespaces = [name.rsplit("/", 1)[0] for name in names]
    for number, namespace in enumerate(namespaces):
        if namespace in namespaces[:number]:
            other = names[namespaces.index(namespace)]
            raise ParameterError(
                f"image_topics: {other} and {names[number]} are in the same namespace, so that "
                "their results would be on the same topic. Give each camera a namespace of its "
                "own, as in front/image, and remap that to the topic if need be"
            )
    return [f"{namespace}/{node.get_name()}" for namespace in namespaces]


def _resolved(node: Node, topic: str, only_expand: bool = False) -> str:
    try:
        return str(node.resolve_topic_name(topic, only_expand=only_expand))
    except RuntimeError as error:  # rclpy's own class has no public name
        raise ParameterError(
            f"image_topics: '{topic}' cannot be a topic: {rcl_message(error)}"
        ) from error
