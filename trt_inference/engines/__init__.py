"""The engines, each on one backend, behind the one protocol of ``base.py``."""

from __future__ import annotations

from typing import List, Optional

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.choose_precision import CPU, Device
from trt_inference.bundles.engine_files import list_engines
from trt_inference.engines.base import Engine, EngineOptions
from trt_inference.errors import EngineError

BACKENDS = ("auto", "tensorrt", "onnxruntime")


def choose_backend(backend: str, index: int = 0) -> str:
    """The backend that is asked for; for ``auto`` TensorRT where it and a GPU are, ONNX Runtime
    elsewhere.

    Args:
        index: number of the GPU.

    Raises:
        EngineError: the backend is unknown.
    """
    if backend not in BACKENDS:
        raise EngineError(f"there is no backend '{backend}': choose {', '.join(BACKENDS)}")
    if backend != "auto":
        return backend
    return "tensorrt" if _has_tensorrt(index) else "onnxruntime"


def device(backend: str, index: int = 0) -> Device:
    """What a backend other than ``auto`` runs networks on, for the choice of the precision.

    Raises:
        EngineError: there is no such GPU.
    """
    if backend != "tensorrt":
        return CPU
    from trt_inference.engines.tensorrt.gpu import gpu_device

    return gpu_device(index)


def built_precisions(bundle: Bundle, backend: str, index: int = 0) -> Optional[List[str]]:
    """Those for which the bundle has an engine for this machine; None where none is needed.

    Raises:
        BundleError: a sidecar cannot be read.
        EngineError: there is no such GPU.
    """
    if backend != "tensorrt":
        return None
    from trt_inference.engines.tensorrt.gpu import this_machine

    engines = list_engines(bundle, this_machine(index))
    return [engine.sidecar.precision for engine in engines if not engine.reason_against]


def open_engine(
    bundle: Bundle, backend: str, precision: str, options: Optional[EngineOptions] = None
) -> Engine:
    """Load ``precision`` of ``bundle`` on ``backend``, with all buffers allocated.

    Raises:
        BundleError: the bundle has no such precision, or its file was changed; for TensorRT, it
            has no engine for this machine.
        EngineError: the backend is unknown, not installed, or does not take the model.
    """
    options = options or EngineOptions()
    backend = choose_backend(backend, options.device)
    # Here and not above, so that a robot needs only the libraries of the backend that it uses.
    if backend == "tensorrt":
        from trt_inference.engines.tensorrt.engine import TensorRtEngine

        return TensorRtEngine(bundle, precision, options)
    try:
        from trt_inference.engines.onnxruntime import OnnxRuntimeEngine
    except ImportError as error:
        raise EngineError(
            f"backend onnxruntime: {error}. Install it with: python3 -m pip install onnxruntime"
        ) from error
    return OnnxRuntimeEngine(bundle, precision, options.threads, options.batch)


def _has_tensorrt(index: int) -> bool:
    from trt_inference.engines.tensorrt.gpu import import_library, open_device

    try:
        import_library("tensorrt")
        open_device(index)
    except EngineError:
        return False
    return True
