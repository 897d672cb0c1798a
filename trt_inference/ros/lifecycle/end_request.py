"""Whether the process of the node is to end, as signal handlers set it."""


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
