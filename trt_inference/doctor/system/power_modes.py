"""The power modes of a Jetson, from the configuration and the state of nvpmodel."""

import re
from typing import Dict, NamedTuple, Optional, Tuple

from trt_inference.doctor.host import Host

_MODE = re.compile(r"<\s*POWER_MODEL\s+ID=([0-9]+)\s+NAME=([^\s>]+)")
_DEFAULT = re.compile(r"<\s*PM_CONFIG\s+DEFAULT=([0-9]+)")
_STATUS = re.compile(r"pmode:([0-9]+)")
_LAST_NUMBER = re.compile(r"^([0-9]+)$", re.MULTILINE)


class PowerMode(NamedTuple):
    """A power mode: its number, and its name, as ``MAXN`` or ``MODE_15W_6CORE``."""

    number: int
    name: str

    @property
    def speed(self) -> Tuple[bool, bool, int, int]:
        """What grows with its speed: without any limit, then by watts and by cores."""
        watts = re.search("([0-9]+)W", self.name)
        cores = re.search("([0-9]+)_?CORE", self.name)
        return (
            self.name.startswith("MAXN"),
            "SUPER" in self.name,
            int(watts.group(1)) if watts else 0,
            int(cores.group(1)) if cores else 0,
        )

    def __str__(self) -> str:
        return f"{self.name} (mode {self.number})"


def read_modes(host: Host) -> Dict[int, PowerMode]:
    """The modes that the board has, by number; none where the configuration is not there."""
    found = _MODE.findall(host.text("/etc/nvpmodel.conf") or "")
    return {int(number): PowerMode(int(number), name) for number, name in found}


def current_mode(host: Host, modes: Dict[int, PowerMode]) -> Optional[PowerMode]:
    """The mode that is set; None where it cannot be found out.

    nvpmodel tells it, on some JetPacks to root alone; else the file in which it keeps the mode for
    the next boot; and before one was ever set, the configuration.
    """
    number = _told(host)
    if number is None:
        kept = _STATUS.search(host.text("/var/lib/nvpmodel/status") or "")
        kept = kept or _DEFAULT.search(host.text("/etc/nvpmodel.conf") or "")
        number = int(kept.group(1)) if kept else None
    return None if number is None else modes.get(number, PowerMode(number, "unnamed"))


def _told(host: Host) -> Optional[int]:
    answer = host.run(["nvpmodel", "-q"])
    if answer is None or answer.code != 0:
        return None
    found = _LAST_NUMBER.findall(answer.output)
    return int(found[-1]) if found else None
