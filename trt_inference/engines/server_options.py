"""Which server runs a network, and how long it is waited for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

ASKS_A_SERVER = "triton"  # the name of the backend
LOCAL, NONE = "local", "none"
FALLBACKS = (LOCAL, NONE)
DEFAULT_DEADLINE = 0.1  # seconds


@dataclass(frozen=True)
class ServerOptions:
    """A server, as its user gives it. Nothing is checked yet.

    Attributes:
        url: ``host:port`` of its gRPC endpoint.
        model: its name there; empty: the bundle's.
        deadline: seconds from the start of a run to its answer.
        fallback: what answers instead of a server that does not: ``local``, an engine on this
            machine, or ``none``.
        ca_file: PEM with the certificates that the server's is checked by; None: the connection
            is not encrypted.
        certificate_file: PEM with the certificate of this client, for servers that ask for one.
        key_file: PEM with its private key.
    """

    url: str
    model: str = ""
    deadline: float = DEFAULT_DEADLINE
    fallback: str = LOCAL
    ca_file: Optional[Path] = None
    certificate_file: Optional[Path] = None
    key_file: Optional[Path] = None
