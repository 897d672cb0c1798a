"""The priority of threads beside the one that runs the engines."""

import contextlib
import os
import threading

# On two cores that an engine keeps busy, a replay ran at 0.86 of the bare engine's rate with 5, at
# 0.78 without, and with 19 decoding came too late. It still gets a third of a core that is wanted.
_LOWER_BY = 5


def give_way() -> None:
    """Let the calling thread come after threads of the usual priority, where Linux has a priority
    for each thread. An engine waits for the last of its threads, whatever has taken its core."""
    thread = threading.get_native_id()
    with contextlib.suppress(OSError):
        usual = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, usual + _LOWER_BY)
