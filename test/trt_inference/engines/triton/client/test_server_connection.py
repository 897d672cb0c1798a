"""What a connection to a server does with calls that take too long."""

import gc
import time
from pathlib import Path

import pytest

from test.triton_double import TritonDouble
from test.trt_inference.engines.triton.remote_models import SECONDS, connected, noise
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.triton.failures import TOO_LATE, ServerFailure


def test_a_call_that_takes_too_long_is_left_to_the_server(shared_color_bundle: Path) -> None:
    """Of those that are cancelled, Triton 2.51 crashes now and then."""
    bundle = load_bundle(shared_color_bundle)
    with TritonDouble(bundle) as double, connected(double, bundle) as model:
        double.faults.delay = 0.5
        with pytest.raises(ServerFailure) as caught:
            model.start(noise(bundle, 1), 0.05).finish()
        assert caught.value.kind == TOO_LATE
        gc.collect()  # gRPC would cancel what it collects
        until = time.monotonic() + SECONDS
        while double.version(1).requests == 0 and time.monotonic() < until:
            time.sleep(0.01)
        assert (double.version(1).requests, double.given_up) == (1, 0)
        # And its answer, which comes late, is not that to the next one.
        double.faults.delay = 0
        model.start(noise(bundle, 1), SECONDS).finish()
