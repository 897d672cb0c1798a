"""What /diagnostics reports about a camera and the engine, by values, and as messages."""

from dataclasses import replace
from typing import Any, Callable, Dict, Set

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from test.trt_inference.ros.diagnostics.conftest import Listener
from trt_inference.engines.base import EngineStatus
from trt_inference.inference.result_counts import ResultCounts
from trt_inference.ros.diagnostics.clocks import NodeClock
from trt_inference.ros.diagnostics.detector_status import DetectorStatus
from trt_inference.ros.diagnostics.latency import Age
from trt_inference.ros.diagnostics.limits import Limits
from trt_inference.ros.diagnostics.reports import (
    CameraReport,
    Counters,
    EngineReport,
    NodeReport,
    Period,
)
from trt_inference.ros.diagnostics.status_publisher import StatusPublisher
from trt_inference.ros.diagnostics.statuses import (
    build_status,
    camera_status,
    dependency_status,
    engine_status,
)
from trt_inference.timing import Percentiles

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
TOPIC = "/front/image_raw"
LIMITS = Limits(expected_rate=30.0, warn_dropped=0.1, error_dropped=0.5)


def camera(**changes: Any) -> CameraReport:
    """A camera that has sent 1000 images, and the last one a moment ago."""
    changes.setdefault("counters", Counters(received=1000, inferred=999))
    changes.setdefault("silent_for", 0.02)
    return CameraReport(TOPIC, **{"active": True, **changes})


def second(**counts: Any) -> Period:
    """A second in which 30 images came and were inferred, but for ``counts``."""
    return Period(1.0, Counters(**{"received": 30, "inferred": 30, **counts}), 0, True)


def values_of(status: DiagnosticStatus) -> Dict[str, str]:
    return {pair.key: pair.value for pair in status.values}


def test_a_camera_that_does_what_is_expected_is_ok() -> None:
    status = camera_status(camera(age=Age(0.05)), second(dropped=2, inferred=28), LIMITS)
    assert (status.level, status.name, status.message) == (OK, f"camera {TOPIC}", "running")
    values = values_of(status)
    assert (values["images/s"], values["results/s"], values["expected images/s"]) == (
        "30.0",
        "28.0",
        "30.0",
    )
    assert (values["received"], values["age p95 ms"]) == ("1000", "50.000")


@pytest.mark.parametrize(
    ("received", "level"), [(27, OK), (26, OK), (25, WARN), (14, WARN), (13, ERROR), (0, ERROR)]
)
def test_a_slow_camera_is_a_warning_and_a_very_slow_one_an_error(
    received: int, level: bytes
) -> None:
    """27 and 15 images are the limits, less the one that may have come a moment too late."""
    status = camera_status(camera(), second(received=received, inferred=received), LIMITS)
    assert status.level == level
    if level != OK:
        assert f"{received}.0 images/s, 30.0 are expected" in status.message


def test_rate_is_not_judged_before_the_first_image_nor_without_an_expectation() -> None:
    before_the_first = second(received=1, inferred=1)._replace(had_images=False)
    assert camera_status(camera(), before_the_first, LIMITS).level == OK
    slow = second(received=1, inferred=1)
    assert camera_status(camera(), slow, replace(LIMITS, expected_rate=0.0)).level == OK


@pytest.mark.parametrize(("dropped", "level"), [(4, OK), (5, WARN), (16, WARN), (17, ERROR)])
def test_dropped_images_are_judged_as_part_of_those_received(dropped: int, level: bytes) -> None:
    status = camera_status(camera(), second(dropped=dropped), LIMITS)
    assert status.level == level
    if level != OK:
        assert f"{dropped} of 30 dropped" in status.message


def test_images_that_the_middleware_lost_are_judged_like_dropped_ones() -> None:
    status = camera_status(camera(lost=9), second()._replace(lost=9), LIMITS)
    assert (status.level, values_of(status)["lost by the middleware"]) == (WARN, "9")
    assert "lost 9 of 39" in status.message


