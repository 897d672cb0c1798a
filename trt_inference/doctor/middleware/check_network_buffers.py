"""Whether the kernel holds the packets of large images.

The values are those of the packaged profiles and of ROS' documentation, "DDS tuning information":
``ipfrag_time`` 3 seconds and ``ipfrag_high_thresh`` 128 MiB, so that pieces of images that cannot
be completed do not fill the buffer for others.
"""

from typing import Dict, Iterator, NamedTuple, Optional

from trt_inference.doctor.diagnosis import Diagnosis, caution, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ask_rclpy import ros_is_in_use
from trt_inference.doctor.middleware.check_discovery import stays_on_this_machine
from trt_inference.doctor.middleware.implementation import implementation
from trt_inference.doctor.middleware.profile_variables import CYCLONE
from trt_inference.doctor.system.board_facts import is_container

_SUBJECT = "Network buffers"
_FAST_DDS_BYTES = 4 << 20  # what config/fastdds_large_images.xml asks for
_CYCLONE_BYTES = 16 << 20  # what config/cyclonedds_large_images.xml asks for
_FRAGMENT_BYTES = 128 << 20
_FRAGMENT_SECONDS = 3


class _Limit(NamedTuple):
    """A setting of the kernel: at least, or at most, so much."""

    value: int
    is_least: bool = True

    def holds(self, found: int) -> bool:
        """Whether a value is as good."""
        return found >= self.value if self.is_least else found <= self.value


def check_network_buffers(host: Host) -> Iterator[Diagnosis]:
    """One line where images may come through the network."""
    if not ros_is_in_use(host):
        return
    is_cyclone = implementation(host).startswith(CYCLONE)
    if stays_on_this_machine(host) and not is_cyclone:
        yield ok(_SUBJECT, "They matter little: ROS stays on this machine and uses shared memory.")
        return
    wanted = _wanted(is_cyclone)
    found = {name: value for name, value in _found(host, wanted).items() if value is not None}
    unseen = sorted(set(wanted) - set(found))
    wrong = {name: value for name, value in found.items() if not wanted[name].holds(value)}
    if wrong:
        where = "On the machine itself: " if is_container(host) else ""
        yield _too_small(wrong, wanted, is_cyclone, where)
    if unseen:
        yield caution(
            _SUBJECT,
            "network-buffers-not-seen",
            f"Not looked at: {', '.join(unseen)}, which a container does not show.",
            f"On the machine itself: sysctl {' '.join(unseen)}",
        )
    if not wrong and not unseen:
        values = ", ".join(f"{name} is {value}" for name, value in found.items())
        yield ok(_SUBJECT, f"{values}.")


def _wanted(is_cyclone: bool) -> Dict[str, _Limit]:
    buffer = _Limit(_CYCLONE_BYTES if is_cyclone else _FAST_DDS_BYTES)
    return {
        "net.core.rmem_max": buffer,
        "net.core.wmem_max": _Limit(_FAST_DDS_BYTES),
        "net.ipv4.ipfrag_time": _Limit(_FRAGMENT_SECONDS, is_least=False),
        "net.ipv4.ipfrag_high_thresh": _Limit(_FRAGMENT_BYTES),
    }


def _found(host: Host, wanted: Dict[str, _Limit]) -> Dict[str, Optional[int]]:
    texts = {name: host.text(f"/proc/sys/{name.replace('.', '/')}") or "" for name in wanted}
    return {name: int(text) if text.isdigit() else None for name, text in texts.items()}


def _too_small(
    wrong: Dict[str, int], wanted: Dict[str, _Limit], is_cyclone: bool, where: str
) -> Diagnosis:
    values = ", ".join(f"{name} is {value}" for name, value in wrong.items())
    which = "images" if is_cyclone else "images of cameras on other machines"
    settings = " ".join(f"{name}={wanted[name].value}" for name in wrong)
    return caution(
        _SUBJECT,
        "small-network-buffers",
        f"{values}: {which} may get lost, as the kernel drops their packets.",
        f"{where}sudo sysctl -w {settings} (and in a file in /etc/sysctl.d, to keep it)",
    )
