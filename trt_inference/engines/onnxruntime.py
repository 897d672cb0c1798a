"""The engine for every machine: ONNX Runtime on the CPU, on buffers that are bound once."""

from __future__ import annotations

from typing import Dict, Mapping, Optional

import numpy as np
import onnxruntime

from trt_inference.bundle import Bundle
from trt_inference.engines.base import Engine
from trt_inference.errors import EngineError


class OnnxRuntimeEngine(Engine):
    """Runs one precision of a bundle for one image at a time."""

    def __init__(self, bundle: Bundle, precision: str, threads: int = 0) -> None:
        """
        Args:
            threads: for one inference; 0 lets ONNX Runtime take one a physical core.

        Raises:
            BundleError: the bundle has no such precision, or its file was changed.
            EngineError: ONNX Runtime does not take the file, or it does not fit the manifest.
        """
        file = bundle.model_file(precision)
        self._session: Optional[onnxruntime.InferenceSession] = _open_session(str(file), threads)
        self._input = np.zeros((1, bundle.input.height, bundle.input.width, 3), np.uint8)
        self._outputs: Dict[str, np.ndarray] = {
            spec.name: np.zeros((1, *spec.shape[1:]), spec.dtype) for spec in bundle.outputs
        }
        self._binding = self._session.io_binding()
        try:
            self._bind(bundle.input.name)
        except Exception as error:  # its errors have no common base below Exception
            raise EngineError(
                f"{file} does not fit the manifest: {error}. Convert the model again"
            ) from error

    @property
    def description(self) -> str:
        """Backend, version and device."""
        return f"ONNX Runtime {onnxruntime.__version__} on the CPU"

    def input_buffer(self) -> np.ndarray:
        """uint8 ``[1, height, width, 3]``, BGR."""
        return self._input

    def start(self) -> None:
        """Nothing: a CPU that computes cannot do anything else meanwhile."""

    def finish(self) -> Mapping[str, np.ndarray]:
        """Run on the input buffer and return the outputs, ``[1, ...]`` each, by name."""
        if self._session is None:
            raise EngineError("the engine is closed: open a new one")
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # its errors have no common base below Exception
            raise EngineError(f"ONNX Runtime failed: {error}") from error
        return self._outputs

    def close(self) -> None:
        """Free the session. A second call does nothing."""
        self._session = None
        self._binding = None

    def _bind(self, input_name: str) -> None:
        """Tell the session the addresses once, so that no call copies or allocates tensors."""
        self._binding.bind_input(
            input_name, "cpu", 0, np.uint8, self._input.shape, self._input.ctypes.data
        )
        for name, array in self._outputs.items():
            self._binding.bind_output(
                name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data
            )


def _open_session(file: str, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that spin while they wait for the next frame take the cores from the middleware.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common base below Exception
        version = onnxruntime.__version__
        raise EngineError(f"ONNX Runtime {version} refuses {file}: {error}") from error
