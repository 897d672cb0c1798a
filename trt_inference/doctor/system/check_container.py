"""What a container lacks of the board that it runs on."""

import stat
from typing import Iterator, List

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import Board, read_board

_SUBJECT = "Container"
_LIBRARIES = "/usr/lib/aarch64-linux-gnu"
_FOLDERS = (_LIBRARIES, f"{_LIBRARIES}/tegra", f"{_LIBRARIES}/nvidia")
_DRIVER = "/proc/driver/nvidia/version"  # of a PC, which containers see too
_SHOWN = 3


def check_container(host: Host) -> Iterator[Diagnosis]:
    """In a container: whether GPU, its libraries and CSI cameras of the board are there."""
    board = read_board(host)
    if not board.in_container:
        return
    lacking = [*_check_gpu(host, board), *_check_libraries(host, board)]
    yield from lacking or [ok(_SUBJECT, _what_is_there(host, board))]
    yield from _check_csi(host, board)


def _what_is_there(host: Host, board: Board) -> str:
    if board.is_jetson or host.path(_DRIVER).exists():
        return "This is a container, which has the GPU of the machine."
    return "This is a container, on a machine without a driver of NVIDIA."


def _check_gpu(host: Host, board: Board) -> Iterator[Diagnosis]:
    if board.is_jetson and not host.path("/dev/nvmap").exists():
        yield error(
            _SUBJECT,
            "container-without-gpu",
            "This container does not have the GPU of the board: /dev/nvmap is missing.",
            "docker run --runtime nvidia ...",
        )
    if (
        host.path(_DRIVER).exists()
        and not board.is_jetson
        and not host.path("/dev/nvidiactl").exists()
    ):
        yield error(
            _SUBJECT,
            "container-without-gpu",
            "This container does not have the GPU of the machine: NVIDIA's driver is loaded, and "
            "/dev/nvidiactl is missing.",
            "docker run --gpus all ...",
        )


def _check_libraries(host: Host, board: Board) -> Iterator[Diagnosis]:
    """Where the runtime puts files of the board, images have empty ones in their places."""
    empty = _empty_libraries(host) if board.is_jetson else []
    if empty:
        more = f" and {len(empty) - _SHOWN} more" if len(empty) > _SHOWN else ""
        yield error(
            _SUBJECT,
            "libraries-not-mounted",
            f"Libraries are empty files, {', '.join(empty[:_SHOWN])}{more}: the container expects "
            "those of the board in their places.",
            "Start it with docker run --runtime nvidia ..., and on JetPack 4 install CUDA and "
            "TensorRT on the board: sudo apt install nvidia-jetpack.",
        )


def _empty_libraries(host: Host) -> List[str]:
    found = []
    for folder in _FOLDERS:
        for name in host.names(folder):
            try:
                status = host.path(f"{folder}/{name}").stat()
            except OSError:  # a link to what is not there
                continue
            if ".so" in name and stat.S_ISREG(status.st_mode) and status.st_size == 0:
                found.append(name)
    return found


def _check_csi(host: Host, board: Board) -> Iterator[Diagnosis]:
    if board.is_jetson and not host.path("/tmp/argus_socket").exists():
        yield caution(
            "CSI cameras",
            "argus-socket-missing",
            "CSI cameras cannot be opened in this container: /tmp/argus_socket is missing. USB "
            "cameras do not need it.",
            "docker run -v /tmp/argus_socket:/tmp/argus_socket ...",
        )