def test_rejected_images_are_a_warning_with_their_reasons_until_they_end() -> None:
    counters = Counters(received=1000, rejected=4, reasons={"step": 1, "encoding": 3})
    period = second(rejected=3, reasons={"encoding": 3})
    status = camera_status(camera(counters=counters), period, LIMITS)
    assert (status.level, status.message) == (WARN, "3 of 30 rejected (encoding: 3)")
    values = values_of(status)
    assert (values["rejected"], values["rejected: step"], values["rejected: encoding"]) == (
        "4",
        "1",
        "3",
    )
    assert camera_status(camera(counters=counters), second(), LIMITS).level == OK


@pytest.mark.parametrize(("age", "level"), [(0.4, OK), (0.6, WARN), (2.5, ERROR)])
def test_old_results_are_a_warning_and_very_old_ones_an_error(age: float, level: bytes) -> None:
    assert camera_status(camera(age=Age(age)), second(), LIMITS).level == level
    unlimited = replace(LIMITS, warn_age=0.0, error_age=0.0)
    assert camera_status(camera(age=Age(age)), second(), unlimited).level == OK


@pytest.mark.parametrize(
    ("age", "clock", "expected"),
    [
        (Age(31536000.0), NodeClock(), "results are 31536000.00 s old: the stamps are not of this"),
        (Age(31536000.0), NodeClock(True, True), "old: the stamps are not of /clock"),
        (Age(None, 3, 31536000.0), NodeClock(True, True), "by up to 31536000.00 s: the stamps are"),
        (Age(None, 3, 31536000.0), NodeClock(True, False), "s: use_sim_time is true, but nobody"),
        (Age(None, 3, 0.5), NodeClock(), "s: camera and detector do not have the same clock"),
        (Age(None, 3, 0.2), NodeClock(True, True), "s: camera and detector do not have the same"),
        (Age(None, 3, 0.05), NodeClock(True, False), "s: camera and detector do not have the same"),
        (Age(), NodeClock(True, False), "use_sim_time is true, but nobody publishes /clock"),
    ],
)
def test_stamps_of_another_clock_are_reported_with_a_hint(
    age: Age, clock: NodeClock, expected: str
) -> None:
    status = camera_status(camera(age=age, clock=clock), second(), LIMITS)
    assert status.level != OK
    assert expected in status.message


def test_a_clock_that_is_published_is_no_problem() -> None:
    for clock in (NodeClock(), NodeClock(False, True), NodeClock(True, True)):
        assert camera_status(camera(age=Age(0.05), clock=clock), second(), LIMITS).level == OK


def test_stamps_between_two_steps_of_a_simulated_clock_are_no_problem() -> None:
    ahead = Age(0.02, 3, 0.08)
    status = camera_status(camera(age=ahead, clock=NodeClock(True, True)), second(), LIMITS)
    assert (status.level, status.message) == (OK, "running")
    assert camera_status(camera(age=ahead), second(), LIMITS).level == WARN


def test_stamps_of_the_future_are_reported_as_that() -> None:
    status = camera_status(camera(age=Age(None, 12)), second(), LIMITS)
    assert status.level == WARN
    assert "12 stamps are in the future" in status.message
    assert "age p95 ms" not in values_of(status)


def test_a_silent_camera_is_a_warning_that_names_the_topic_and_its_publishers() -> None:
    report = camera(silent_for=2.5, publishers=lambda: "/front/driver (best_effort)")
    status = camera_status(report, None, Limits(camera_timeout=2.0))
    assert status.level == WARN
    assert status.message == f"no image on {TOPIC} for 2.5 s, from /front/driver (best_effort)"


def test_nobody_looks_for_publishers_while_images_come() -> None:
    def publishers() -> str:
        raise AssertionError("it was asked for")

    assert camera_status(camera(publishers=publishers), second(), LIMITS).level == OK


def test_the_worst_of_several_problems_is_the_level_and_all_are_reported() -> None:
    status = camera_status(camera(age=Age(0.7)), second(dropped=29, inferred=1), LIMITS)
    assert status.level == ERROR
    assert "0.70 s old" in status.message
    assert "29 of 30 dropped" in status.message


def test_an_inactive_node_is_ok_whatever_its_cameras_do() -> None:
    status = camera_status(camera(active=False, silent_for=100.0), None, LIMITS)
    assert (status.level, status.message) == (OK, "inactive")
    status = engine_status(EngineReport(False, {}), [])
    assert (status.level, status.message) == (OK, "inactive")


