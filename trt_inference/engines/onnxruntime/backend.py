"""ONNX Runtime: the backend for every machine."""

import numpy as np

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.choose_precision import CPU, Device
from trt_inference.engines.base import Backend, Engine, EngineOptions
from trt_inference.errors import EngineError


class OnnxRuntimeBackend(Backend):
    """Runs the ONNX files of a bundle as they are, on the CPU."""

    name = "onnxruntime"
    rank = 100

    def is_available(self, device: int) -> bool:
        """Everywhere: where the library is missing, the error of ``open`` has the
        command that installs it."""
        return True

    def device(self, index: int) -> Device:
        """The CPU."""
        return CPU

    def open(self, bundle: Bundle, precision: str, options: EngineOptions) -> Engine:
        """As ``Backend.open``."""
        try:
            from trt_inference.engines.onnxruntime.engine import OnnxRuntimeEngine
        except ImportError as error:
            raise EngineError(
                f"backend onnxruntime: {error}. Install it with: {_installation()}"
            ) from error
        return OnnxRuntimeEngine(bundle, precision, options.threads, options.batch)


def _installation() -> str:
    """The command that leaves a NumPy 1 in place: OpenCV and cv_bridge were built for it."""
    limit = " 'numpy<2'" if np.__version__.startswith("1.") else ""
    return f"python3 -m pip install onnxruntime{limit}"


BACKEND = OnnxRuntimeBackend()
