"""The clock of the machine: boards without a battery forget the time."""

import time
from typing import Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution
from trt_inference.doctor.host import Host

_FIRST = 1_704_067_200.0  # 2024-01-01; this project is younger


def check_clock(host: Host) -> Iterator[Diagnosis]:
    """Tell where the clock cannot be right."""
    now = host.time()
    if now < _FIRST:
        date = time.strftime("%Y-%m-%d", time.gmtime(now))
        yield caution(
            "Clock",
            "clock-not-set",
            f"The clock shows {date}: apt, pip and git refuse certificates, and the stamps of "
            "messages do not fit those of other machines.",
            "sudo timedatectl set-ntp true with a network, or sudo date -s '2026-01-31 12:00'",
        )
