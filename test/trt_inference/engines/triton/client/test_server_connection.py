"""What a connection to a server does where gRPC itself does not do its part."""

from typing import Any, Callable

import pytest

from trt_inference.engines.triton.client.server_connection import ServerCall
from trt_inference.engines.triton.failures import TOO_LATE, ServerFailure


class SilentFuture:
    """A call that gRPC never ends, not even at its deadline."""

    is_cancelled = False

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        pass

    def cancel(self) -> None:
        self.is_cancelled = True


def test_a_call_is_given_up_after_its_deadline() -> None:
    call, future = ServerCall("ModelInfer", "server", False, timeout=0.01), SilentFuture()
    call.follow(future)
    with pytest.raises(ServerFailure) as caught:
        call.wait()
    assert caught.value.kind == TOO_LATE
    assert future.is_cancelled
