"""ONNX Runtime: the backend for every machine."""

import numpy as np

from trt_inference.bundles.bundle import Bundle, model_bytes
from trt_inference.bundles.choose_precision import CPU, Device
from trt_inference.engines.base import Backend, Engine, EngineOptions
from trt_inference.engines.free_memory import MAKE_ROOM, binary_size, system_memory
from trt_inference.errors import EngineError

# Of the weights: the file as it was read, and the tensors. Measured for 234 MiB: 2.1 times as much
# at the most with ONNX Runtime 1.17 to 1.22, and 1.2 with 1.32.
_COPIES_WHILE_LOADING = 2


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
        caution = _about_memory(bundle, precision)
        if caution:
            options.warn(caution)
        return OnnxRuntimeEngine(bundle, precision, options.threads, options.batch)


def _installation() -> str:
    """The command that leaves a NumPy 1 in place: OpenCV and cv_bridge were built for it."""
    limit = " 'numpy<2'" if np.__version__.startswith("1.") else ""
    return f"python3 -m pip install onnxruntime{limit}"


def _about_memory(bundle: Bundle, precision: str) -> str:
    """A caution where the model may not fit, otherwise nothing."""
    free = system_memory().get("MemAvailable")
    entry = bundle.precisions.get(precision)
    if free is None or entry is None or _COPIES_WHILE_LOADING * model_bytes(entry) <= free:
        return ""
    return (
        f"{entry['file']} may not fit into memory: loading it takes about "
        f"{binary_size(_COPIES_WHILE_LOADING * model_bytes(entry))}, and {binary_size(free)} are "
        f"free. If it fails or the machine swaps, {MAKE_ROOM}"
    )


BACKEND = OnnxRuntimeBackend()
