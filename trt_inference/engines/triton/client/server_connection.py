"""One connection to a Triton server, with a deadline for every call.

Requests and answers are bytes: who calls serialises the one and checks the other.
"""

import threading
import time
from typing import Any, List, Optional, Set, Tuple

from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.client.call_failures import failure_of
from trt_inference.engines.triton.client.grpc_library import GrpcLibrary, import_grpc
from trt_inference.engines.triton.client.server_url import check_server_url
from trt_inference.engines.triton.client.tls_files import TlsContents, read_tls_files
from trt_inference.engines.triton.failures import BAD_ANSWER, ServerFailure

_SERVICE = "/inference.GRPCInferenceService/"
# Seconds after the deadline at which gRPC cancels a call that nobody waits for any more. Not at the
# deadline itself: of requests that are cancelled, Triton 2.51 crashes now and then, for all of its
# clients, or gives half an answer. How much is asked in vain, the breaker limits.
# https://github.com/triton-inference-server/server/issues/7368
_UNTIL_CANCELLED = 30.0
_LEAST_RECEIVED = 4 << 20  # bytes; enough for all answers but results
_OPTIONS = (
    # A frame is never sent again: the newest image is the retry.
    ("grpc.enable_retries", 0),
    ("grpc.service_config_disable_resolution", 1),
    # Each connection begins anew, and does not wait because an earlier one was refused.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # Images go to the server itself, whatever proxy the environment names for web pages.
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_send_message_length", -1),
)


class ServerCall:
    """A call that is under way, or over.

    Attributes:
        seconds: from its start to the answer or the failure, once it is over.
    """

    def __init__(self, method: str, name: str, is_encrypted: bool, timeout: float) -> None:
        """
        Args:
            method: of Triton's service.
            name: of the server, for messages.
            is_encrypted: whether the connection is.
            timeout: seconds from now.
        """
        self.method = method
        self._target = f"{name}, {method}"
        self._is_encrypted = is_encrypted
        self._started = time.monotonic()
        self._due = self._started + timeout
        self._is_over = threading.Event()
        self._answer = b""
        self._failure: Optional[ServerFailure] = None
        self.seconds = 0.0

    @property
    def remaining(self) -> float:
        """Seconds until the deadline, 0 or more."""
        return max(0.0, self._due - time.monotonic())

    def follow(self, future: Any) -> None:
        """Wait for ``future``, which gRPC gave for it."""
        future.add_done_callback(self._take)

    def fail(self, code: str, details: str) -> None:
        """End it with this status of gRPC."""
        self._failure = failure_of(code, details, self._target, self._is_encrypted)
        self._is_over.set()

    def wait(self) -> bytes:
        """The answer.

        Raises:
            ServerFailure: there is none, or none before the deadline.
        """
        if not self._is_over.wait(self.remaining):
            raise failure_of("DEADLINE_EXCEEDED", "", self._target)
        if self._failure is not None:
            raise self._failure
        return self._answer

    def _take(self, future: Any) -> None:
        """Called by a thread of gRPC."""
        self.seconds = time.monotonic() - self._started
        code = future.code().name
        if code != "OK":
            self.fail(code, future.details() or "")
            return
        self._answer = future.result() or b""
        self._is_over.set()


class ServerConnection:
    """A channel of its own to a server. Any thread may use it, and close it."""

    def __init__(self, server: ServerOptions, most_received: int) -> None:
        """Nothing is sent yet.

        Args:
            most_received: bytes of the longest results. A much longer answer is not taken.

        Raises:
            EngineError: the URL or a file for TLS cannot be used, or the library is missing.
        """
        target, tls = check_server_url(server.url), read_tls_files(server)
        self._library = import_grpc()
        self._name = f"server {server.url}"
        self._is_encrypted = tls is not None
        longest = max(most_received, _LEAST_RECEIVED)
        options = [*_OPTIONS, ("grpc.max_receive_message_length", longest)]
        self._channel = _open_channel(self._library, target, tls, options)
        self._under_way: Set[Any] = set()

    @property
    def name(self) -> str:
        """The server, for messages."""
        return self._name

    @property
    def messages(self) -> Any:
        """The module with Triton's messages."""
        return self._library.messages

    def begin(self, method: str, timeout: float) -> ServerCall:
        """A call whose time runs, and whose request has still to be sent.

        Args:
            timeout: seconds from now.
        """
        return ServerCall(method, self._name, self._is_encrypted, timeout)

    def send(self, call: ServerCall, request: bytes) -> None:
        """Send the request of a call and return at once. What fails is raised where the call is
        waited for.

        Args:
            request: a serialised ``<method>Request``.
        """
        try:
            invoke = self._channel.unary_unary(_SERVICE + call.method)
            future = invoke.future(request, timeout=call.remaining + _UNTIL_CANCELLED)
        except ValueError as error:  # the channel is closed
            call.fail("CANCELLED", str(error))
            return
        # gRPC cancels the calls of futures that nobody has.
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        call.follow(future)

    def ask(self, method: str, request: Any, timeout: float) -> Any:
        """Call ``method`` and wait.

        Args:
            request: the message ``<method>Request``.
            timeout: seconds.

        Returns:
            The message ``<method>Response``.

        Raises:
            ServerFailure: there is no answer, or none of this kind.
        """
        call = self.begin(method, timeout)
        self.send(call, request.SerializeToString())
        return parse_answer(getattr(self.messages, f"{method}Response"), call.wait(), self._name)

    def close(self) -> None:
        """End the calls that are under way. A second call does nothing."""
        self._channel.close()


def parse_answer(kind: Any, content: bytes, name: str) -> Any:
    """The message that the bytes are.

    Args:
        kind: class of the message.
        name: of the server, for the message of the error.

    Raises:
        ServerFailure: they are none.
    """
    try:
        return kind.FromString(content)
    # DecodeError; what is no UTF-8 raises another one in some versions of protobuf.
    except Exception as error:
        raise ServerFailure(
            f"{name}: {BAD_ANSWER}: {len(content)} bytes are no {kind.DESCRIPTOR.name}", BAD_ANSWER
        ) from error


def _open_channel(
    library: GrpcLibrary, target: str, tls: Optional[TlsContents], options: List[Tuple[str, int]]
) -> Any:
    if tls is None:
        return library.grpc.insecure_channel(target, options=options)
    credentials = library.grpc.ssl_channel_credentials(tls.ca, tls.key, tls.certificate)
    return library.grpc.secure_channel(target, credentials, options=options)
