"""What is said of the image topics that a probe has listened to."""

from typing import Any, Dict, Iterator, List, Set

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.check_memory_of_containers import (
    has_own_shared_memory,
    shares_network,
)
from trt_inference.doctor.middleware.check_profile import how_to_set, segment_size
from trt_inference.doctor.middleware.command_words import topic_word
from trt_inference.doctor.middleware.implementation import FAST_RTPS, implementation
from trt_inference.doctor.middleware.profile_variables import profile_variable
from trt_inference.doctor.middleware.ros_installations import distribution
from trt_inference.doctor.system.board_facts import is_container
from trt_inference.printable import printable

_SUBJECT = "Images"
_MOST_SHOWN = 10
_MOST_LOST = 0.1  # part of the images
_MOST_SECONDS = 1.0  # of an image's stamp from the clock


def diagnose_images(host: Host, answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    """A line for each topic, as far as they are not very many."""
    topics = answer["topics"]
    taken = _taken_topics(answer)
    usable = any(
        one["came"] and one["came"]["format"] and not one["came"]["rejected"] for one in topics
    )
    for topic in topics[:_MOST_SHOWN]:
        found = list(_faults(host, answer, topic, topic["name"] in taken or not usable))
        yield from found or [ok(_SUBJECT, _described(topic))]
    more = len(topics) - _MOST_SHOWN + answer["left_out"]
    if more > 0:
        text = f"{more} more image topics were not looked at."
        remedy = "ros2 topic list -t lists them; run this again while less runs."
        yield caution(_SUBJECT, "image-topics-left-out", text, remedy)
    yield from _only_compressed(answer)


def _taken_topics(answer: Dict[str, Any]) -> Set[str]:
    """Those that a running detector subscribes to."""
    return {topic["name"] for detector in answer["detectors"] for topic in detector["topics"]}


def _faults(
    host: Host, answer: Dict[str, Any], topic: Dict[str, Any], is_wanted: bool
) -> Iterator[Diagnosis]:
    """
    Args:
        is_wanted: a detector subscribes to the topic, or no other topic would do.
    """
    name, came = printable(topic["name"]), topic["came"]
    if len(topic["publishers"]) > 1:
        yield caution(
            _SUBJECT,
            "image-topic-of-two-publishers",
            f"{name} is published by {_publishers(topic)}: their images come mixed.",
            "End one of them, or remap its topic: --ros-args -r image:=/other/image",
        )
    if came is None:
        return
    if not came["received"]:
        yield _silent(host, topic)
        return
    if came["lost"] > _MOST_LOST * (came["received"] + came["lost"]):
        yield caution(
            _SUBJECT,
            "images-lost",
            f"{name}: {came['received']} images of {_size(came)} arrived and {came['lost']} were "
            "lost on the way.",
            _against_losses(host, came["bytes"]),
        )
    if came["rejected"] and is_wanted:
        yield error(
            _SUBJECT,
            "images-the-node-rejects",
            f"{name}: the node cannot use the images: {printable(came['rejected'])}.",
            "Set the encoding of the camera's driver, such as bgr8 or rgb8, or take another topic.",
        )
    if not answer["simulated_time"]:
        yield from _stamps(name, came)


def _silent(host: Host, topic: Dict[str, Any]) -> Diagnosis:
    """Announced, and nothing came: the causes, the likeliest first."""
    causes = ["the camera is paused or slower than one image in 3 seconds"]
    remedy = f"See whether the camera works. {_against_losses(host, 0)}"
    if implementation(host).startswith(FAST_RTPS):
        causes.append("it lacks a middleware profile for large images")
        if is_container(host) and shares_network(host) and has_own_shared_memory(host):
            causes.insert(0, "it runs outside of this container, whose /dev/shm is its own")
            remedy = f"docker run --network host --ipc host. {remedy}"
        else:
            causes.append("it runs as another user, or in another container without --ipc host")
    return caution(
        _SUBJECT,
        "images-announced-but-not-received",
        f"{printable(topic['name'])} is published by {_publishers(topic)}, but no image came in 3 "
        f"seconds. Likeliest first: {'; '.join(causes)}.",
        remedy,
    )


def _against_losses(host: Host, size: int) -> str:
    variable = profile_variable(implementation(host), distribution(host))
    if variable is None:
        return "Send smaller images, or compressed ones."
    remedy = f"Where the camera is started, before it: {how_to_set(host, variable)}"
    segment = segment_size(host)
    if 0 < segment < 2 * size:
        return f"{remedy}, in a copy with a segment_size of {2 * size} (it is {segment})"
    return remedy


def _stamps(name: str, came: Dict[str, Any]) -> Iterator[Diagnosis]:
    age = came["age"]
    if age is not None and abs(age) <= _MOST_SECONDS:
        return
    if age is None:
        what = "have no stamp"
    else:
        what = f"are stamped {abs(age):.1f} s {'ago' if age > 0 else 'in the future'}"
    yield caution(
        _SUBJECT,
        "image-stamps-far-from-clock",
        f"{name}: the images {what}: ages and synchronisation with other topics will be wrong.",
        "Set the clocks of both computers by one source (timedatectl; chrony); for a recording: "
        "ros2 bag play --clock, and use_sim_time for the node.",
    )


def _only_compressed(answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    topics = answer["topics"]
    takes = any(
        one["parameters"].get("image_transport") == "compressed" for one in answer["detectors"]
    )
    if takes or any(topic["transport"] == "raw" for topic in topics):
        return
    base = topics[0]["base"]
    yield caution(
        _SUBJECT,
        "only-compressed-images",
        f"{printable(base)} has only compressed images, and the node takes raw ones by default.",
        f"ros2 launch trt_inference detector.launch.py image_topic:={topic_word(base, 'TOPIC')} "
        "image_transport:=compressed bundle:=FOLDER",
    )


def _described(topic: Dict[str, Any]) -> str:
    """What comes, for people."""
    name, came = printable(topic["name"]), topic["came"]
    if came is None:
        return (
            f"{name} ({topic['transport']}) is published by {_publishers(topic)}; not listened to."
        )
    kind = f"{printable(came['format'])}, " if came["format"] else ""
    lost = f", {came['lost']} lost" if came["lost"] else ""
    rejected = ", which the node does not take" if came["rejected"] else ""
    return (
        f"{name}: {kind}{came['rate']:.1f} a second of {_size(came)}{lost}{rejected}, from "
        f"{_publishers(topic)}."
    )


def _publishers(topic: Dict[str, Any]) -> str:
    texts: List[str] = []
    for one in topic["publishers"]:
        depth = f", depth {one['depth']}" if one["depth"] else ""
        texts.append(f"{printable(one['node'])} ({one['reliability']}, {one['durability']}{depth})")
    return " and ".join(texts) or "nobody any more"


def _size(came: Dict[str, Any]) -> str:
    return f"{came['bytes'] / 1e6:.1f} MB" if came["bytes"] >= 1e5 else f"{came['bytes']} bytes"
