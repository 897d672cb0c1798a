"""Python itself, and whether it is the one that TensorRT of this board has a module for."""

from typing import Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import PYTHON_OF_JETPACK, Board, read_board
from trt_inference.doctor.system.python_packages import look_at_packages

_SUBJECT = "Python"


def check_python(host: Host) -> Iterator[Diagnosis]:
    """Name this Python; tell where the TensorRT of the board is for another one."""
    version = ".".join(map(str, host.python_version))
    board = read_board(host)
    usual = PYTHON_OF_JETPACK.get(board.generation or 0)
    # From JetPack 5 on, containers bring TensorRT along, for a Python of their own.
    is_given = board.generation == 4 or not board.in_container
    is_other = usual is not None and is_given and host.python_version[:2] != usual
    if usual and is_other and not look_at_packages(host).has_tensorrt:
        yield _is_other(version, board, ".".join(map(str, usual)))
    else:
        yield ok(_SUBJECT, f"{version}, {host.python}.")


def _is_other(version: str, board: Board, usual: str) -> Diagnosis:
    return caution(
        _SUBJECT,
        "python-without-tensorrt",
        f"This is Python {version}, and TensorRT of JetPack {board.generation} has a module for "
        f"Python {usual} only: here the node runs on ONNX Runtime.",
        f"Run this project with /usr/bin/python{usual}, in no virtual environment but one that was "
        "made with --system-site-packages; on JetPack 4, ROS 2 for Python 3.6 is in the image "
        "dustynv/ros:humble-ros-base-l4t-r32.7.1.",
    )
