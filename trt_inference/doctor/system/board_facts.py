"""Which machine this is: a Jetson or a PC, its system from NVIDIA, and whether in a container."""

import re
from typing import NamedTuple

from trt_inference.doctor.host import Host

# The chips by the number that /sys/devices/soc0/soc_id shows, which containers see too.
_CHIPS = {"33": "tegra210", "24": "tegra186", "25": "tegra194", "35": "tegra234", "38": "tegra264"}
_FAMILIES = {
    "tegra210": "Jetson Nano or TX1",
    "tegra186": "Jetson TX2",
    "tegra194": "Jetson Xavier",
    "tegra234": "Jetson Orin",
    "tegra264": "Jetson Thor",
}
# The JetPack of each L4T, from NVIDIA's archive: the longest beginning that fits.
_JETPACKS = {
    "32.4": "4.4",
    "32.5": "4.5",
    "32.6": "4.6",
    "32.7": "4.6",
    "34.1": "5.0",
    "35.1": "5.0.2",
    "35.2": "5.1",
    "35.3": "5.1.1",
    "35.4": "5.1.2",
    "35.5": "5.1.3",
    "35.6": "5.1",
    "36.2": "6.0",
    "36.3": "6.0",
    "36.4": "6.1 or 6.2",
    "36.5": "6.2",
    "38.2": "7.0",
    "38.4": "7.1",
    "39.2": "7.2",
}
_RELEASE = re.compile(r"R([0-9]+) \(release\), REVISION: ([0-9]+(?:\.[0-9]+)*)")
_IN_CGROUPS = re.compile("docker|containerd|kubepods|libpod|lxc")


class Board(NamedTuple):
    """What is known of a machine.

    Attributes:
        name: of the machine, as it states it; empty where it does not.
        chip: as ``tegra234``; empty where it is no Jetson.
        l4t: the version of NVIDIA's system, as ``36.4.3``; empty where it is not seen.
        in_container: this process runs in a container.
    """

    name: str
    chip: str
    l4t: str
    in_container: bool

    @property
    def is_jetson(self) -> bool:
        """Whether the GPU is that of a Jetson."""
        return bool(self.chip or self.l4t)

    @property
    def family(self) -> str:
        """The kind of board, as ``Jetson Orin``."""
        return _FAMILIES.get(self.chip, "Jetson")


def read_board(host: Host) -> Board:
    """Find out which machine this is. Containers may hide the model, and lack the version."""
    return Board(
        name=_model(host),
        chip=_chip(host),
        l4t=read_l4t(host),
        in_container=is_container(host),
    )


def read_l4t(host: Host) -> str:
    """The version of NVIDIA's system, as ``36.4.3``; empty where it is not seen."""
    found = _RELEASE.search(host.text("/etc/nv_tegra_release") or "")
    return f"{found.group(1)}.{found.group(2)}" if found else ""


def read_jetpack(host: Host, l4t: str) -> str:
    """The version of the JetPack, as ``6.2``: what the package of all of it states, or else what
    L4T belongs to; empty where that is not known."""
    answer = host.run(["dpkg-query", "-W", "-f", "${Version}", "nvidia-jetpack"])
    found = re.match(r"[0-9]+(\.[0-9]+)+", answer.output if answer else "")
    if found:
        return found.group()
    return _JETPACKS.get(".".join(l4t.split(".")[:2]), "")


def is_container(host: Host) -> bool:
    """Whether this process runs in a container of Docker, Podman or the like."""
    if host.exists("/.dockerenv") or host.exists("/run/.containerenv"):
        return True
    return bool(
        host.environment.get("container") or _IN_CGROUPS.search(host.text("/proc/1/cgroup") or "")
    )


def _model(host: Host) -> str:
    for file in (
        "/proc/device-tree/model",
        "/sys/firmware/devicetree/base/model",
        "/sys/devices/soc0/machine",
        "/sys/class/dmi/id/product_name",
    ):
        text = host.text(file)
        if text:
            return text
    return ""


def _chip(host: Host) -> str:
    for folder in ("/proc/device-tree", "/sys/firmware/devicetree/base"):
        found = re.search("tegra[0-9]+", host.text(f"{folder}/compatible") or "")
        if found:
            return found.group()
    if host.text("/sys/devices/soc0/family") == "Tegra":
        number = host.text("/sys/devices/soc0/soc_id") or ""
        return _CHIPS.get(number, "tegra")
    return ""
