"""A double of Triton: a real gRPC server with Triton's service, in the process of the test.

It answers bundles by ONNX Runtime. It is as strict as the real one (2.51): it refuses what that
refuses, with the same codes. And it is faulty on demand: what ``faults`` has is looked at when a
request arrives, so that a test may change it while a client runs.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Optional, Tuple, Union

import grpc
import numpy as np
import onnxruntime
from tritonclient.grpc import model_config_pb2, service_pb2, service_pb2_grpc

from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.engines.triton.model_parameters import ServedBundle, parameters_of

TRITON_VERSION = "2.51.0"
WORKERS = 16  # threads; as many requests are worked on at a time
_TRITON_DTYPES = {"uint8": "UINT8", "int32": "INT32", "float32": "FP32"}
_METHODS = (
    *("ServerLive", "ServerReady", "ServerMetadata", "ModelReady", "ModelMetadata", "ModelConfig"),
    *("ModelStatistics", "ModelInfer", "RepositoryIndex"),
)

Response = Any  # service_pb2.ModelInferResponse
Error = Tuple[grpc.StatusCode, str]


class Credentials(NamedTuple):
    """PEM of a server's TLS; with ``client_ca`` it asks clients for a certificate."""

    key: bytes
    certificate: bytes
    client_ca: Optional[bytes] = None


class Received(NamedTuple):
    """A request as it arrived.

    Attributes:
        version: of the model, as it was asked for.
        images: uint8 ``[count, height, width, 3]``.
        parameters: names of all parameters.
        remaining: seconds until gRPC's deadline.
        peer: address of the client, by which connections can be told apart.
    """

    version: str
    images: np.ndarray
    parameters: Tuple[str, ...]
    remaining: Optional[float]
    peer: str


@dataclass
class Faults:
    """What goes wrong. Each applies to every request until it is taken back.

    Attributes:
        delay: seconds before an answer.
        never: no answer, until the client gives up or the double is stopped.
        error: refuse inference with this code and text.
        change: changes an answer in place.
        replace: gives a message or bytes instead of an answer.
        change_any, replace_any: the same for the answers of all other methods, with their name;
            None leaves an answer as it is.
        first: only so many requests are concerned; None: all.
    """

    delay: float = 0.0
    never: bool = False
    error: Optional[Error] = None
    change: Optional[Callable[[Response], object]] = None
    replace: Optional[Callable[[Response], Union[Response, bytes]]] = None
    change_any: Optional[Callable[[str, Any], object]] = None
    replace_any: Optional[Callable[[str, Any], Union[Any, bytes, None]]] = None
    first: Optional[int] = None


@dataclass
class Version:
    """One version of the model that the double serves."""

    number: int
    bundle: Bundle
    precision: str
    session: onnxruntime.InferenceSession
    is_ready: bool = True
    sha256: str = ""  # of the bundle, as its parameters tell
    requests: int = 0
    images: int = 0
    nanoseconds: int = 0


