"""What is said of the image topics that a probe has listened to."""

import posixpath
from typing import Any, Dict, Iterator, List, Set

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.command_words import topic_word
from trt_inference.doctor.middleware.image_losses import against_losses, silent_topics
from trt_inference.printable import printable

_SUBJECT = "Images"
_MOST_SHOWN = 5
_MOST_LOST = 0.1  # part of the images
_MOST_SECONDS = 1.0  # of an image's stamp from the clock


def diagnose_images(host: Host, answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    """A line for each topic that was listened to, one for all that are silent, and one for those
    that were not looked at."""
    topics = [one for one in answer["topics"] if one["came"] is not None]
    silent = [one for one in topics if not one["came"]["received"]]
    taken = _taken_topics(answer)
    usable = any(one["came"]["format"] and not one["came"]["rejected"] for one in topics)
    for topic in topics:
        found = list(_faults(host, answer, topic, topic["name"] in taken or not usable))
        if found or topic["came"]["received"]:
            yield from found or [ok(_SUBJECT, _described(topic))]
    if silent:
        yield silent_topics(host, [(one["name"], _publishers(one)) for one in silent])
    yield from _left_out(answer)
    yield from _only_compressed(answer)


def _left_out(answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    """What was not listened to, but for other transports of a camera that was: image_transport
    adds ``compressed``, ``compressedDepth`` and ``zstd`` to each image."""
    heard = {one["base"] for one in answer["topics"] if one["came"] is not None}
    others = [
        one["name"]
        for one in answer["topics"]
        if one["came"] is None and not {one["base"], posixpath.dirname(one["name"])} & heard
    ]
    count = len(others) + answer["left_out"]
    if count:
        names = ", ".join(printable(name) for name in others[:_MOST_SHOWN])
        yield caution(
            _SUBJECT,
            "image-topics-left-out",
            f"{count} more image topics were not looked at, such as {names or 'the last ones'}.",
            "ros2 topic list -t lists them; ros2 topic hz TOPIC shows whether images arrive.",
        )


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
    if not came["received"]:
        return
    if came["lost"] > _MOST_LOST * (came["received"] + came["lost"]):
        yield caution(
            _SUBJECT,
            "images-lost",
            f"{name}: of {came['received'] + came['lost']} images of {_size(came)}, {came['lost']} "
            "were lost on the way.",
            against_losses(host, came["bytes"]),
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


def _stamps(name: str, came: Dict[str, Any]) -> Iterator[Diagnosis]:
    age = came["age"]
    if age is not None and abs(age) <= _MOST_SECONDS:
        return
    remedy = (
        "Set the clocks of both computers by one source (timedatectl; chrony); for a recording: "
        "ros2 bag play --clock, and use_sim_time for the node."
    )
    if age is None:
        what = "have no stamp"
        remedy = "Let the camera's driver set header.stamp, or take another driver."
    else:
        what = f"are stamped {abs(age):.1f} s {'ago' if age > 0 else 'in the future'}"
    yield caution(
        _SUBJECT,
        "image-stamps-far-from-clock",
        f"{name}: the images {what}: ages and synchronisation with other topics will be wrong.",
        remedy,
    )


def _only_compressed(answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    topics = answer["topics"]
    takes = any(
        one["parameters"].get("image_transport") == "compressed" for one in answer["detectors"]
    )
    if takes or any(topic["transport"] == "raw" for topic in topics):
        return
    bases = [one["base"] for one in topics if one["base"] != one["name"]]
    base = bases[0] if bases else topics[0]["name"]  # what ends otherwise has to be remapped
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