def test_engine_adds_the_counts_of_all_cameras_up() -> None:
    rear = camera(counters=Counters(received=10, dropped=4, rejected=3, unwatched=2))
    report = EngineReport(
        True,
        {"precision": "fp16"},
        {"inference": Percentiles(1.5, 2.5, 3.5)},
        {"free": 3 << 30},
        "fp16 in 2.0 s",
    )
    status = engine_status(report, [camera(), rear])
    assert (status.level, status.name) == (OK, "detector")
    assert values_of(status) == {
        "precision": "fp16",
        "received": "1010",
        "inferred": "999",
        "dropped": "4",
        "rejected": "3",
        "unwatched": "2",
        "inference p50 ms": "1.500",
        "inference p95 ms": "2.500",
        "inference p99 ms": "3.500",
        "GPU memory free MiB": "3072",
        "hot swap": "fp16 in 2.0 s",
    }
    failed = engine_status(replace(report, problem="swap to int8 failed"), [])
    assert (failed.level, failed.message) == (WARN, "swap to int8 failed")


def test_images_whose_candidates_were_all_needed_are_a_warning_with_what_to_do() -> None:
    report = EngineReport(True, {}, counts=ResultCounts(full=70))
    status = engine_status(report, [], ResultCounts(full=3))
    assert status.level == WARN
    assert status.message.startswith("in 3 images all candidates reached the score threshold")
    assert "raise score_threshold" in status.message
    assert "--candidates" in status.message
    later = engine_status(report, [], ResultCounts())  # none since the report before
    assert (later.level, later.message) == (OK, "running")
    for one in (status, later):
        assert values_of(one)["images with all candidates above the threshold"] == "70"
    both = engine_status(replace(report, problem="swap to int8 failed"), [], ResultCounts(full=1))
    assert "in 1 images" in both.message and "swap to int8 failed" in both.message


def test_results_that_are_not_finite_are_an_error_until_a_better_one_comes() -> None:
    report = EngineReport(
        True, {"precision": "fp16"}, counts=ResultCounts(not_finite=70), is_finite=False
    )
    for new in (3, 0):  # no image since the report before: the last result still counts
        status = engine_status(report, [], ResultCounts(not_finite=new))
        assert status.level == ERROR
        assert "fp16 gives scores or boxes that are not finite" in status.message
        assert "take precision fp32" in status.message and "--keep-float" in status.message
    assert engine_status(replace(report, active=False), []).level == OK
    better = replace(report, is_finite=True)
    assert engine_status(better, [], ResultCounts(not_finite=1)).level == ERROR
    assert engine_status(better, [], ResultCounts()).level == OK
    asked_for = engine_status(replace(report, withholds=False), [], ResultCounts(not_finite=1))
    assert asked_for.level == WARN
    for one in (status, asked_for, engine_status(better, [])):
        assert values_of(one)["images with results that are not finite"] == "70"


def test_of_fp32_the_remedy_is_not_fp32() -> None:
    report = EngineReport(True, {"precision": "fp32"}, is_finite=False)
    message = engine_status(report, []).message
    assert "the model itself" in message and "take precision" not in message


def test_classes_without_a_label_are_a_warning_with_their_count() -> None:
    report = EngineReport(True, {}, counts=ResultCounts(without_label=7))
    status = engine_status(report, [], ResultCounts(without_label=2))
    assert status.level == WARN
    assert status.message.startswith("in 2 images there are classes without a label")
    assert values_of(status)["images with classes without a label"] == "7"
    assert engine_status(report, [], ResultCounts()).level == OK


def test_each_report_has_the_images_since_the_one_before(
    output: None, spin: Callable[..., None]
) -> None:
    """The engine is replaced by one that counts from 0, after the third report."""
    node = Node("detector")
    counts = [2, 5, 5, 1, 1]

    def report() -> NodeReport:
        return NodeReport(EngineReport(True, {}, counts=ResultCounts(full=counts.pop(0))), [])

    shown = DetectorStatus(node, StatusPublisher(node), report, 3600.0, Limits())
    statuses = [shown._look()[0] for _ in range(5)]
    levels = [
        status.message.split(" ")[1] if status.level == WARN else "none" for status in statuses
    ]
    assert levels == ["2", "3", "none", "1", "none"]
    shown.destroy()


