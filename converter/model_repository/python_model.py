"""A bundle's network in Triton's Python backend, run by ONNX Runtime on the processor.

Exports copy this file into the folder of a version, as ``model.py`` beside ``model.onnx``. The
interpreter of the server runs it: it needs Python 3.8, NumPy and ONNX Runtime, and nothing else of
this project.
"""

import json
import os
from typing import Any, List, Mapping

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton

MODEL = "model.onnx"


class TritonPythonModel:
    """What Triton's Python backend looks for, by this name."""

    def initialize(self, args: Mapping[str, str]) -> None:
        """Load the network.

        Args:
            args: ``model_config`` is the configuration as JSON. Its parameter ``threads`` is the
                number of threads of one run; 0 takes one a physical core.
        """
        _warn_of_numpy()
        config = json.loads(args["model_config"])
        image = config["input"][0]
        self._name = image["name"]
        is_batched = int(config["max_batch_size"]) > 0
        dims = [int(side) for side in image["dims"]]
        self._shape = tuple(dims if is_batched else dims[1:])
        self._outputs = [output["name"] for output in config["output"]]
        self._session = _open(config.get("parameters", {}).get("threads", {}))

    def execute(self, requests: List[Any]) -> List[Any]:
        """Answer requests, whose images are run together.

        Args:
            requests: each with uint8 images ``[n, height, width, 3]``.

        Returns:
            A response for each, in their order: its outputs, or an error.
        """
        images = [self._images_of(request) for request in requests]
        usable = [one for one in images if isinstance(one, np.ndarray)]
        answers = iter(self._run(usable) if usable else [])
        return [
            next(answers) if isinstance(one, np.ndarray) else triton.InferenceResponse(error=one)
            for one in images
        ]

    def finalize(self) -> None:
        """Free the network."""
        self._session = None

    def _images_of(self, request: Any) -> Any:
        """The images of a request, or the error that tells what they are instead."""
        tensor = triton.get_input_tensor_by_name(request, self._name)
        if tensor is None:
            return triton.TritonError(f"the request has no input '{self._name}'")
        images = tensor.as_numpy()
        if images.dtype != np.uint8 or images.shape[1:] != self._shape or not len(images):
            found, wanted = list(images.shape), ["N", *self._shape]
            return triton.TritonError(
                f"'{self._name}' is {images.dtype} {found}, it must be uint8 {wanted}"
            )
        return images

    def _run(self, images: List[np.ndarray]) -> List[Any]:
        """The responses to requests with these images, of one run."""
        together = images[0] if len(images) == 1 else np.concatenate(images)
        try:
            found = self._session.run(self._outputs, {self._name: together})
        except Exception as error:  # ONNX Runtime's errors have no common base below Exception
            text = f"ONNX Runtime failed: {error}"
            return [triton.InferenceResponse(error=triton.TritonError(text)) for _ in images]
        ends = np.cumsum([len(one) for one in images])
        return [
            self._response([output[end - len(one) : end] for output in found])
            for one, end in zip(images, ends)
        ]

    def _response(self, found: List[np.ndarray]) -> Any:
        return triton.InferenceResponse(
            [triton.Tensor(name, array) for name, array in zip(self._outputs, found)]
        )


def _open(threads: Mapping[str, str]) -> onnxruntime.InferenceSession:
    """The network beside this file.

    Args:
        threads: the parameter, as the configuration has it in JSON; empty where it has none.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(threads.get("string_value") or 0)
    # Threads that spin while they wait for the next run take the cores from the server.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Without it, sums of int8 products overflow on CPUs with AVX2 and no VNNI.
    options.add_session_config_entry("session.x64quantprecision", "1")
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), MODEL)
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def _warn_of_numpy() -> None:
    """With a NumPy 2, Python backends that were built for NumPy 1, as that of Triton 2.51, send
    outputs without any bytes, and nothing in the interpreter shows it."""
    if int(np.__version__.partition(".")[0]) >= 2:
        triton.Logger.log_warn(
            f"This model runs on NumPy {np.__version__}. If its outputs arrive empty, this Python "
            "backend was built for NumPy 1: install 'numpy<2' for its interpreter"
        )
