"""The priority of threads beside the one that runs the engines."""

import contextlib
import os
import threading

# On two cores, with raw images of 720p and networks of 10 ms an image for both sides, a replay
# without files ran at 0.86 of the bare engines' rate with 5, at 0.78 with 0, and at 0.77 with 19,
# which leaves decoding too little. With 5 it gets a quarter of a core that the engine wants.
_LOWER_BY = 5


def give_way() -> None:
    """Let the calling thread come after threads of the usual priority, where Linux has a priority
    for each thread. An engine waits for the last of its threads, whatever has taken its core."""
    thread = threading.get_native_id()
    with contextlib.suppress(OSError):
        usual = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, usual + _LOWER_BY)