@pytest.mark.parametrize(
    ("problem", "is_failing", "active", "level", "message"),
    [
        ("", False, True, OK, "running"),
        ("", False, False, OK, "inactive"),
        ("not reached for 3 s", False, True, WARN, "not reached for 3 s"),
        ("not reached for 3 s", True, False, ERROR, "not reached for 3 s"),
    ],
)
def test_what_an_engine_depends_on_is_a_status_of_its_own(
    problem: str, is_failing: bool, active: bool, level: bytes, message: str
) -> None:
    given = EngineStatus("server", {"answered by": "this\nmachine"}, problem, is_failing)
    status = dependency_status(given, active)
    assert (status.name, status.level, status.message) == ("server", level, message)
    assert values_of(status) == {"answered by": r"this\x0amachine"}


def test_a_build_is_a_warning_with_its_progress_until_it_fails() -> None:
    running = build_status("fp16", "layer 3 of 9")
    assert (running.level, running.name) == (WARN, "engine build")
    assert values_of(running) == {"precision": "fp16", "progress": "layer 3 of 9"}
    failed = build_status("fp16", "out of memory", has_failed=True)
    assert (failed.level, failed.message) == (ERROR, "the build failed")


def test_reasons_that_never_repeat_do_not_grow_without_end() -> None:
    counters = Counters()
    for number in range(1000):
        counters.reject(f"reason {number}")
    counters.reject("reason 0")
    assert counters.rejected == sum(counters.reasons.values()) == 1001
    assert counters.reasons["reason 0"] == 2
    assert len(counters.reasons) < 20


def test_node_publishes_a_status_for_itself_and_for_each_camera_again_and_again(
    output: None, spin: Callable[..., None]
) -> None:
    node, listener = Node("detector", namespace="/robot"), Listener()
    counters = Counters()
    cameras = ["/front/image", "/rear/image"]

    def report() -> NodeReport:
        counters.received += 1
        reports = [CameraReport(topic, True, counters.snapshot()) for topic in cameras]
        return NodeReport(EngineReport(True, {"precision": "fp16"}), reports)

    def seen(camera_of: str) -> Dict[str, str]:
        status = listener.statuses.get(f"/robot/detector: camera {camera_of}")
        return {} if status is None else values_of(status)

    publisher = StatusPublisher(node)
    for _ in range(2):  # configured, cleaned up, and configured again
        status_of_detector = DetectorStatus(node, publisher, report, 0.05, Limits())
        listener.statuses.clear()
        spin(node, listener, until=lambda: "images/s" in seen("/rear/image"))
        assert float(seen("/rear/image")["images/s"]) > 0
        status = listener.statuses["/robot/detector: detector"]
        assert (status.level, status.message, status.hardware_id) == (OK, "running", "none")
        assert values_of(status)["precision"] == "fp16"
        status_of_detector.destroy()
    assert set(listener.statuses) == {
        "/robot/detector: detector",
        "/robot/detector: camera /front/image",
        "/robot/detector: camera /rear/image",
    }


def test_a_camera_that_is_given_up_is_reported_no_more(
    output: None, spin: Callable[..., None]
) -> None:
    node, listener = Node("detector", namespace="/robot"), Listener()
    cameras = ["/front/image", "/rear/image"]

    def report() -> NodeReport:
        reports = [CameraReport(topic, True, Counters()) for topic in cameras]
        return NodeReport(EngineReport(True, {}), reports)

    status_of_detector = DetectorStatus(node, StatusPublisher(node), report, 0.05, Limits())
    both = {"/robot/detector: detector", *(f"/robot/detector: camera {one}" for one in cameras)}

    def next_names() -> Set[str]:
        """Those of the message that has come since the last look, if one has."""
        names = set(listener.statuses)
        listener.statuses.clear()
        return names

    spin(node, listener, until=lambda: next_names() == both)
    cameras.remove("/rear/image")
    only_one = both - {"/robot/detector: camera /rear/image"}
    spin(until=lambda: next_names() == only_one)  # after those that were on their way
    for _ in range(3):
        spin(until=lambda: bool(listener.statuses))
        assert next_names() == only_one
    status_of_detector.destroy()
