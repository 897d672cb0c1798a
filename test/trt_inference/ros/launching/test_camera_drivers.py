"""Which driver of cameras is taken, and what it is told."""

from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from trt_inference.ros.launching.camera_drivers import (
    DRIVERS,
    CameraSettings,
    check_device,
    choose_driver,
)

USB = CameraSettings("/dev/video2", "", 1280, 720, 30.0, "YUYV", "front")
PLAIN = USB._replace(rate=0.0, pixel_format="")
CSI = USB._replace(sensor_id="1")


def installed(*packages: str) -> Callable[[str, str], bool]:
    return lambda package, _: package in packages


@pytest.mark.parametrize(
    ("asked", "there", "settings", "expected"),
    [
        ("auto", ("usb_cam", "v4l2_camera"), USB, "v4l2_camera"),
        ("auto", ("usb_cam",), USB, "usb_cam"),
        ("auto", ("gscam",), USB, "gscam"),
        ("usb_cam", ("usb_cam", "v4l2_camera"), USB, "usb_cam"),
        ("auto", ("gscam", "v4l2_camera"), CSI, "gscam"),
    ],
)
def test_the_driver_that_is_installed_is_taken(
    asked: str, there: Any, settings: CameraSettings, expected: str
) -> None:
    assert choose_driver(asked, settings, installed(*there)).package == expected


@pytest.mark.parametrize(
    ("asked", "there", "settings", "reason"),
    [
        ("auto", (), USB, "sudo apt install ros-jazzy-v4l2-camera"),
        ("usb_cam", ("v4l2_camera",), USB, "sudo apt install ros-jazzy-usb-cam"),
        ("auto", ("v4l2_camera",), CSI, "sudo apt install ros-jazzy-gscam"),
        ("v4l2_camera", ("v4l2_camera",), CSI, "knows no CSI cameras (sensor_id): only gscam does"),
        ("webcam", ("v4l2_camera",), USB, "'webcam': it can be auto, v4l2_camera, usb_cam, gscam"),
    ],
)
def test_a_driver_that_cannot_be_had_is_told(
    monkeypatch: pytest.MonkeyPatch, asked: str, there: Any, settings: CameraSettings, reason: str
) -> None:
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    with pytest.raises(ValueError) as caught:
        choose_driver(asked, settings, installed(*there))
    assert reason in str(caught.value)


# By the sources of the packages, whose parameters have these names and types.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "v4l2_camera",
            {
                "video_device": "/dev/video2",
                "image_size": [1280, 720],
                "time_per_frame": [100, 3000],
                "pixel_format": "YUYV",
                "camera_frame_id": "front",
            },
        ),
        (
            "usb_cam",
            {
                "video_device": "/dev/video2",
                "image_width": 1280,
                "image_height": 720,
                "framerate": 30.0,
                "pixel_format": "YUYV",
                "frame_id": "front",
            },
        ),
    ],
)
def test_each_driver_is_told_in_its_own_words(name: str, expected: Dict[str, Any]) -> None:
    assert DRIVERS[name].parameters(USB) == expected
    left_to_the_driver = {"time_per_frame", "framerate", "pixel_format"}
    assert set(DRIVERS[name].parameters(PLAIN)) == set(expected) - left_to_the_driver


def test_gscam_reads_a_csi_camera_through_argus() -> None:
    parameters = DRIVERS["gscam"].parameters(CSI)
    source, memory, convert, picture, last = parameters["gscam_config"].split(" ! ")
    assert source == "nvarguscamerasrc sensor-id=1"
    assert memory == (
        "video/x-raw(memory:NVMM), format=NV12, width=1280, height=720, framerate=30/1"
    )
    assert (convert, picture, last) == ("nvvidconv", "video/x-raw, format=BGRx", "videoconvert")
    assert parameters["frame_id"] == "front"


def test_gscam_reads_other_cameras_too() -> None:
    assert DRIVERS["gscam"].parameters(PLAIN)["gscam_config"] == (
        "v4l2src device=/dev/video2 ! video/x-raw, width=1280, height=720 ! videoconvert"
    )


def test_a_device_that_is_no_camera_is_told_with_those_that_are(tmp_path: Path) -> None:
    check_device("/dev/null")  # as cameras are: a device that can be read and written
    for device, reason in (
        ("/dev/video77", "there is no /dev/video77: this machine has "),
        (str(tmp_path), f"{tmp_path} is no camera: this machine has "),
    ):
        with pytest.raises(ValueError) as caught:
            check_device(device)
        assert reason in str(caught.value)
