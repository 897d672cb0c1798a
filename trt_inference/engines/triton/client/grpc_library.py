"""Import gRPC and Triton's messages, which a robot needs only where it asks a server."""

import os
from typing import Any, NamedTuple

from trt_inference.errors import EngineError
from trt_inference.printable import printable, shortened

_INSTALLATION = "python3 -m pip install 'tritonclient[grpc]'"


class GrpcLibrary(NamedTuple):
    """The modules.

    Attributes:
        grpc: gRPC itself.
        messages: Triton's, generated from its definitions by the authors of ``tritonclient``.
    """

    grpc: Any
    messages: Any


def import_grpc() -> GrpcLibrary:
    """
    Raises:
        EngineError: they are not installed, or cannot be loaded.
    """
    # gRPC would write each handshake that fails to stderr, beside the log; the errors tell it too.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        import grpc
        from tritonclient.grpc import service_pb2
    # Without gRPC it raises RuntimeError, and generated modules anything that does not suit them.
    except Exception as error:
        raise EngineError(
            f"backend triton: {printable(shortened(str(error)))}. Install its client with: "
            f"{_INSTALLATION}"
        ) from error
    return GrpcLibrary(grpc, service_pb2)
