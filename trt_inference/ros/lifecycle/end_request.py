"""Whether a process with a node is to end, as signal handlers set it."""

import signal

SIGNAL_PERIOD = 0.2  # seconds after which a waiting executor looks for signals
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndRequest:
    """A flag that takes no lock.

    The set() of a threading.Event does: a signal that arrives in the middle of it, from an
    impatient Ctrl-C, would wait for itself for ever, as both run on the main thread.
    """

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Ask the process to end. May be called at any moment, by signal handlers too."""
        self._is_set = True

    def is_set(self) -> bool:
        """Whether the process is to end."""
        return self._is_set


def end_when_told() -> EndRequest:
    """Handle the signals that end the process ourselves: rclpy's handlers shut the context down
    under whatever is being done, and an idle spin misses some signals. With these the node is freed
    while ROS still works, and a second Ctrl-C does not cut that short."""
    told_to_end = EndRequest()
    for number in _ENDING:
        is_hangup_of_nohup = number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN
        if not is_hangup_of_nohup:
            signal.signal(number, lambda *_: told_to_end.set())
    return told_to_end


def ignore_signals() -> None:
    """Once nothing waits any more that a signal could cut short: the default handlers, which the
    interpreter puts back while it ends, would end the process with another exit code."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
