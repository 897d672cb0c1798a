"""Cameras of this machine: whether there are devices of them, and this user may open them."""

import re
from typing import Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import Board, read_board

_SUBJECT = "Cameras"


def check_cameras(host: Host) -> Iterator[Diagnosis]:
    """Look for video devices. A machine that is no Jetson, and has none, may well want none."""
    board = read_board(host)
    devices = [f"/dev/{name}" for name in host.names("/dev") if re.match("video[0-9]+$", name)]
    denied = [device for device in devices if not host.may_use(device)]
    if denied:
        yield caution(
            _SUBJECT,
            "camera-denied",
            f"This user may not open {', '.join(denied)}.",
            "sudo usermod -aG video $USER, and log in again; in a container, docker run "
            "--group-add video ...",
        )
    elif devices:
        yield ok(_SUBJECT, f"{', '.join(devices)}.")
    elif board.is_jetson:
        yield _none(board)
    if board.is_jetson and not board.in_container and not host.exists("/tmp/argus_socket"):
        yield caution(
            "CSI cameras",
            "argus-not-running",
            "nvargus-daemon, which reads CSI cameras, is not running: /tmp/argus_socket is "
            "missing. USB cameras do not need it.",
            "sudo systemctl restart nvargus-daemon",
        )


def _none(board: Board) -> Diagnosis:
    if board.in_container:
        remedy = "docker run --device /dev/video0 ..., for each camera"
    else:
        remedy = "Connect it, and look what dmesg tells of it; CSI cameras are configured by "
        remedy += "sudo /opt/nvidia/jetson-io/jetson-io.py"
    return caution(
        _SUBJECT,
        "no-camera",
        "There is no camera at this machine: /dev/video0 and the like are missing. Images from "
        "other machines or from files do not need it.",
        remedy,
    )
