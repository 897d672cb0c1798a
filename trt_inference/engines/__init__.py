"""The engines, each on one backend, behind the one protocol of ``base.py``."""

from __future__ import annotations

from trt_inference.bundle import Bundle
from trt_inference.engines.base import Engine
from trt_inference.errors import EngineError
from trt_inference.precision import CPU, Device

BACKENDS = ("auto", "onnxruntime")


def device(backend: str) -> Device:
    """What ``backend`` runs networks on, for the choice of the precision; nothing is opened.

    Raises:
        EngineError: the backend is unknown.
    """
    _check_backend(backend)
    return CPU


def open_engine(bundle: Bundle, backend: str, precision: str, threads: int = 0) -> Engine:
    """Load ``precision`` of ``bundle`` on ``backend``, with all buffers allocated.

    Raises:
        BundleError: the bundle has no such precision, or its file was changed.
        EngineError: the backend is unknown, not installed, or does not take the model.
    """
    _check_backend(backend)
    # Here and not above, so that a robot needs only the libraries of the backend that it uses.
    try:
        from trt_inference.engines.onnxruntime import OnnxRuntimeEngine
    except ImportError as error:
        raise EngineError(
            f"backend onnxruntime: {error}. Install it with: python3 -m pip install onnxruntime"
        ) from error
    return OnnxRuntimeEngine(bundle, precision, threads)


def _check_backend(backend: str) -> None:
    if backend not in BACKENDS:
        raise EngineError(f"there is no backend '{backend}': choose {', '.join(BACKENDS)}")
