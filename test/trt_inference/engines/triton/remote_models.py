"""Connections of tests to the double of Triton."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Union

import numpy as np
import pytest

from test.triton_double import TritonDouble
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import ServerOptions
from trt_inference.engines.triton.failures import ServerFailure
from trt_inference.engines.triton.remote_model import RemoteModel, RemoteRun

SECONDS = 60.0  # for what does not fail, on a machine that is very busy
SOON = 0.2  # for what is not answered in time


@contextmanager
def connected(
    double: TritonDouble, bundle: Union[Path, Bundle], batch: int = 2, **options: Any
) -> Iterator[RemoteModel]:
    """The model of a bundle on the double; ``options`` are those of ``ServerOptions``."""
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    precision = options.pop("precision", "fp32")
    server = ServerOptions(double.url, **options)
    model = RemoteModel.connect(loaded, server, precision, batch, SECONDS)
    try:
        yield model
    finally:
        model.close()


def refusal(bundle: Path, url: str, timeout: float = SECONDS, **options: Any) -> ServerFailure:
    """The failure of a connection."""
    with pytest.raises(ServerFailure) as caught:
        RemoteModel.connect(load_bundle(bundle), ServerOptions(url, **options), "fp32", 1, timeout)
    return caught.value


def failure_of_run(run: RemoteRun) -> ServerFailure:
    with pytest.raises(ServerFailure) as caught:
        run.finish()
    return caught.value


def noise(bundle: Bundle, count: int, seed: int = 0) -> np.ndarray:
    """uint8 ``[count, height, width, 3]``."""
    shape = (count, bundle.input.height, bundle.input.width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def local_results(bundle: Bundle, images: np.ndarray) -> Dict[str, np.ndarray]:
    """What ONNX Runtime gives of each image."""
    engine = open_engine(bundle, "onnxruntime", "fp32", EngineOptions(threads=1))
    found: Dict[str, List[np.ndarray]] = {one.name: [] for one in bundle.outputs}
    for image in images:
        engine.input_buffer()[0] = image
        for name, output in engine.infer().items():
            found[name].append(output[0].copy())
    engine.close()
    return {name: np.stack(outputs) for name, outputs in found.items()}
