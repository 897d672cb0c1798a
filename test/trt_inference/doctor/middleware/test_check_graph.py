"""What the doctor tells of cameras and detectors, by what the probe of the graph has seen."""

from pathlib import Path
from typing import Any, List

import pytest

from test.trt_inference.doctor.fake_machine import assert_finds, faults
from test.trt_inference.doctor.middleware.graph_answers import (
    detector,
    host_that_runs,
    host_that_sees,
    publisher,
    topic,
)
from test.trt_inference.doctor.middleware.ros_machine import PROFILE, in_container, ros_machine
from trt_inference.doctor.diagnosis import IS_OK, Diagnosis
from trt_inference.doctor.middleware.check_graph import check_graph

IMAGE = "/camera/image"


def seen(folder: Path, **answer: Any) -> List[Diagnosis]:
    """What is told of a graph."""
    return list(check_graph(host_that_sees(ros_machine(folder), **answer)))


def test_no_camera_is_a_caution_that_names_domain_and_nodes(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.environment["ROS_DOMAIN_ID"] = "7"
    found = check_graph(host_that_sees(machine, nodes=3))
    assert_finds(found, "no-image-topic", "caution", "domain 7", "3 other nodes")


@pytest.mark.parametrize(
    ("images", "fault", "level", "values", "remedy"),
    [
        (
            topic(IMAGE, received=0, format="", rate=0.0, bytes=0, age=None),
            "images-announced-but-not-received",
            "caution",
            [IMAGE, "/camera/driver", "best_effort", "profile for large images"],
            f"FASTRTPS_DEFAULT_PROFILES_FILE={PROFILE}",
        ),
        (
            topic(IMAGE, received=2, lost=88, bytes=6220800),
            "images-lost",
            "caution",
            [IMAGE, "of 90 images of 6.2 MB, 88 were lost"],
            f"FASTRTPS_DEFAULT_PROFILES_FILE={PROFILE}",
        ),
        (
            topic(IMAGE, received=20, lost=5, bytes=24 << 20),
            "images-lost",
            "caution",
            [IMAGE],
            f"segment_size of {48 << 20} (it is 16777216)",
        ),
        (
            topic(IMAGE, rejected="unsupported encoding '32FC1'"),
            "images-the-node-rejects",
            "error",
            [IMAGE, "32FC1"],
            "bgr8",
        ),
        (
            topic(IMAGE, age=-3600.0),
            "image-stamps-far-from-clock",
            "caution",
            [IMAGE, "3600.0 s in the future"],
            "timedatectl",
        ),
        (
            topic(IMAGE, age=None),
            "image-stamps-far-from-clock",
            "caution",
            [IMAGE, "no stamp"],
            "header.stamp",
        ),
        (
            topic("/front/image/compressed"),
            "only-compressed-images",
            "caution",
            ["/front/image"],
            "image_topic:=/front/image image_transport:=compressed",
        ),
        (
            {**topic(IMAGE), "publishers": [publisher("/a"), publisher("/b", "reliable")]},
            "image-topic-of-two-publishers",
            "caution",
            [IMAGE, "/a (best_effort", "/b (reliable"],
            "remap",
        ),
    ],
)
def test_what_is_wrong_with_images(
    tmp_path: Path, images: Any, fault: str, level: str, values: List[str], remedy: str
) -> None:
    found = seen(tmp_path, topics=[images])
    assert remedy in assert_finds(found, fault, level, *values).remedy
    assert faults(found) == [fault]


def test_in_a_container_its_own_shared_memory_is_the_likeliest_cause(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    in_container(machine, own_memory=True, host_network=True)
    silent = topic(IMAGE, received=0, format="", rate=0.0, bytes=0, age=None)
    found = check_graph(host_that_sees(machine, topics=[silent]))
    fault = assert_finds(found, "images-announced-but-not-received", "caution")
    assert "Likeliest first: it runs outside of this container" in fault.text
    assert fault.remedy.startswith("docker run --network host --ipc host")


def test_images_of_a_recording_have_other_stamps_and_that_is_well(tmp_path: Path) -> None:
    found = seen(tmp_path, topics=[topic(IMAGE, age=1e8)], simulated_time=True)
    assert faults(found) == []


def test_depth_images_beside_usable_ones_are_no_fault_unless_a_detector_takes_them(
    tmp_path: Path,
) -> None:
    depth = topic("/camera/depth", rejected="unsupported encoding '16UC1'")
    found = seen(tmp_path / "a", topics=[topic(IMAGE), depth])
    assert faults(found) == []
    assert "which the node does not take" in found[-1].text
    taking = detector("active", "/camera/depth")
    found = seen(tmp_path / "b", topics=[topic(IMAGE), depth], detectors=[taking])
    assert_finds(found, "images-the-node-rejects", "error", "/camera/depth", "16UC1")


@pytest.mark.parametrize(
    ("running", "fault", "level", "values", "remedy"),
    [
        (
            detector("unconfigured"),
            "detector-not-active",
            "caution",
            ["/detector", "unconfigured"],
            "ros2 lifecycle set /detector configure, then: ros2 lifecycle set /detector activate",
        ),
        (
            detector("inactive"),
            "detector-not-active",
            "caution",
            ["/detector", "inactive"],
            "ros2 lifecycle set /detector activate",
        ),
        (
            detector("active", "/image"),
            "detector-without-images",
            "caution",
            ["/detector", "/image", IMAGE],
            f"image_topic:={IMAGE}",
        ),
        (
            detector("active", topics=[{"name": IMAGE, "reliability": "reliable"}]),
            "detector-asks-for-more-than-offered",
            "error",
            ["/detector", IMAGE, "/camera/driver"],
            "image_reliability to auto",
        ),
        (
            detector("", parameters={}),
            "lifecycle-node-does-not-answer",
            "caution",
            ["/detector"],
            "ros2 lifecycle get /detector",
        ),
        (
            detector(
                "active",
                IMAGE,
                statuses=[
                    {"name": "detector: camera", "level": "warning", "message": "5 of 9 dropped"}
                ],
            ),
            "detector-reports-warning",
            "caution",
            ["detector: camera", "5 of 9 dropped"],
            "/diagnostics",
        ),
        (
            detector(
                "active",
                IMAGE,
                statuses=[{"name": "detector", "level": "error", "message": "the GPU is gone"}],
            ),
            "detector-reports-error",
            "error",
            ["the GPU is gone"],
            "/diagnostics",
        ),
    ],
)
def test_what_is_wrong_with_a_detector(
    tmp_path: Path, running: Any, fault: str, level: str, values: List[str], remedy: str
) -> None:
    found = seen(tmp_path, topics=[topic(IMAGE)], detectors=[running])
    assert remedy in assert_finds(found, fault, level, *values).remedy
    assert faults(found) == [fault]


def test_a_detector_that_works_is_told(tmp_path: Path) -> None:
    found = seen(tmp_path, topics=[topic(IMAGE)], detectors=[detector("active", IMAGE)])
    assert [one.level for one in found] == [IS_OK, IS_OK]
    assert "/detector is active on /camera/image" in found[-1].text


def test_compressed_images_suit_a_detector_that_takes_them(tmp_path: Path) -> None:
    name = "/front/image/compressed"
    taking = detector("active", name)
    taking["parameters"]["image_transport"] = "compressed"
    assert faults(seen(tmp_path, topics=[topic(name)], detectors=[taking])) == []


def test_two_nodes_of_one_name_and_a_message_that_cannot_be_read(tmp_path: Path) -> None:
    found = seen(
        tmp_path, topics=[topic()], names_twice=["/camera"], failure="UnicodeDecodeError: 0xff"
    )
    assert "__node:=" in assert_finds(found, "name-of-two-nodes", "caution", "/camera").remedy
    assert_finds(found, "message-not-readable", "caution", "UnicodeDecodeError: 0xff")


def test_thousands_of_topics_are_few_lines(tmp_path: Path) -> None:
    silent = {"received": 0, "format": "", "rate": 0.0, "bytes": 0, "age": None}
    heard = [topic(f"/t{n}", **silent) for n in range(8)]
    others = [{**topic(f"/o{n}"), "came": None} for n in range(42)]
    found = seen(tmp_path, topics=[*heard, *others], left_out=4000)
    assert_finds(found, "image-topics-left-out", "caution", "4042", "/o0")
    assert_finds(found, "images-announced-but-not-received", "caution", "/t0", "3 more")
    assert len(found) == 2  # and nothing of it is called well


def test_what_image_transport_adds_to_a_camera_needs_no_line(tmp_path: Path) -> None:
    beside = [
        {**topic(f"{IMAGE}/compressed"), "came": None},
        {**topic(f"{IMAGE}/compressedDepth"), "transport": "compressed", "came": None},
    ]
    found = seen(tmp_path / "a", topics=[topic(IMAGE), *beside])
    assert [one.level for one in found] == [IS_OK]
    compressed = topic("/front/image/compressed")
    depth = {**topic("/front/image/compressedDepth"), "transport": "compressed", "came": None}
    found = seen(tmp_path / "b", topics=[depth, compressed])
    assert_finds(found, "only-compressed-images", "caution", "/front/image has only")
    assert faults(found) == ["only-compressed-images"]


def test_without_a_profile_the_segment_of_the_packaged_one_counts(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    del machine.environment["FASTRTPS_DEFAULT_PROFILES_FILE"]
    large = topic(IMAGE, received=2, lost=7, bytes=50_000_000)
    found = check_graph(host_that_sees(machine, topics=[large]))
    remedy = assert_finds(found, "images-lost", "caution").remedy
    assert "segment_size of 100000000 (it is 16777216)" in remedy


def test_hostile_names_reach_no_command_and_no_other_line(tmp_path: Path) -> None:
    hostile = "/a; rm -rf ~\n\x1b[2Jok"
    image = topic(f"{hostile}/compressed", format=f"\x1b[2J\n{hostile}", rejected=hostile)
    image["publishers"] = [publisher(hostile), publisher(hostile)]
    running = detector(
        "inactive\n",
        hostile,
        name=hostile,
        statuses=[{"name": hostile, "level": "error", "message": hostile}],
    )
    for one in seen(
        tmp_path, topics=[image], detectors=[running], names_twice=[hostile], failure=hostile
    ):
        assert "\n" not in one.text + one.remedy
        assert "\x1b" not in one.text + one.remedy
        assert "rm -rf" not in one.remedy, one


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        ("kill -ABRT $$", "was ended by SIGABRT"),
        ("printf 'no participant' >&2; exit 3", "exit code 3: no participant"),
        ("printf '[1, 2]\n'", "gave no answer"),
    ],
)
def test_a_probe_that_fails_is_no_empty_graph(tmp_path: Path, instead: str, why: str) -> None:
    found = check_graph(host_that_runs(ros_machine(tmp_path), instead))
    assert_finds(found, "graph-not-looked-at", "caution", "Neither cameras nor detectors", why)
