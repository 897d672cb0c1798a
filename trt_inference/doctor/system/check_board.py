"""The board, and the JetPack on it."""

from typing import Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import Board, read_board, read_jetpack

_SUBJECT = "Board"
# JetPack 4.6 brings TensorRT 8, before which no engine can be built.
_FIRST_L4T = (32, 6)


def check_board(host: Host) -> Iterator[Diagnosis]:
    """Name the machine, and its JetPack."""
    board = read_board(host)
    if board.is_jetson:
        yield _jetpack_of(host, board)
    else:
        yield ok(_SUBJECT, f"{board.name or 'A computer'} ({host.architecture}), no Jetson.")


def _jetpack_of(host: Host, board: Board) -> Diagnosis:
    name = board.name or board.family
    if not board.l4t and board.in_container:
        return caution(
            _SUBJECT,
            "l4t-hidden-in-container",
            f"{name}; the container does not show which JetPack the board has.",
            "docker run -v /etc/nv_tegra_release:/etc/nv_tegra_release:ro ...",
        )
    if not board.l4t:
        return caution(
            _SUBJECT,
            "l4t-missing",
            f"{name}, but there is no /etc/nv_tegra_release: this is not NVIDIA's system, and "
            "TensorRT may be missing.",
            "Flash the board with the JetPack that NVIDIA names for it.",
        )
    system = f"{name}, L4T R{board.l4t}"
    if tuple(map(int, board.l4t.split(".")[:2])) < _FIRST_L4T:
        return error(
            _SUBJECT,
            "jetpack-too-old",
            f"{system}: its TensorRT is older than 8.0, which engines need.",
            "Flash JetPack 4.6 or later. Until then the node runs on ONNX Runtime.",
        )
    jetpack = read_jetpack(host, board.l4t)
    if not jetpack:
        return caution(
            _SUBJECT,
            "l4t-unknown",
            f"{system}, of no JetPack that is known here, up to 7.2.",
            "Look for a newer version of this project; the lines on TensorRT below tell what runs.",
        )
    return ok(_SUBJECT, f"{system}, JetPack {jetpack}.")
