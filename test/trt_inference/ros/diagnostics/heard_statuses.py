"""The statuses of a node, as a listener hears them."""

from typing import Dict, List, Optional

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from test.trt_inference.ros.client import TIMEOUT, Client


class Diagnostics:
    """All statuses of the node and of its cameras, by what follows the node's name."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ours = f"{client.get_namespace()}/detector: "
        self._seen: Dict[str, List[DiagnosticStatus]] = {}
        client.create_subscription(DiagnosticArray, "/diagnostics", self._take, 10)

    def wait_for(self, level: Optional[bytes], text: str, name: str = "detector") -> Dict[str, str]:
        """The values of the first status of this level (None: of any) with this text in it, after
        the one that was waited for before."""
        found: List[DiagnosticStatus] = []

        def holds() -> bool:
            seen = self._seen.get(name, [])
            while seen and not found:
                status = seen.pop(0)
                if level in (None, status.level) and text in status.message:
                    found.append(status)
            return bool(found)

        assert self._client.spin(TIMEOUT, until=holds)
        return {pair.key: pair.value for pair in found[0].values}

    def _take(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith(self._ours):
                self._seen.setdefault(status.name[len(self._ours) :], []).append(status)
