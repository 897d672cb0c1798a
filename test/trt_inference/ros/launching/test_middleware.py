"""The settings for large images, by middleware and distribution."""

from pathlib import Path
from typing import Dict

import pytest

from test.launching import install
from trt_inference.ros.launching.middleware import middleware_variables

FAST_DDS = {"FASTDDS_DEFAULT_PROFILES_FILE": "fastdds_large_images.xml"}
OLD_FAST_DDS = {"FASTRTPS_DEFAULT_PROFILES_FILE": "fastdds_large_images.xml"}
CYCLONE_DDS = {"CYCLONEDDS_URI": "cyclonedds_large_images.xml"}


@pytest.mark.parametrize(
    ("profile", "environment", "expected"),
    [
        ("packaged", {}, FAST_DDS),
        ("packaged", {"ROS_DISTRO": "kilted"}, FAST_DDS),
        ("packaged", {"ROS_DISTRO": "jazzy"}, OLD_FAST_DDS),
        ("packaged", {"RMW_IMPLEMENTATION": "rmw_fastrtps_cpp"}, FAST_DDS),
        ("packaged", {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"}, CYCLONE_DDS),
        ("packaged", {"RMW_IMPLEMENTATION": "rmw_zenoh_cpp"}, {}),
        ("packaged", {"ROS_DISTRO": "humble", "ROS_LOCALHOST_ONLY": "1"}, {}),
        ("packaged", {"ROS_DISTRO": "jazzy", "ROS_LOCALHOST_ONLY": "1"}, OLD_FAST_DDS),
        ("packaged", {"FASTRTPS_DEFAULT_PROFILES_FILE": "/mine.xml"}, {}),
        ("packaged", {"FASTDDS_DEFAULT_PROFILES_FILE": "/mine.xml", "ROS_DISTRO": "jazzy"}, {}),
        ("none", {}, {}),
        ("", {}, {}),
    ],
)
def test_each_middleware_gets_its_profile_unless_one_is_set(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
    environment: Dict[str, str],
    expected: Dict[str, str],
) -> None:
    install(tmp_path)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    variables = middleware_variables(profile, environment)
    assert {name: Path(path).name for name, path in variables.items()} == expected
    assert all(Path(path.replace("file://", "")).is_file() for path in variables.values())