class TritonDouble:
    """Serves one model, ``name``, in any number of versions. Use it as a context."""

    def __init__(
        self,
        bundle: Union[Path, Bundle],
        name: str = "",
        precision: str = "fp32",
        max_batch: int = 8,
        credentials: Optional[Credentials] = None,
        address: str = "127.0.0.1",
    ) -> None:
        """Starts with version 1; the bundle's ``precision`` is what runs.

        Args:
            max_batch: 0 as for a network that takes one image at a time.
            name: of the model; empty: the bundle's.
            credentials: for TLS.
            address: that it listens on.
        """
        self._address = address
        self.faults = Faults()
        self.received: List[Received] = []
        self.max_batch = max_batch
        self.given_up = 0
        """How many requests were cancelled by their clients while a fault held them up."""
        self.asked: List[str] = []
        """The methods that were called, in their order."""
        self._credentials = credentials
        self._versions: Dict[int, Version] = {}
        self._lock = threading.Lock()
        self._server: Any = None
        self._stopping = threading.Event()
        self._port = 0
        first = self.add(bundle, 1, precision)
        self.name = name or first.bundle.name

    def add(self, bundle: Union[Path, Bundle], version: int, precision: str = "fp32") -> Version:
        """Serve one more version, or another model by the number of an earlier one."""
        loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            str(loaded.model_file(precision)), options, providers=["CPUExecutionProvider"]
        )
        added = Version(version, loaded, precision, session, sha256=loaded.manifest_sha256)
        self._versions[version] = added
        return added

    def unload(self, version: int) -> None:
        """Answer for a version that it is not ready, as for one that the policy has unloaded."""
        self._versions[version].is_ready = False

    def version(self, number: int) -> Version:
        """A version, to change what is told of it."""
        return self._versions[number]

    @property
    def url(self) -> str:
        """``host:port``, the same after a restart."""
        host = "localhost" if self._address == "127.0.0.1" else self._address
        return f"{host}:{self._port}"

    def start(self) -> None:
        """Listen on a free port; after ``stop`` on the same one as before."""
        self._stopping.clear()
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)]
        options.append(("grpc.max_send_message_length", -1))
        server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=options)
        server.add_generic_rpc_handlers((self._handler(),))
        address, credentials = f"{self._address}:{self._port}", self._credentials
        if credentials is None:
            self._port = server.add_insecure_port(address)
        else:
            self._port = server.add_secure_port(address, _server_credentials(credentials))
        server.start()
        self._server = server

    def stop(self) -> None:
        """End as a process that is killed: connections are closed, and then refused."""
        # In this order: no call is answered because of it. With 0 in the place of None, gRPC would
        # end the calls on a thread of its own, a little later.
        if self._server is not None:
            self._server.stop(None).wait()
        self._stopping.set()
        self._server = None

    def __enter__(self) -> "TritonDouble":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _handler(self) -> grpc.GenericRpcHandler:
        service = _Service(self)
        handlers = {}
        for method in _METHODS:
            handlers[method] = grpc.unary_unary_rpc_method_handler(
                service.observed(method),
                request_deserializer=getattr(service_pb2, f"{method}Request").FromString,
                response_serializer=_serialised,
            )
        return grpc.method_handlers_generic_handler("inference.GRPCInferenceService", handlers)

    def take_request(self) -> bool:
        """Whether the faults concern the request that has just arrived."""
        with self._lock:
            if self.faults.first is None:
                return True
            self.faults.first -= 1
            return self.faults.first >= 0

    def wait_until_over(self, context: grpc.ServicerContext, seconds: Optional[float]) -> None:
        """Wait so long, or for ever with None, or until the client or the double ends it."""
        over = threading.Event()
        if not context.add_callback(over.set):
            return
        until = None if seconds is None else time.monotonic() + seconds
        while not over.is_set() and not self._stopping.is_set():
            if until is not None and time.monotonic() >= until:
                return
            over.wait(0.01)

    def find(self, name: str, version: str, context: grpc.ServicerContext) -> Version:
        """The version that is asked for, the newest for none; aborts as Triton does."""
        text = f"Request for unknown model: '{name}'"
        if name != self.name:
            _abort(context, grpc.StatusCode.NOT_FOUND, f"{text} is not found")
        if not version:
            ready = [one for one in self.versions() if one.is_ready]
            if not ready:
                _abort(context, grpc.StatusCode.NOT_FOUND, f"{text} has no available versions")
            return ready[-1]
        if not version.isdecimal():
            text = (
                f"failed to get model version from specified version string '{version}' (details: "
                "stol), version should be an integral value > 0"
            )
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, text)
        found = self._versions.get(int(version))
        if found is None:
            _abort(context, grpc.StatusCode.NOT_FOUND, f"{text} version {version} is not found")
        if not found.is_ready:
            text = f"{text} version {version} is not at ready state"
            _abort(context, grpc.StatusCode.UNAVAILABLE, text)
        return found

    def versions(self) -> List[Version]:
        """All, in their order."""
        return [self._versions[number] for number in sorted(self._versions)]


