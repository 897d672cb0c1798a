"""A bundle's model on a Triton server, over one connection."""

from typing import Mapping

import numpy as np

from trt_inference.bundles.bundle import Bundle
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.client.inference_answer import AnswerReader, most_received
from trt_inference.engines.triton.client.inference_request import InferenceRequest
from trt_inference.engines.triton.client.served_model import (
    ServedModel,
    ServerStatistics,
    ask_statistics,
    check_served_model,
    find_served_model,
)
from trt_inference.engines.triton.client.server_connection import (
    LEFT_TO_THE_SERVER,
    ServerCall,
    ServerConnection,
)

_INFER = "ModelInfer"


class RemoteRun:
    """Images that were sent to the server.

    Attributes:
        sent, received: bytes; ``received`` is known after ``finish``.
    """

    def __init__(
        self, call: ServerCall, reader: AnswerReader, identity: str, count: int, sent: int
    ) -> None:
        self._call = call
        self._reader = reader
        self._identity = identity
        self._count = count
        self.sent = sent
        self.received = 0

    @property
    def round_trip(self) -> float:
        """Seconds from the start to the arrival of the answer, or to the failure; after
        ``finish``."""
        return self._call.seconds

    def finish(self) -> Mapping[str, np.ndarray]:
        """Wait for the answer, to the deadline at the longest.

        Returns:
            The outputs by name, ``[count, ...]``, which are overwritten when the next but one run
            of this model is finished.

        Raises:
            ServerFailure: there is no answer, or it is none of this model.
        """
        answer = self._call.wait()
        self.received = len(answer)
        return self._reader.read(answer, self._identity, self._count)


class RemoteModel:
    """The version of a served model that was exported from a bundle.

    One thread starts and finishes runs; ``check``, ``statistics`` and ``close`` may be called by
    others.

    Attributes:
        served: what was found on the server.
        batch: most images in one run.
    """

    def __init__(
        self, connection: ServerConnection, bundle: Bundle, served: ServedModel, batch: int
    ) -> None:
        """Use ``connect``."""
        self.served = served
        self.batch = min(batch, served.max_batch)
        self._connection = connection
        self._sha256 = bundle.manifest_sha256
        self._runs = 0
        self._request = InferenceRequest(connection.messages, bundle, served)
        self._reader = AnswerReader(
            connection.messages, bundle, served, self.batch, connection.name
        )

    @classmethod
    def connect(
        cls, bundle: Bundle, server: ServerOptions, precision: str, batch: int, timeout: float
    ) -> "RemoteModel":
        """Connect, and find the bundle's model.

        Args:
            precision: that is preferred; any other of the bundle is taken as well.
            batch: most images in one run.
            timeout: seconds until all of it has to be done.

        Raises:
            ServerFailure: the server is not reached, or does not have the model.
            EngineError: the URL or a file for TLS cannot be used, or the library is missing.
        """
        connection = ServerConnection(server, most_received(bundle, batch))
        try:
            served = find_served_model(connection, bundle, server, precision, timeout)
            return cls(connection, bundle, served, batch)
        except BaseException:
            connection.close()
            raise

    @property
    def is_idle(self) -> bool:
        """Whether the server has been asked nothing that it may still answer, be it too late."""
        return self._connection.is_idle

    def start(self, images: np.ndarray, deadline: float) -> RemoteRun:
        """Send images, and return at once. What fails is raised by ``finish``.

        Args:
            images: uint8 ``[count, height, width, 3]``, BGR, 1 to ``batch`` of them.
            deadline: seconds from now.
        """
        call = self._connection.begin(_INFER, deadline)
        self._runs += 1
        identity = str(self._runs)
        request = self._request.serialise(images, identity)
        self._connection.send(call, request, LEFT_TO_THE_SERVER)
        return RemoteRun(call, self._reader, identity, len(images), len(request))

    def check(self, timeout: float) -> None:
        """Look whether the server still has this version of the bundle.

        Args:
            timeout: seconds.

        Raises:
            ServerFailure: it has not, or does not answer.
        """
        check_served_model(self._connection, self.served, self._sha256, timeout)

    def statistics(self, timeout: float) -> ServerStatistics:
        """What the server has counted of this version.

        Args:
            timeout: seconds.

        Raises:
            ServerFailure: it does not answer.
        """
        return ask_statistics(self._connection, self.served, timeout)

    def close(self) -> None:
        """End what is under way, so that ``finish`` raises at once. The server may still answer it.
        A second call does nothing."""
        self._connection.close()
