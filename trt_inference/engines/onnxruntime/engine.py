"""The engine for every machine: ONNX Runtime on the CPU, on buffers that are bound once."""

from typing import Any, Dict, List, Mapping, Optional

import numpy as np
import onnxruntime

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.open_model import OpenModel
from trt_inference.engines.base import Engine
from trt_inference.engines.onnxruntime.check_signature import check_signature
from trt_inference.errors import EngineError


class OnnxRuntimeEngine(Engine):
    """Runs one precision of a bundle."""

    def __init__(self, bundle: Bundle, precision: str, threads: int = 0, batch: int = 1) -> None:
        """
        Args:
            threads: for one inference; 0 lets ONNX Runtime take one a physical core.
            batch: most images in one run; 1 for a network that takes one image only.

        Raises:
            BundleError: the bundle has no such precision, or its file was changed.
            EngineError: ONNX Runtime does not take the file, or it does not fit the manifest.
        """
        with bundle.open_model(precision) as model:
            shown = model.path
            self._session: Optional[onnxruntime.InferenceSession] = _open_session(model, threads)
            model.check_unchanged()
        self.batch = batch if check_signature(self._session, bundle, shown) else 1
        self._count = 0
        spec = bundle.input
        self._input = np.zeros((self.batch, spec.height, spec.width, 3), np.uint8)
        outputs = {
            spec.name: np.zeros((self.batch, *spec.shape[1:]), spec.dtype)
            for spec in bundle.outputs
        }
        # For each number of images, so that no run binds, slices or allocates.
        self._outputs: List[Dict[str, np.ndarray]] = [
            {name: array[: count + 1] for name, array in outputs.items()}
            for count in range(self.batch)
        ]
        try:
            self._bindings = [self._bind(spec.name, count + 1) for count in range(self.batch)]
        except Exception as error:  # its errors have no common base below Exception
            raise EngineError(
                f"{shown} does not fit the manifest: {error}. Convert the model again"
            ) from error

    @property
    def description(self) -> str:
        """Backend, version and device."""
        return f"ONNX Runtime {onnxruntime.__version__} on the CPU"

    def input_buffer(self) -> np.ndarray:
        """uint8 ``[batch, height, width, 3]``, BGR."""
        return self._input

    def start(self, count: int = 1) -> None:
        """Nothing yet: a CPU that computes cannot do anything else meanwhile."""
        self._count = count

    def finish(self) -> Mapping[str, np.ndarray]:
        """Run on the input buffer and return the outputs, ``[count, ...]`` each, by name."""
        if self._session is None:
            raise EngineError("the engine is closed: open a new one")
        try:
            self._session.run_with_iobinding(self._bindings[self._count - 1])
        except Exception as error:  # its errors have no common base below Exception
            raise EngineError(f"ONNX Runtime failed: {error}") from error
        return self._outputs[self._count - 1]

    def close(self) -> None:
        """Free the session. A second call does nothing."""
        self._session = None
        self._bindings = []

    def _bind(self, input_name: str, count: int) -> Any:
        """Tell the session the addresses once, so that no call copies or allocates tensors."""
        if self._session is None:
            raise EngineError("the engine is closed: open a new one")
        binding = self._session.io_binding()
        images = self._input[:count]
        binding.bind_input(input_name, "cpu", 0, np.uint8, images.shape, images.ctypes.data)
        for name, array in self._outputs[count - 1].items():
            binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        return binding


def _open_session(model: OpenModel, threads: int) -> onnxruntime.InferenceSession:
    """Open a session by a path, and not by bytes: of those, ONNX Runtime makes one or two more
    copies, and it finds no weights in a second file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Nothing: what it would write is in its errors, and has names of the model as they are.
    options.log_severity_level = 4
    # Threads that spin while they wait for the next frame take the cores from the middleware.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Without it, sums of int8 products overflow on CPUs with AVX2 and no VNNI.
    options.add_session_config_entry("session.x64quantprecision", "1")
    # Not its own format, whatever the file begins with: only ONNX was looked at.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    path = model.loadable_path
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except MemoryError:
        raise
    except Exception as error:  # its errors have no common base below Exception
        raise EngineError(_refusal(str(error).replace(path, str(model.path)), model)) from error


def _refusal(reason: str, model: OpenModel) -> str:
    version = onnxruntime.__version__
    if any(sign in reason for sign in _TOO_NEW):
        return f"{model.path} is too new for ONNX Runtime {version}: {_REMEDY} ({reason})"
    return f"ONNX Runtime {version} refuses {model.path}: {reason}"


# In the reasons of a runtime that does not know the opset of a model, or the version of its format:
# so that of 1.8, and those of 1.10 to 1.32.
_TOO_NEW = (
    "Unknown model file format version",
    "Unsupported model IR version",
    "under development",
)
_REMEDY = (
    "convert the model again, on the workstation, with trt-inference convert … --target "
    "jetson-nano, which every ONNX Runtime from 1.8 on takes, or install a newer one"
)
