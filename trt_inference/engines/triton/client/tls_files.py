"""Read the files of TLS, and find what is wrong with them before gRPC has them: it does not tell.

No message has any of their content.
"""

import os
import ssl
import stat
from pathlib import Path
from typing import NamedTuple, Optional

from trt_inference.engines.server_options import ServerOptions
from trt_inference.errors import EngineError
from trt_inference.printable import printable, printable_name, shortened

_LARGEST = 4 << 20  # bytes; all certificate authorities of a system are 0.2 MB


class TlsContents(NamedTuple):
    """The content of the files. Never shown.

    Attributes:
        ca: certificates that the server's is checked by.
        certificate: of this client; None, with the key, where the server asks for none.
        key: its private key.
    """

    ca: bytes
    certificate: Optional[bytes]
    key: Optional[bytes]

    def __repr__(self) -> str:
        return "TlsContents"


def read_tls_files(server: ServerOptions) -> Optional[TlsContents]:
    """None for a connection that is not encrypted.

    Raises:
        EngineError: a file is missing, unreadable, or has not what it should, or one is given
            without the other that belongs to it.
    """
    ca, certificate, key = server.ca_file, server.certificate_file, server.key_file
    if (certificate is None) != (key is None):
        given, lacks = "certificate", "key"
        if certificate is None:
            given, lacks = lacks, given
        raise EngineError(f"server_{given}_file is given without server_{lacks}_file: give both")
    if ca is None:
        if certificate is not None:
            raise EngineError(
                "server_certificate_file is given without server_ca_file, which TLS needs to check "
                "the server: give the certificate of the authority that signed the server's"
            )
        return None
    authority = _read(ca, "server_ca_file")
    _check_authority(ca, authority)
    if certificate is None or key is None:
        return TlsContents(authority, None, None)
    contents = TlsContents(
        authority, _read(certificate, "server_certificate_file"), _read(key, "server_key_file")
    )
    _check_pair(certificate, key, contents)
    return contents


def _read(file: Path, parameter: str) -> bytes:
    shown = f"{parameter} '{printable_name(file)}'"
    try:
        # Without waiting: a FIFO would not return.
        descriptor = os.open(str(file), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise EngineError(
            f"{shown} cannot be read: {reason}. Give the path of a PEM file that this process may "
            "read"
        ) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            raise EngineError(f"{shown} is no PEM file: it is no regular file, or too large")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            content = stream.read(_LARGEST)
    finally:
        os.close(descriptor)
    if not content.strip():
        raise EngineError(f"{shown} is empty: it must be a PEM file")
    return content


def _check_authority(file: Path, content: bytes) -> None:
    try:
        # Names of authorities beside their certificates are often not ASCII.
        _new_context().load_verify_locations(cadata=content.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError) as error:
        raise EngineError(
            f"server_ca_file '{printable_name(file)}' has no certificates in PEM: "
            f"{_shown(error)}. It begins with -----BEGIN CERTIFICATE-----"
        ) from None


def _check_pair(certificate: Path, key: Path, contents: TlsContents) -> None:
    if b"ENCRYPTED" in (contents.key or b""):
        raise EngineError(
            f"server_key_file '{printable_name(key)}' has a password, and gRPC takes none: store "
            "it without one, readable to this user alone"
        )
    try:
        _new_context().load_cert_chain(str(certificate), str(key), password=_no_password)
    except (OSError, ValueError) as error:
        raise EngineError(
            f"server_certificate_file '{printable_name(certificate)}' and server_key_file "
            f"'{printable_name(key)}' are not a certificate and its private key, both in PEM: "
            f"{_shown(error)}"
        ) from None


def _no_password() -> bytes:
    """OpenSSL would ask at the terminal otherwise."""
    return b"-"


def _new_context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _shown(error: Exception) -> str:
    return printable(shortened(str(error)))