class _Service(service_pb2_grpc.GRPCInferenceServiceServicer):
    """The answers of Triton."""

    def __init__(self, double: TritonDouble) -> None:
        self._double = double

    def observed(self, method: str) -> Callable[[Any, grpc.ServicerContext], object]:
        """A method with the faults of all but inference, which has its own."""

        def answer(request: Any, context: grpc.ServicerContext) -> object:
            self._double.asked.append(method)
            found = getattr(self, method)(request, context)
            faults = self._double.faults
            if method == "ModelInfer":
                return found
            if faults.change_any is not None:
                faults.change_any(method, found)
            other = faults.replace_any(method, found) if faults.replace_any is not None else None
            return found if other is None else other

        return answer

    def ServerLive(self, request: Any, context: Any) -> Any:
        return service_pb2.ServerLiveResponse(live=True)

    def ServerReady(self, request: Any, context: Any) -> Any:
        return service_pb2.ServerReadyResponse(ready=True)

    def ServerMetadata(self, request: Any, context: Any) -> Any:
        return service_pb2.ServerMetadataResponse(
            name="triton", version=TRITON_VERSION, extensions=["model_configuration", "statistics"]
        )

    def ModelReady(self, request: Any, context: Any) -> Any:
        found = [one for one in self._double.versions() if request.name == self._double.name]
        asked = [one for one in found if request.version in ("", str(one.number))]
        return service_pb2.ModelReadyResponse(ready=any(one.is_ready for one in asked))

    def ModelMetadata(self, request: Any, context: Any) -> Any:
        version = self._double.find(request.name, request.version, context)
        answer = service_pb2.ModelMetadataResponse(name=self._double.name, platform="python")
        ready = [str(one.number) for one in self._double.versions() if one.is_ready]
        answer.versions.extend([request.version] if request.version else ready)
        for tensor, (name, dtype, shape) in (
            (answer.inputs.add(), _input_of(version.bundle)),
            *((answer.outputs.add(), one) for one in _outputs_of(version.bundle)),
        ):
            tensor.name, tensor.datatype = name, _TRITON_DTYPES[dtype]
            tensor.shape.extend([-1 if self._double.max_batch else 1, *shape])
        return answer

    def ModelConfig(self, request: Any, context: Any) -> Any:
        version = self._double.find(request.name, request.version, context)
        config = model_config_pb2.ModelConfig(
            name=self._double.name, backend="python", max_batch_size=self._double.max_batch
        )
        for tensor, (name, dtype, shape) in (
            (config.input.add(), _input_of(version.bundle)),
            *((config.output.add(), one) for one in _outputs_of(version.bundle)),
        ):
            tensor.name = name
            tensor.data_type = model_config_pb2.DataType.Value(f"TYPE_{_TRITON_DTYPES[dtype]}")
            tensor.dims.extend(shape if self._double.max_batch else (1, *shape))
        told = [
            ServedBundle(one.number, one.sha256, one.precision) for one in self._double.versions()
        ]
        for name, value in parameters_of(told).items():
            config.parameters[name].string_value = value
        return service_pb2.ModelConfigResponse(config=config)

    def ModelStatistics(self, request: Any, context: Any) -> Any:
        version = self._counted(request, context)
        answer = service_pb2.ModelStatisticsResponse()
        told = answer.model_stats.add(name=self._double.name, version=str(version.number))
        told.inference_count, told.execution_count = version.images, version.requests
        told.inference_stats.success.count = version.requests
        told.inference_stats.queue.count = version.requests
        told.inference_stats.queue.ns = 1000 * version.requests
        told.inference_stats.compute_infer.count = version.requests
        told.inference_stats.compute_infer.ns = version.nanoseconds
        return answer

    def _counted(self, request: Any, context: Any) -> Version:
        is_known = request.name == self._double.name
        ready = [one for one in self._double.versions() if one.is_ready and is_known]
        found = [one for one in ready if request.version in ("", str(one.number))]
        if not found:
            what = "model version is not available for model" if ready else "model"
            end = "" if ready else " is not available"
            text = f"requested {what} '{request.name}'{end}"
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, text)
        return found[-1]

    def RepositoryIndex(self, request: Any, context: Any) -> Any:
        answer = service_pb2.RepositoryIndexResponse()
        for one in self._double.versions():
            if one.is_ready or not request.ready:
                state = "READY" if one.is_ready else "UNAVAILABLE"
                answer.models.add(name=self._double.name, version=str(one.number), state=state)
        return answer

    def ModelInfer(self, request: Any, context: Any) -> object:
        double = self._double
        version = double.find(request.model_name, request.model_version, context)
        images = self._images(request, version, context)
        double.received.append(_received(request, images, context))
        is_faulty, faults = double.take_request(), double.faults
        if is_faulty and (faults.never or faults.delay):
            double.wait_until_over(context, None if faults.never else faults.delay)
            double.given_up += not context.is_active()
        if is_faulty and faults.error is not None:
            context.abort(*faults.error)
        answer = self._run(request, version, images)
        if is_faulty and faults.change is not None:
            faults.change(answer)
        return faults.replace(answer) if is_faulty and faults.replace is not None else answer

    def _run(self, request: Any, version: Version, images: np.ndarray) -> Response:
        began = int(time.perf_counter() * 1e9)
        names = [one.name for one in request.outputs] or [
            one.name for one in version.bundle.outputs
        ]
        results = version.session.run(names, {version.bundle.input.name: images})
        answer = service_pb2.ModelInferResponse(
            model_name=self._double.name, model_version=str(version.number), id=request.id
        )
        for name, result in zip(names, results):
            told = answer.outputs.add(name=name, datatype=_TRITON_DTYPES[result.dtype.name])
            told.shape.extend(result.shape)
            answer.raw_output_contents.append(result.tobytes())
        version.requests += 1
        version.images += len(images)
        version.nanoseconds += int(time.perf_counter() * 1e9) - began
        return answer

    def _images(self, request: Any, version: Version, context: Any) -> np.ndarray:
        fault = _find_fault(request, version.bundle, self._double.name, self._double.max_batch)
        if fault:
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, fault)
        content = request.raw_input_contents[0]
        return np.frombuffer(content, np.uint8).reshape(tuple(request.inputs[0].shape))


