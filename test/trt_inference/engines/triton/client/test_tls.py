"""Connections that are encrypted, those that fail, and what is told of them."""

import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

import pytest

from test.certificates import Authority, Signed, encrypted
from test.triton_double import Credentials, TritonDouble
from test.trt_inference.engines.triton.remote_models import (
    SECONDS,
    connected,
    local_results,
    noise,
    refusal,
)
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.client.tls_files import read_tls_files
from trt_inference.engines.triton.failures import NOT_REACHED
from trt_inference.errors import EngineError


class Files(NamedTuple):
    """An authority with a server and a client that it has signed, and files in a folder."""

    folder: Path
    authority: Authority
    server: Signed
    client: Signed

    def write(self, name: str, content: bytes) -> Path:
        file = self.folder / name
        file.write_bytes(content)
        return file

    def credentials(
        self, server: Optional[Signed] = None, client_ca: Optional[bytes] = None
    ) -> Credentials:
        used = server or self.server
        return Credentials(used.key, used.certificate, client_ca)

    @property
    def ca_file(self) -> Path:
        return self.write("ca.pem", self.authority.certificate)

    def pair(self, signed: Optional[Signed] = None) -> Dict[str, Path]:
        used = signed or self.client
        return {
            "certificate_file": self.write("client.pem", used.certificate),
            "key_file": self.write("client.key", used.key),
        }


@pytest.fixture
def files(tmp_path: Path) -> Files:
    authority = Authority()
    return Files(tmp_path, authority, authority.sign("localhost"), authority.sign("robot"))


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_results_come_over_a_connection_that_is_encrypted(
    files: Files, shared_color_bundle: Path
) -> None:
    bundle = load_bundle(shared_color_bundle)
    images = noise(bundle, 1)
    with TritonDouble(bundle, credentials=files.credentials()) as double:
        with connected(double, bundle, ca_file=files.ca_file) as model:
            found = model.start(images, SECONDS).finish()
    assert (found["scores"] == local_results(bundle, images)["scores"]).all()


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("is_encrypted", [False, True])
def test_a_server_may_have_an_address_of_ipv6(
    files: Files, shared_color_bundle: Path, is_encrypted: bool
) -> None:
    credentials = files.credentials(files.authority.sign("::1")) if is_encrypted else None
    options = {"ca_file": files.ca_file} if is_encrypted else {}
    with TritonDouble(shared_color_bundle, credentials=credentials, address="[::1]") as double:
        assert double.url.startswith("[::1]:")
        with connected(double, shared_color_bundle, **options) as model:
            model.check(SECONDS)


def test_an_authority_may_have_a_comment_in_any_language(
    files: Files, shared_color_bundle: Path
) -> None:
    content = "# Tarihinde Kayıtlı\n".encode() + files.authority.certificate
    with TritonDouble(shared_color_bundle, credentials=files.credentials()) as double:
        commented = files.write("commented.pem", content)
        with connected(double, shared_color_bundle, ca_file=commented) as model:
            model.check(SECONDS)


def test_a_server_that_asks_for_a_certificate_gets_it(
    files: Files, shared_color_bundle: Path
) -> None:
    credentials = files.credentials(client_ca=files.authority.certificate)
    with TritonDouble(shared_color_bundle, credentials=credentials) as double:
        with connected(double, shared_color_bundle, ca_file=files.ca_file, **files.pair()) as model:
            model.check(SECONDS)


def refusal_of(
    files: Files, bundle: Path, credentials: Optional[Credentials], **options: Any
) -> str:
    with TritonDouble(bundle, credentials=credentials) as double:
        failure = refusal(bundle, double.url, **options)
    assert failure.kind == NOT_REACHED
    return str(failure)


def test_a_server_of_another_authority_is_refused(files: Files, shared_color_bundle: Path) -> None:
    other = files.write("other.pem", Authority("other").certificate)
    message = refusal_of(files, shared_color_bundle, files.credentials(), ca_file=other)
    assert "the server's certificate is not signed by an authority in server_ca_file" in message


def test_a_server_with_the_certificate_of_another_host_is_refused(
    files: Files, shared_color_bundle: Path
) -> None:
    credentials = files.credentials(files.authority.sign("another-server"))
    message = refusal_of(files, shared_color_bundle, credentials, ca_file=files.ca_file)
    assert "the server's certificate is for another name: connect by a name" in message


def test_a_certificate_that_has_expired_is_refused(files: Files, shared_color_bundle: Path) -> None:
    credentials = files.credentials(files.authority.sign("localhost", age=timedelta(days=30)))
    message = refusal_of(files, shared_color_bundle, credentials, ca_file=files.ca_file)
    assert "or has expired" in message
    assert "certificate has expired" in message  # gRPC's own words


def test_a_server_that_does_not_encrypt_is_refused(files: Files, shared_color_bundle: Path) -> None:
    message = refusal_of(files, shared_color_bundle, None, ca_file=files.ca_file)
    assert "the server does not encrypt: start it with --grpc-use-ssl=1" in message


def test_a_server_that_encrypts_is_named_to_a_client_that_does_not(
    files: Files, shared_color_bundle: Path
) -> None:
    message = refusal_of(files, shared_color_bundle, files.credentials())
    assert "or is encrypted" in message
    assert "server_ca_file" in message


