"""An ONNX model that is in no bundle yet, behind the engines' protocol."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from converter.errors import PrecisionError
from converter.inputs.sample import Sample
from trt_inference.bundles.bundle import Bundle
from trt_inference.engines.base import Engine
from trt_inference.inference.frame import Frame
from trt_inference.inference.preprocess import Preprocessor

# Protobuf cannot put more into one piece.
LARGEST_MESSAGE = 1 << 30


class ModelEngine(Engine):
    """Runs a model with the inputs and outputs of a bundle on ONNX Runtime.

    Attributes:
        watched: of the last run, the tensors inside of the model that were asked for, by name.
    """

    def __init__(self, model: onnx.ModelProto, bundle: Bundle, watch: Sequence[str] = ()) -> None:
        """
        Args:
            watch: float32 tensors inside of the model.

        Raises:
            PrecisionError: ONNX Runtime does not take the model.
        """
        self.watched: Mapping[str, np.ndarray] = {}
        self._watch = tuple(watch)
        self._outputs = tuple(output.name for output in bundle.outputs)
        self._input_name = bundle.input.name
        self._input = np.zeros((1, bundle.input.height, bundle.input.width, 3), np.uint8)
        self._session = _open(_with_outputs(model, watch))

    @property
    def description(self) -> str:
        """Backend and version."""
        return f"ONNX Runtime {onnxruntime.__version__} on the CPU"

    def input_buffer(self) -> np.ndarray:
        """uint8 ``[1, height, width, 3]``, BGR."""
        return self._input

    def start(self, count: int = 1) -> None:
        """Nothing: all is done in ``finish``."""

    def finish(self) -> Mapping[str, np.ndarray]:
        """Run on the input buffer and return the bundle's outputs, ``[1, ...]`` each, by name."""
        names = (*self._outputs, *self._watch)
        values = dict(
            zip(names, self._session.run(names, {self._input_name: self._input}), strict=True)
        )
        self.watched = {name: values[name] for name in self._watch}
        return {name: values[name] for name in self._outputs}

    def close(self) -> None:
        """Nothing has to be freed by hand."""


def watch(
    engine: ModelEngine, bundle: Bundle, samples: Iterable[Sample]
) -> Iterator[tuple[Sample, Mapping[str, np.ndarray]]]:
    """Each image, prepared as on the robot, and the watched tensors for it."""
    spec = bundle.input
    preprocess = Preprocessor(engine.input_buffer()[0], spec.fitting)
    for sample in samples:
        preprocess(Frame(sample.read()))
        engine.infer()
        yield sample, engine.watched


def _with_outputs(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    if not names:
        return model
    extended = onnx.ModelProto()
    extended.CopyFrom(model)
    known = {value.name for value in model.graph.output}
    extended.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in names
        if name not in known
    )
    return extended


def _open(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its errors come as exceptions
    # Without it, sums of int8 products overflow on CPUs with AVX2 and no VNNI.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        if model.ByteSize() <= LARGEST_MESSAGE:
            return onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.onnx"
            emptied = onnx.ModelProto()
            emptied.CopyFrom(model)  # saving moves the weights out of it
            onnx.save_model(emptied, str(file), save_as_external_data=True)
            return onnxruntime.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"]
            )
    except Exception as error:  # its errors have no common base below Exception
        raise PrecisionError(f"ONNX Runtime does not take the narrowed model: {error}") from error
