"""Certificates for tests of TLS, made when they are asked for."""

import datetime
import ipaddress
from typing import List, NamedTuple

import pytest

pytest.importorskip("cryptography", reason="needs cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)


class Signed(NamedTuple):
    """A certificate and its private key, in PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates. ``certificate`` is its own, in PEM."""

    def __init__(self, name: str = "authority of the tests") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        usage = x509.BasicConstraints(ca=True, path_length=0)
        builder = _builder(self._name, self._name, self._key.public_key())
        made = builder.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.certificate = made.public_bytes(serialization.Encoding.PEM)

    def sign(self, *names: str, age: datetime.timedelta = _DAY) -> Signed:
        """A certificate for hosts, by names and addresses.

        Args:
            age: since when it is valid; it is for ten days.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(names[0]), self._name, key.public_key(), age)
        builder = builder.add_extension(x509.SubjectAlternativeName(_hosts(names)), critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        return Signed(made.public_bytes(serialization.Encoding.PEM), _pem(key))


def encrypted(key: bytes, password: bytes) -> bytes:
    """A private key behind a password."""
    loaded = serialization.load_pem_private_key(key, None)
    return loaded.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    age: datetime.timedelta = _DAY,
) -> x509.CertificateBuilder:
    begin = datetime.datetime.now(datetime.timezone.utc) - age
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + 10 * _DAY)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _hosts(names: "tuple[str, ...]") -> List[x509.GeneralName]:
    found: List[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
