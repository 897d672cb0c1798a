"""What is said of the detectors that run."""

from typing import Any, Dict, Iterator, List

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.middleware.command_words import topic_word
from trt_inference.printable import printable

_SUBJECT = "Detector"
_MOST_SHOWN = 5  # of the reports of one
_NEXT = {"unconfigured": "configure", "inactive": "activate"}


def diagnose_detectors(answer: Dict[str, Any]) -> Iterator[Diagnosis]:
    """Their states, what they wait for, and what they report themselves."""
    published = {topic["name"]: topic for topic in answer["topics"]}
    for detector in answer["detectors"]:
        if not detector["parameters"] or not detector["state"]:
            yield _mute(detector)
            continue
        found = [*_state(detector), *_topics(detector, published, answer), *_reports(detector)]
        yield from found or [_well(detector)]


def _mute(detector: Dict[str, Any]) -> Diagnosis:
    name = printable(detector["name"])
    return caution(
        _SUBJECT,
        "lifecycle-node-does-not-answer",
        f"{name} does not answer within 3 seconds: it is busy, hangs, or was killed just now.",
        f"Look at its log, and try: ros2 lifecycle get {topic_word(detector['name'])}",
    )


def _state(detector: Dict[str, Any]) -> Iterator[Diagnosis]:
    state, name = detector["state"], detector["name"]
    if state == "active":
        return
    step = _NEXT.get(state)
    remedy = f"ros2 lifecycle set {topic_word(name)} {step}" if step else "Look at its log."
    if step == "configure":
        remedy += f", then: ros2 lifecycle set {topic_word(name)} activate"
    yield caution(
        _SUBJECT,
        "detector-not-active",
        f"{printable(name)} runs, but its state is {printable(state)}: it publishes nothing.",
        remedy,
    )


def _topics(
    detector: Dict[str, Any], published: Dict[str, Any], answer: Dict[str, Any]
) -> Iterator[Diagnosis]:
    for topic in detector["topics"]:
        name = topic["name"]
        if name not in published:
            if not answer["left_out"]:
                yield _without_images(detector, name, list(published.values()))
            continue
        weak = [
            one["node"]
            for one in published[name]["publishers"]
            if one["reliability"] == "best_effort"
        ]
        if topic["reliability"] == "reliable" and weak:
            yield error(
                _SUBJECT,
                "detector-asks-for-more-than-offered",
                f"{printable(detector['name'])} asks for reliable images of {printable(name)}, and "
                f"{printable(weak[0])} publishes best_effort: none arrives.",
                "Set the parameter image_reliability to auto or best_effort, and take back "
                "qos_overrides.",
            )


def _without_images(
    detector: Dict[str, Any], wanted: str, published: List[Dict[str, Any]]
) -> Diagnosis:
    there = ", ".join(printable(one["name"]) for one in published[:_MOST_SHOWN])
    remedy = "Start the camera, in the same ROS_DOMAIN_ID."
    if published:
        best = next((one for one in published if one["transport"] == "raw"), published[0])
        kind = "" if best["transport"] == "raw" else " image_transport:=compressed"
        remedy = f"Launch the detector with image_topic:={topic_word(best['base'])}{kind}"
    return caution(
        _SUBJECT,
        "detector-without-images",
        f"{printable(detector['name'])} waits for images on {printable(wanted)}, where nobody "
        f"publishes. Image topics that exist: {there or 'none'}.",
        remedy,
    )


def _reports(detector: Dict[str, Any]) -> Iterator[Diagnosis]:
    """Its warnings and errors on /diagnostics, worst first."""
    statuses = sorted(detector["statuses"], key=lambda one: one["level"])
    remedy = "ros2 topic echo /diagnostics shows the values, the log of the node since when."
    for status in statuses[:_MOST_SHOWN]:
        text = f"/diagnostics: {printable(status['name'])}: {printable(status['message'])}."
        if status["level"] == "error":
            yield error(_SUBJECT, "detector-reports-error", text, remedy)
        else:
            yield caution(_SUBJECT, "detector-reports-warning", text, remedy)


def _well(detector: Dict[str, Any]) -> Diagnosis:
    topics = ", ".join(printable(topic["name"]) for topic in detector["topics"])
    where = f" on {topics}" if topics else ""
    return ok(_SUBJECT, f"{printable(detector['name'])} is active{where} and reports no problem.")
