"""The backends in the tree, and which of them runs a bundle.

Each folder of ``trt_inference.engines`` that has a module ``backend`` with a ``BACKEND`` is one:
nothing else lists them.
"""

import functools
import importlib
import sys
import warnings
from typing import Optional, Tuple

import trt_inference.engines
from trt_inference.bundles.bundle import Bundle, model_bytes
from trt_inference.bundles.choose_precision import Device
from trt_inference.discovery import registered_modules
from trt_inference.engines.base import Backend, Engine, EngineOptions
from trt_inference.engines.free_memory import MAKE_ROOM, binary_size
from trt_inference.errors import EngineError


class BrokenBackend(Backend):
    """A folder whose module raised when it was imported: the others go on without it, and who
    chooses it gets the reason."""

    rank = sys.maxsize

    def __init__(self, name: str, error: Exception) -> None:
        self.name = name
        self._error = error

    def is_available(self, device: int) -> bool:
        """Nowhere."""
        return False

    def device(self, index: int) -> Device:
        """Raises EngineError, always."""
        raise self._failure()

    def open(self, bundle: Bundle, precision: str, options: EngineOptions) -> Engine:
        """Raises EngineError, always."""
        raise self._failure()

    def _failure(self) -> EngineError:
        return EngineError(
            f"backend {self.name} cannot be loaded: {self._error!r}. Mend or remove its folder in "
            "trt_inference/engines"
        )


@functools.lru_cache(maxsize=None)
def find_backends() -> Tuple[Backend, ...]:
    """Every backend in ``trt_inference.engines``, in the order in which ``auto`` tries them. No
    library of theirs is imported. A warning names those that are broken."""
    found = [_load(module) for module in registered_modules(trt_inference.engines, "backend")]
    return tuple(sorted(found, key=lambda backend: backend.rank))


def _load(module: str) -> Backend:
    folder = module.split(".")[-2]
    try:
        backend: Backend = importlib.import_module(module).BACKEND
    except Exception as error:  # a module may raise anything when it is imported
        warnings.warn(f"backend {folder} cannot be loaded: {error!r}", RuntimeWarning, stacklevel=2)
        return BrokenBackend(folder, error)
    return backend


def backend_names() -> Tuple[str, ...]:
    """What a user may choose: ``auto``, and every backend."""
    return ("auto", *(backend.name for backend in find_backends()))


def choose_backend(name: str, device: int = 0) -> Backend:
    """The backend that is asked for; for ``auto`` the first one that can run here: TensorRT where
    it and a GPU are, ONNX Runtime elsewhere.

    Args:
        device: number of the GPU.

    Raises:
        EngineError: the backend is unknown.
    """
    if name not in backend_names():
        raise EngineError(f"there is no backend '{name}': choose {', '.join(backend_names())}")
    for backend in find_backends():
        if name == backend.name or (name == "auto" and backend.is_available(device)):
            return backend
    names = ", ".join(backend_names()[1:])
    raise EngineError(f"no backend can run here: choose {names} to see what it lacks")


def open_engine(
    bundle: Bundle, backend: str, precision: str, options: Optional[EngineOptions] = None
) -> Engine:
    """Load ``precision`` of ``bundle`` on ``backend``, with all buffers allocated.

    Raises:
        BundleError: the bundle has no such precision, or its file was changed; for TensorRT, it
            has no engine for this machine.
        EngineError: the backend is unknown, not installed, or does not take the model, or there is
            no room for it.
    """
    options = options or EngineOptions()
    chosen = choose_backend(backend, options.device)
    try:
        return chosen.open(bundle, precision, options)
    except MemoryError as error:
        raise EngineError(_no_room(bundle, precision, options)) from error


def _no_room(bundle: Bundle, precision: str, options: EngineOptions) -> str:
    spec = bundle.input
    images = options.batch * spec.height * spec.width * 3
    files = ""
    if precision in bundle.precisions:  # not for auto, where a server runs the network
        size = binary_size(model_bytes(bundle.precisions[precision]))
        files = f"{precision} has {size} in its files, and "
    return (
        f"{bundle.path} does not fit into memory: {files}its input of {spec.width}x{spec.height} "
        f"takes {binary_size(images)}. To mend it, {MAKE_ROOM}; or take a smaller model or input"
    )
