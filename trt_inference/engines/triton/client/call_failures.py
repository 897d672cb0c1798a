"""What a call that failed means: gRPC's status and its text as one of the kinds of failures."""

from typing import Tuple

from trt_inference.engines.triton.failures import (
    BAD_ANSWER,
    NOT_REACHED,
    OTHER_MODEL,
    REFUSED,
    SERVER_ERROR,
    TOO_LATE,
    ServerFailure,
)
from trt_inference.printable import printable, shortened

_BY_CODE = {
    "CANCELLED": NOT_REACHED,
    "DEADLINE_EXCEEDED": TOO_LATE,
    "NOT_FOUND": OTHER_MODEL,
    "PERMISSION_DENIED": REFUSED,
    "RESOURCE_EXHAUSTED": REFUSED,
    "UNAUTHENTICATED": REFUSED,
    "UNAVAILABLE": NOT_REACHED,
}
# Triton's own reasons have the codes of gRPC's: of a full queue and one that does not move, of a
# part of its API that is closed, of a version that is not loaded any more; and gRPC's of an answer
# that is longer than it takes.
_RESTRICTED = "protocol is restricted"
_BY_TEXT: Tuple[Tuple[str, str, str], ...] = (
    ("UNAVAILABLE", "maximum queue size", REFUSED),
    ("UNAVAILABLE", "timeout expired", REFUSED),
    ("UNAVAILABLE", _RESTRICTED, REFUSED),
    ("UNAVAILABLE", "is not at ready state", OTHER_MODEL),
    ("UNAVAILABLE", "unknown model", OTHER_MODEL),
    ("RESOURCE_EXHAUSTED", "message larger than max", BAD_ANSWER),
)
# What gRPC, since about 1.50, writes of a handshake that has failed, and what to look at then.
_HANDSHAKES: Tuple[Tuple[str, str], ...] = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        "the server's certificate is not signed by an authority in server_ca_file, or has expired",
    ),
    *(
        (text, "the server's certificate is for another name: connect by a name that is in it")
        for text in ("Hostname Verification Check failed", "is not in peer certificate")
    ),
    (
        "WRONG_VERSION_NUMBER",
        "the server does not encrypt: start it with --grpc-use-ssl=1, or give no server_ca_file",
    ),
)
# What a server that does not take what the client begins with leads to.
_BROKEN_OFF = ("Socket closed", "reset by peer", "Broken pipe", "HTTP/2")
_NO_CONNECTION = "failed to connect"
_HINT_IF_ENCRYPTED = (
    "TLS failed: server_certificate_file and server_key_file must be signed by the server's "
    "authority if it asks for them, and server_ca_file must be that of the server"
)
_HINT_IF_RESTRICTED = (
    "take metadata, model-config, statistics and inference out of its --grpc-restricted-protocol"
)
_HINT_OTHERWISE = (
    "what listens there is no gRPC, or is encrypted: give Triton's port for gRPC, 8001 by default, "
    "and server_ca_file if it encrypts"
)


def failure_of(code: str, details: str, target: str, is_encrypted: bool = False) -> ServerFailure:
    """
    Args:
        code: of gRPC's status, as ``UNAVAILABLE``.
        details: the text of the status; foreign.
        target: the server and what was asked of it, for the message.
        is_encrypted: whether the connection is.
    """
    kind = _BY_CODE.get(code, SERVER_ERROR)
    for other, text, special in _BY_TEXT:
        if code == other and text in details:
            kind = special
    hint = _hint_of_connection(details, is_encrypted) if kind == NOT_REACHED else ""
    if kind == REFUSED and _RESTRICTED in details:
        hint = _HINT_IF_RESTRICTED
    reasons = filter(None, (hint, printable(shortened(details))))
    return ServerFailure(": ".join((target, kind, *reasons)), kind)


def _hint_of_connection(details: str, is_encrypted: bool) -> str:
    for text, hint in _HANDSHAKES:
        if text in details:
            return hint
    if _NO_CONNECTION in details and any(text in details for text in _BROKEN_OFF):
        return _HINT_IF_ENCRYPTED if is_encrypted else _HINT_OTHERWISE
    return ""
