"""A robot whose connection may break: what is done there is tried again."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from converter.deployment.ssh_connection import ConnectionLost, SshConnection

_Value = TypeVar("_Value")
_WAITS = (1, 2, 5, 10, 20)  # seconds before each further try


class Robot:
    """Connects to a robot, and again where the connection broke."""

    def __init__(self, login: str, ssh: Sequence[str], on_lost: Callable[[str, int], None]) -> None:
        """
        Args:
            on_lost: called with what happened and the seconds until the next try.
        """
        self.login = login
        self._ssh, self._on_lost = ssh, on_lost
        self._connection: SshConnection | None = None

    def __enter__(self) -> "Robot":
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def connection(self) -> SshConnection:
        """The connection, made anew if it is known to be broken.

        Raises:
            ConnectionLost: the robot does not answer.
            DeployError: it refuses.
        """
        if self._connection is not None and not self._connection.is_alive:
            self._close()
        if self._connection is None:
            self._connection = SshConnection(self.login, self._ssh)
        return self._connection

    def attempt(
        self, step: Callable[[SshConnection], _Value], achieved: Callable[[], int]
    ) -> _Value:
        """Do a step, again where the connection breaks, until that happens several times in a row
        in which nothing was achieved.

        Args:
            step: goes on where it ended, each time that it is called.
            achieved: a number that grows as long as something is.

        Raises:
            ConnectionLost: it does not come back.
        """
        tries, before = 0, achieved()
        while True:
            try:
                return step(self.connection())
            except ConnectionLost as lost:
                self._close()
                if achieved() > before:
                    tries, before = 0, achieved()
                if tries == len(_WAITS):
                    raise
                self._on_lost(str(lost), _WAITS[tries])
            time.sleep(_WAITS[tries])
            tries += 1

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
