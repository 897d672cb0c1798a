"""The double of Triton is as strict as the real server: both are asked the same."""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import grpc
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from test.color_bundle import SIZE
from test.triton_double import TritonDouble
from test.triton_repository import MAX_BATCH, NAME, write_repository
from test.triton_server import TritonServer, needs_triton
from trt_inference.bundles.bundle import load_bundle

pytestmark = needs_triton

SECONDS = 60.0

Stub = Any
Pair = Tuple[Stub, Stub]


def stub_of(url: str) -> Stub:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    return service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(url, options=options))


@pytest.fixture(scope="module")
def servers(
    shared_color_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tuple[TritonServer, TritonDouble]]:
    sha256 = load_bundle(shared_color_bundle).manifest_sha256
    repository = write_repository(tmp_path_factory.mktemp("repository"), sha256, versions=(1, 2))
    options = ("--model-control-mode=explicit", f"--load-model={NAME}")
    with TritonServer(repository, *options) as real:
        with TritonDouble(shared_color_bundle, name=NAME, max_batch=MAX_BATCH) as double:
            double.add(shared_color_bundle, 2)
            yield real, double


@pytest.fixture(scope="module")
def pair(servers: Tuple[TritonServer, TritonDouble]) -> Pair:
    real, double = servers
    return stub_of(real.url), stub_of(double.url)


def asked(stub: Stub, method: str, fields: Dict[str, Any]) -> Any:
    """The answer, or code and text of the refusal. What Triton appends to a text is left out."""
    request = getattr(service_pb2, f"{method}Request")(**fields)
    try:
        return getattr(stub, method)(request, timeout=SECONDS)
    except grpc.RpcError as error:
        return error.code().name, error.details().partition(" NOTE")[0]


def both(pair: Pair, method: str, **fields: Any) -> List[Any]:
    return [asked(stub, method, fields) for stub in pair]


def inference(**changes: Any) -> Dict[str, Any]:
    """The fields of a request that is right, but for ``changes``."""
    count = changes.pop("count", 1)
    tensor = {"name": "image", "datatype": "UINT8", "shape": [count, SIZE, SIZE, 3]}
    tensor.update({key: changes.pop(key) for key in list(changes) if key in tensor})
    return {
        "model_name": NAME,
        "model_version": "1",
        "inputs": [service_pb2.ModelInferRequest.InferInputTensor(**tensor)],
        "raw_input_contents": [bytes(count * SIZE * SIZE * 3)],
        **changes,
    }


def output(name: str) -> Any:
    return service_pb2.ModelInferRequest.InferRequestedOutputTensor(name=name)


@pytest.mark.parametrize("name", [NAME, "other"])
@pytest.mark.parametrize("version", ["", "1", "2", "7"])
@pytest.mark.parametrize("method", ["ModelMetadata", "ModelReady"])
def test_both_tell_the_same_of_a_model(pair: Pair, method: str, name: str, version: str) -> None:
    real, double = both(pair, method, name=name, version=version)
    assert double == real


@pytest.mark.parametrize("version", ["", "1", "2", "7", "x"])
def test_both_tell_the_same_configuration(pair: Pair, version: str) -> None:
    real, double = both(pair, "ModelConfig", name=NAME, version=version)
    if isinstance(real, tuple):
        assert double == real
        return
    for answer in (real, double):
        assert answer.config.name == NAME
    assert double.config.max_batch_size == real.config.max_batch_size
    assert dict(double.config.parameters) == dict(real.config.parameters)
    for side in ("input", "output"):
        assert list(getattr(double.config, side)) == list(getattr(real.config, side))


@pytest.mark.parametrize(
    "fields",
    [
        inference(),
        inference(count=MAX_BATCH),
        inference(model_version=""),
        inference(outputs=[output("scores"), output("boxes")]),
        inference(id="7"),
    ],
)
def test_both_answer_with_the_same_tensors(pair: Pair, fields: Dict[str, Any]) -> None:
    real, double = (asked(stub, "ModelInfer", fields) for stub in pair)
    assert (double.model_name, double.model_version) == (real.model_name, real.model_version)
    assert double.id == real.id

    def tensors(answer: Any) -> Any:
        return sorted(
            (told.name, told.datatype, tuple(told.shape), len(raw))
            for told, raw in zip(answer.outputs, answer.raw_output_contents)
        )

    assert tensors(double) == tensors(real)


@pytest.mark.parametrize(
    "fields",
    [
        inference(model_name="other"),
        inference(model_version="7"),
        inference(count=MAX_BATCH + 1),
        inference(shape=[1, SIZE, SIZE + 1, 3]),
        inference(shape=[1, SIZE, SIZE]),
        inference(shape=[SIZE, SIZE, 3]),
        inference(shape=[0, SIZE, SIZE, 3], raw_input_contents=[b""]),
        inference(datatype="FP32"),
        inference(name="picture"),
        inference(outputs=[output("more")]),
        inference(raw_input_contents=[b"12345"]),
        inference(raw_input_contents=[]),
        inference(inputs=[], raw_input_contents=[]),
    ],
)
def test_both_refuse_the_same_in_the_same_words(pair: Pair, fields: Dict[str, Any]) -> None:
    real, double = (asked(stub, "ModelInfer", fields) for stub in pair)
    assert isinstance(real, tuple)
    assert double == real


def test_both_count_the_same(pair: Pair) -> None:
    def counted(stub: Stub) -> Tuple[int, int, int]:
        told = asked(stub, "ModelStatistics", {"name": NAME, "version": "2"}).model_stats[0]
        assert (told.name, told.version) == (NAME, "2")
        return (told.inference_count, told.execution_count, told.inference_stats.success.count)

    before = [counted(stub) for stub in pair]
    for count in (1, 3):
        for stub in pair:
            asked(stub, "ModelInfer", inference(count=count, model_version="2"))
    after = [counted(stub) for stub in pair]
    real, double = (
        tuple(later - earlier for later, earlier in zip(*one)) for one in zip(after, before)
    )
    assert double == real == (4, 2, 2)


@pytest.mark.parametrize("name", [NAME, "other"])
def test_both_refuse_statistics_in_the_same_words(pair: Pair, name: str) -> None:
    real, double = both(pair, "ModelStatistics", name=name, version="7")
    assert double == real


def test_both_tell_the_same_of_what_was_unloaded(
    servers: Tuple[TritonServer, TritonDouble], pair: Pair
) -> None:
    """The last test: it leaves them so."""
    asked(pair[0], "RepositoryModelUnload", {"model_name": NAME})
    for version in (1, 2):
        servers[1].unload(version)
    for method, fields in (
        ("ModelInfer", inference()),
        ("ModelInfer", inference(model_version="")),
        ("ModelMetadata", {"name": NAME}),
        ("ModelMetadata", {"name": NAME, "version": "1"}),
        ("ModelConfig", {"name": NAME}),
        ("ModelConfig", {"name": NAME, "version": "1"}),
        ("ModelStatistics", {"name": NAME, "version": "1"}),
        ("ModelReady", {"name": NAME, "version": "1"}),
        ("RepositoryIndex", {"ready": True}),
    ):
        real, double = (asked(stub, method, fields) for stub in pair)
        assert double == real, method
