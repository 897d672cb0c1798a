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
# version that is not loaded any more; and gRPC's of an answer that is longer than it takes.
_BY_TEXT: Tuple[Tuple[str, str, str], ...] = (
    ("UNAVAILABLE", "maximum queue size", REFUSED),
    ("UNAVAILABLE", "timeout expired", REFUSED),
    ("UNAVAILABLE", "is not at ready state", OTHER_MODEL),
    ("UNAVAILABLE", "unknown model", OTHER_MODEL),
    ("RESOURCE_EXHAUSTED", "message larger than max", BAD_ANSWER),
)
# What gRPC writes of handshakes, and what to look at then.
_HANDSHAKES = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        "the server's certificate is not signed by the authority in server_ca_file, or not valid",
    ),
    (
        "is not in peer certificate",
        "the server's certificate is for another name: connect by a name that is in it",
    ),
    (
        "WRONG_VERSION_NUMBER",
        "the server does not encrypt: start it with --grpc-use-ssl=1, or leave out server_ca_file",
    ),
    (
        "CERTIFICATE_REQUIRED",
        "the server asks for a certificate: give server_certificate_file and server_key_file",
    ),
    (
        "Ssl handshake failed",
        "TLS failed: compare server_ca_file and the certificates with those of the server",
    ),
)


def failure_of(code: str, details: str, target: str) -> ServerFailure:
    """
    Args:
        code: of gRPC's status, as ``UNAVAILABLE``.
        details: the text of the status; foreign.
        target: the server and what was asked of it, for the message.
    """
    kind = _BY_CODE.get(code, SERVER_ERROR)
    for other, text, special in _BY_TEXT:
        if code == other and text in details:
            kind = special
    hint = next((hint for text, hint in _HANDSHAKES if text in details), "")
    shown = printable(shortened(details)) or code
    reason = f"{hint} ({shown})" if kind == NOT_REACHED and hint else shown
    return ServerFailure(f"{target}: {kind}: {reason}", kind)
