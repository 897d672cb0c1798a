"""What Linux states of the memory of a machine."""

import re
from typing import Dict, Optional

from trt_inference.doctor.host import Host


def memory_facts(host: Host) -> Dict[str, int]:
    """Bytes by the names of ``/proc/meminfo``; nothing where it cannot be read."""
    found = re.findall(r"^(\w+):\s+([0-9]+) kB$", host.text("/proc/meminfo") or "", re.MULTILINE)
    return {name: int(number) * 1024 for name, number in found}


def available_memory(host: Host) -> Optional[int]:
    """Bytes that programs can still have; None where that is not known."""
    return memory_facts(host).get("MemAvailable")
