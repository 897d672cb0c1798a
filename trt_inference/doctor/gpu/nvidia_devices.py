"""What shows that a machine has an NVIDIA GPU, before any driver is asked."""

import os
import re
from typing import List, NamedTuple

from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import read_board

_PCI = "/sys/bus/pci/devices"
_NVMAP = "/dev/nvmap"
_NVIDIA, _DISPLAY = "0x10de", "0x03"  # a vendor, and how the class of graphics adapters begins
# Those that CUDA opens: of a Jetson, where nvhost-gpu became nvgpu with JetPack 6, of a PC, and of
# Linux under Windows.
_OF_CUDA = r"nvmap|nvhost-ctrl-gpu|nvhost-gpu|nvidia\d+|nvidiactl|nvidia-uvm|dxg"


class NvidiaDevices(NamedTuple):
    """What was found.

    Attributes:
        is_jetson: the board is one.
        is_on_bus: there is an NVIDIA graphics adapter on the PCI bus.
        nodes: the files in /dev that CUDA opens, with their paths.
        in_container: of Docker or Podman. The bus is seen there, and no device that was not passed.
    """

    is_jetson: bool
    is_on_bus: bool
    nodes: List[str]
    in_container: bool

    @property
    def are_there(self) -> bool:
        """Whether anything points to a GPU."""
        return self.is_jetson or self.is_on_bus or bool(self.nodes)


def find_nvidia_devices(host: Host) -> NvidiaDevices:
    """Look at the files of a machine."""
    board = read_board(host)
    nodes = [f"/dev/{name}" for name in host.names("/dev") if re.fullmatch(_OF_CUDA, name)]
    return NvidiaDevices(
        is_jetson=board.is_jetson,
        is_on_bus=any(_is_graphics_adapter(host, name) for name in host.names(_PCI)),
        nodes=nodes,
        in_container=board.in_container,
    )


def closed_nodes(host: Host, devices: NvidiaDevices) -> List[str]:
    """The device files that this user may not open. nvmap is for reading, to all but root, from
    JetPack 5 on."""
    modes = {node: os.R_OK | (0 if node == _NVMAP else os.W_OK) for node in devices.nodes}
    return [node for node, mode in modes.items() if not host.may_use(node, mode)]


def _is_graphics_adapter(host: Host, name: str) -> bool:
    vendor, kind = (host.text(f"{_PCI}/{name}/{file}") or "" for file in ("vendor", "class"))
    return vendor == _NVIDIA and kind.startswith(_DISPLAY)
