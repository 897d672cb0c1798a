"""Whether tests can have a real Triton server here; see ``examples/fleet/triton_server.py``."""

import pytest

from examples.fleet.triton_server import (
    CRASH,
    ROOT,
    SHARED_MEMORY,
    TlsFiles,
    TritonServer,
    TritonServerError,
    why_there_is_none,
)
from test.needs import PROCESSOR_IS_EMULATED

REASON = (
    "the Triton server is not for the processor that is emulated"
    if PROCESSOR_IS_EMULATED
    else why_there_is_none()
)
needs_triton = pytest.mark.skipif(bool(REASON), reason=REASON)
__all__ = (
    "CRASH",
    "REASON",
    "ROOT",
    "SHARED_MEMORY",
    "TlsFiles",
    "TritonServer",
    "TritonServerError",
    "needs_triton",
)
