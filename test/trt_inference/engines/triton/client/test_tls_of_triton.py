"""Encrypted connections to the real server."""

from pathlib import Path
from typing import Iterator

import pytest

from test.certificates import Authority
from test.triton_repository import write_repository
from test.triton_server import TlsFiles, TritonServer, needs_triton
from test.trt_inference.engines.triton.remote_models import SECONDS, noise, refusal
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.failures import NOT_REACHED
from trt_inference.engines.triton.remote_model import RemoteModel

pytestmark = needs_triton


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    folder, authority = tmp_path_factory.mktemp("tls"), Authority()
    server, client = authority.sign("127.0.0.1"), authority.sign("robot")
    contents = (authority.certificate, *server, *client)
    files = [folder / f"{number}.pem" for number in range(len(contents))]
    for file, content in zip(files, contents):
        file.write_bytes(content)
    return TlsFiles(*files)


@pytest.fixture(scope="module")
def server(
    tls: TlsFiles, shared_color_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TritonServer]:
    """It asks its clients for a certificate."""
    sha256 = load_bundle(shared_color_bundle).manifest_sha256
    repository = write_repository(tmp_path_factory.mktemp("repository"), sha256)
    with TritonServer(repository, tls=tls) as server:
        yield server


def test_a_client_with_a_certificate_is_answered(
    server: TritonServer, tls: TlsFiles, shared_color_bundle: Path
) -> None:
    bundle = load_bundle(shared_color_bundle)
    options = ServerOptions(
        server.url,
        ca_file=tls.ca_file,
        certificate_file=tls.client_certificate_file,
        key_file=tls.client_key_file,
    )
    model = RemoteModel.connect(bundle, options, "fp32", 1, SECONDS)
    try:
        assert model.start(noise(bundle, 1), SECONDS).finish()["scores"].shape == (1, 20)
        model.check(SECONDS)
    finally:
        model.close()


def test_a_client_without_one_is_refused(
    server: TritonServer, tls: TlsFiles, shared_color_bundle: Path
) -> None:
    failure = refusal(shared_color_bundle, server.url, ca_file=tls.ca_file)
    assert failure.kind == NOT_REACHED
    assert "server_certificate_file and server_key_file must be signed by" in str(failure)


def test_a_server_of_another_authority_is_refused(
    server: TritonServer, shared_color_bundle: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(Authority("other").certificate)
    failure = refusal(shared_color_bundle, server.url, ca_file=other)
    assert failure.kind == NOT_REACHED
    assert "is not signed by an authority in server_ca_file" in str(failure)


def test_a_client_that_does_not_encrypt_is_refused(
    server: TritonServer, shared_color_bundle: Path
) -> None:
    failure = refusal(shared_color_bundle, server.url)
    assert failure.kind == NOT_REACHED
    assert "or is encrypted" in str(failure)
