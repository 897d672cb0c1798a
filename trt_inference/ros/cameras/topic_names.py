"""Where the images of cameras come from, and where their results go."""

from typing import List, NamedTuple, Sequence

from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.validate_topic_name import validate_topic_name

from trt_inference.ros.parameters.settings import ParameterError


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
    return [CameraTopics(*both) for both in zip(topics, _prefixes(node, topics))]


def _prefixes(node: Node, topics: Sequence[str]) -> List[str]:
    """Where the results of several cameras are: beside their images, below the node's name;
    ``/front/detector`` for ``/front/image_raw``. Remapping of the images does not change it.

    Raises:
        ParameterError: two of them would be in the same place, or a topic has no valid name.
    """
    try:
        for topic in topics:
            validate_topic_name(topic)
        names = [str(node.resolve_topic_name(topic, only_expand=True)) for topic in topics]
    except InvalidTopicNameException as error:
        raise ParameterError(f"image_topics: {error}") from error
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
