"""How hot a Jetson is, against the temperatures from which it slows itself down."""

from typing import Iterator, List, NamedTuple, Optional

from trt_inference.doctor.diagnosis import Diagnosis, caution, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import read_board

_SUBJECT = "Temperature"
_FOLDER = "/sys/class/thermal"
_SENSIBLE = range(20_000, 130_000)  # thousandths of a degree Celsius: others stand for no limit


class _Zone(NamedTuple):
    """Temperatures in thousandths of a degree Celsius; ``limit`` is where it slows down."""

    name: str
    now: int
    limit: int


def check_heat(host: Host) -> Iterator[Diagnosis]:
    """On a Jetson: whether a part of it is so hot that it slows itself down."""
    zones = _zones(host) if read_board(host).is_jetson else []
    if not zones:
        return
    hottest = max(zones, key=lambda zone: zone.now - zone.limit)
    text = f"{hottest.name} has {hottest.now / 1000:.0f} °C; it slows down from "
    text += f"{hottest.limit / 1000:.0f} °C on."
    if hottest.now >= hottest.limit:
        yield caution(
            _SUBJECT,
            "throttled-by-heat",
            text,
            "Cool it: is the fan on, and is there air? sudo nvpmodel -m with a mode of fewer watts "
            "makes it even.",
        )
    else:
        yield ok(_SUBJECT, text)


def _zones(host: Host) -> List[_Zone]:
    names = [name for name in host.names(_FOLDER) if name.startswith("thermal_zone")]
    found = (_zone(host, f"{_FOLDER}/{name}") for name in names)
    return [zone for zone in found if zone is not None]


def _zone(host: Host, folder: str) -> Optional[_Zone]:
    now = host.number(f"{folder}/temp")
    limits = [
        host.number(f"{folder}/{name[: -len('type')]}temp") or 0
        for name in host.names(folder)
        if name.startswith("trip_point_")
        and name.endswith("_type")
        and host.text(f"{folder}/{name}") == "passive"
    ]
    sensible = [limit for limit in limits if limit in _SENSIBLE]
    if now is None or not sensible:
        return None
    return _Zone(host.text(f"{folder}/type") or "A part", now, min(sensible))
