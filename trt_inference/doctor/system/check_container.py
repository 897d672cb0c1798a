"""What a container lacks of the Jetson that it runs on."""

import re
from typing import Iterator, List

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import Board, read_board

_SUBJECT = "Container"
_LIBRARIES = "/usr/lib/aarch64-linux-gnu"
_FOLDERS = (_LIBRARIES, f"{_LIBRARIES}/tegra", f"{_LIBRARIES}/nvidia")
# Those that CUDA and TensorRT need; images may have empty files of others, which no board has.
_NEEDED = re.compile(r"lib(cuda|cudart|cudnn|cublas|nvinfer|nvonnxparser|nvdla|nvrm|nvos).*\.so")
_SHOWN = 3


def check_container(host: Host) -> Iterator[Diagnosis]:
    """In a container: whether libraries and CSI cameras of the board are there. Whether the GPU
    is, the checks of the GPU tell."""
    board = read_board(host)
    if board.in_container:
        lacking = [*_check_libraries(host, board), *_check_csi(host, board)]
        yield from lacking or [
            ok(_SUBJECT, "What is reported holds for programs in this container.")
        ]


def _check_libraries(host: Host, board: Board) -> Iterator[Diagnosis]:
    """Where the runtime puts files of the board, images have empty ones in their places."""
    empty = _empty_libraries(host) if board.is_jetson else []
    if empty:
        more = f" and {len(empty) - _SHOWN} more" if len(empty) > _SHOWN else ""
        yield error(
            _SUBJECT,
            "libraries-not-mounted",
            f"Empty files stand in the places of {', '.join(empty[:_SHOWN])}{more}, which the "
            "container expects from the board.",
            "Start it with docker run --runtime nvidia ..., and on JetPack 4 install CUDA and "
            "TensorRT on the board: sudo apt install nvidia-jetpack.",
        )


def _empty_libraries(host: Host) -> List[str]:
    found = []
    for folder in _FOLDERS:
        for name in filter(_NEEDED.match, host.names(folder)):
            file = host.path(f"{folder}/{name}")
            if file.is_file() and file.stat().st_size == 0:
                found.append(name)
    return found


def _check_csi(host: Host, board: Board) -> Iterator[Diagnosis]:
    if board.is_jetson and not host.exists("/tmp/argus_socket"):
        yield caution(
            "CSI cameras",
            "argus-socket-missing",
            "CSI cameras cannot be opened in this container: /tmp/argus_socket is missing. USB "
            "cameras do not need it.",
            "docker run -v /tmp/argus_socket:/tmp/argus_socket ...",
        )