def _find_fault(request: Any, bundle: Bundle, model: str, max_batch: int) -> str:
    """What Triton checks of a request, in its order and by its words; nothing where all is well."""
    name, dtype, shape = _input_of(bundle)
    known, unknown_id = {one.name for one in bundle.outputs}, "[request id: <id_unknown>] "
    unknown = next((one.name for one in request.outputs if one.name not in known), "")
    if len(request.raw_input_contents) < len(request.inputs):
        lacks = request.inputs[len(request.raw_input_contents)].name
        return f"unable to find data for input tensor '{lacks}' for model '{model}' in request."
    for told in request.inputs:
        if told.name != name:
            return f"unexpected inference input '{told.name}' for model '{model}'"
    if unknown:
        return f"unexpected inference output '{unknown}' for model '{model}'"
    if not request.inputs:
        return (
            f"{unknown_id}expected 1 inputs but got 0 inputs for model '{model}'. Got input(s) [], "
            f"but missing required input(s) ['{name}']. Please provide all required input(s)."
        )
    return _fault_of_input(request, (name, dtype, shape), unknown_id, (model, max_batch))


def _fault_of_input(
    request: Any,
    wanted: Tuple[str, str, Tuple[int, ...]],
    prefix: str,
    limit: Tuple[str, int],
) -> str:
    name, dtype, shape = wanted
    model, max_batch = limit
    told, size = request.inputs[0], len(request.raw_input_contents[0])
    if told.datatype != _TRITON_DTYPES[dtype]:
        return (
            f"{prefix}inference input '{name}' data-type is '{told.datatype}', but model "
            f"'{model}' expects '{_TRITON_DTYPES[dtype]}'"
        )
    if max_batch and (not told.shape or told.shape[0] > max_batch):
        return f"{prefix}inference request batch-size must be <= {max_batch} for '{model}'"
    first = told.shape[0] if max_batch and told.shape else 1
    if tuple(told.shape) != (first, *shape):
        batch = -1 if max_batch else 1
        expected, found = (",".join(map(str, one)) for one in ((batch, *shape), told.shape))
        return (
            f"{prefix}unexpected shape for input '{name}' for model '{model}'. Expected "
            f"[{expected}], got [{found}]."
        )
    expected_size = int(np.prod((max(1, told.shape[0]), *shape)))
    if size != expected_size:
        return (
            f"{prefix}input byte size mismatch for input '{name}' for model '{model}'. Expected "
            f"{expected_size}, got {size}"
        )
    return ""


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, text: str) -> NoReturn:
    context.abort(code, text)
    raise AssertionError("it raises")


def _received(request: Any, images: np.ndarray, context: Any) -> Received:
    return Received(
        request.model_version,
        images,
        tuple(sorted(request.parameters)),
        context.time_remaining(),
        context.peer(),
    )


def _input_of(bundle: Bundle) -> Tuple[str, str, Tuple[int, ...]]:
    spec = bundle.input
    return spec.name, spec.dtype, (spec.height, spec.width, 3)


def _outputs_of(bundle: Bundle) -> List[Tuple[str, str, Tuple[int, ...]]]:
    return [(one.name, one.dtype, tuple(one.shape[1:])) for one in bundle.outputs]


def _serialised(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else bytes(answer.SerializeToString())


def _server_credentials(files: Credentials) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(files.key, files.certificate)],
        root_certificates=files.client_ca,
        require_client_auth=files.client_ca is not None,
    )
