"""Whether tests can have a real Triton server here; see ``examples/fleet/triton_server.py``."""

import pytest

from examples.fleet.triton_server import (
    TlsFiles,
    TritonServer,
    TritonServerError,
    why_there_is_none,
)

REASON = why_there_is_none()
needs_triton = pytest.mark.skipif(bool(REASON), reason=REASON)
__all__ = ("REASON", "TlsFiles", "TritonServer", "TritonServerError", "needs_triton")