@pytest.mark.parametrize("signed_by", ["nobody", "another"])
def test_a_client_that_the_server_does_not_know_is_refused(
    files: Files, shared_color_bundle: Path, signed_by: str
) -> None:
    credentials = files.credentials(client_ca=files.authority.certificate)
    own = {} if signed_by == "nobody" else files.pair(Authority("another").sign("robot"))
    message = refusal_of(files, shared_color_bundle, credentials, ca_file=files.ca_file, **own)
    assert "server_certificate_file and server_key_file must be signed by" in message


def refusal_of_files(**options: Any) -> str:
    with pytest.raises(EngineError) as caught:
        read_tls_files(ServerOptions("localhost:1", **options))
    return str(caught.value)


@pytest.mark.parametrize("option", ["ca_file", "certificate_file", "key_file"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\x00\xff" * 200, "PEM"),
        (b"secret" * 100, "PEM"),
        (b"-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n", "PEM"),
    ],
)
def test_a_file_that_is_no_pem_is_named(
    files: Files, option: str, content: Optional[bytes], reason: str
) -> None:
    damaged = files.folder / "damaged.pem"
    if content is not None:
        damaged.write_bytes(content)
    options = {"ca_file": files.ca_file, **files.pair(), option: damaged}
    message = refusal_of_files(**options)
    assert str(damaged) in message
    assert f"server_{option}" in message
    assert reason in message
    assert "secret" not in message


def test_a_folder_and_what_would_wait_are_refused(files: Files) -> None:
    fifo = files.folder / "fifo"
    os.mkfifo(str(fifo))
    for path in (files.folder, fifo):
        assert f"'{path}' is no PEM file" in refusal_of_files(ca_file=path)


def test_a_file_with_a_key_is_no_authority(files: Files) -> None:
    key = files.write("key.pem", files.server.key)
    message = refusal_of_files(ca_file=key)
    assert f"server_ca_file '{key}' has no certificates in PEM" in message


@pytest.mark.parametrize("given", ["certificate", "key"])
def test_a_certificate_needs_its_key(files: Files, given: str) -> None:
    other = {"certificate": "key", "key": "certificate"}[given]
    options = {f"{given}_file": files.pair()[f"{given}_file"]}
    message = refusal_of_files(ca_file=files.ca_file, **options)
    assert f"server_{given}_file is given without server_{other}_file" in message


def test_a_certificate_of_the_client_needs_an_authority(files: Files) -> None:
    assert "is given without server_ca_file" in refusal_of_files(**files.pair())


def test_the_key_of_another_certificate_is_refused(files: Files) -> None:
    pair = files.pair(Signed(files.client.certificate, files.server.key))
    message = refusal_of_files(ca_file=files.ca_file, **pair)
    assert "are not a certificate and its private key" in message
    assert str(pair["key_file"]) in message


def test_a_key_with_a_password_is_refused_without_a_question(files: Files) -> None:
    pair = files.pair(Signed(files.client.certificate, encrypted(files.client.key, b"secret")))
    message = refusal_of_files(ca_file=files.ca_file, **pair)
    assert f"server_key_file '{pair['key_file']}' has a password" in message


def test_what_is_read_is_not_shown(files: Files) -> None:
    contents = read_tls_files(ServerOptions("", ca_file=files.ca_file, **files.pair()))
    assert contents is not None
    assert contents.key == files.client.key
    assert "PRIVATE KEY" not in repr(contents)
    assert "PRIVATE KEY" not in f"{contents}"


_CONNECTS = """
import sys
from pathlib import Path
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.remote_model import RemoteModel
from trt_inference.errors import EngineError

bundle, url, ca_file = sys.argv[1:]
try:
    RemoteModel.connect(load_bundle(bundle), ServerOptions(url, ca_file=Path(ca_file)), "", 1, 60)
except EngineError as error:
    print(error.kind)
"""


def test_grpc_writes_nothing_beside_the_log(files: Files, shared_color_bundle: Path) -> None:
    """A robot tries again once a second."""
    other = files.write("other.pem", Authority("other").certificate)
    environment = {name: text for name, text in os.environ.items() if name != "GRPC_VERBOSITY"}
    with TritonDouble(shared_color_bundle, credentials=files.credentials()) as double:
        ended = subprocess.run(
            [sys.executable, "-c", _CONNECTS, str(shared_color_bundle), double.url, str(other)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=120,
            check=True,
        )
    assert ended.stdout.decode() == f"{NOT_REACHED}\n"
    assert ended.stderr.decode() == ""


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_a_server_that_hangs_is_waited_for_until_the_end_of_patience(
    files: Files, shared_color_bundle: Path, is_encrypted: bool
) -> None:
    """As one that is stopped: the kernel takes the connection, and nobody answers."""
    options = {"ca_file": files.ca_file} if is_encrypted else {}
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"127.0.0.1:{listener.getsockname()[1]}"
        message = str(refusal(shared_color_bundle, url, timeout=0.5, **options))
    assert url in message
    assert "no gRPC" not in message  # nobody knows
