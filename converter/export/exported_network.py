"""The exported network, before anything is grafted on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from converter.errors import ExportError
from converter.inputs.image_input import ImageInput
from converter.inputs.tensor import Tensor
from converter.onnx_tools import model_inputs_outputs
from converter.onnx_tools.model_inputs_outputs import NetworkInput


class Network:
    """A network for images of one size: runs it on ONNX Runtime, and knows what it gives.

    Attributes:
        model: as it was exported, with the names that the user knows for its outputs.
        folder: where the file with its large weights is.
        opset: the operator set that it was exported at.
        image: which image it takes, in which form.
        input: the name of its image input.
        ending: the form in which it takes the image: layout and type.
        outputs: name, dtype and sizes of its outputs, -1 for the batch.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        opset: int,
        image: ImageInput,
        folder: Path | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """
        Args:
            names: for the user, with the outputs that they name; None keeps those of the model.

        Raises:
            ExportError: ONNX Runtime does not take the model.
        """
        self.model, self.opset, self.image, self.folder = model, opset, image, folder
        if names is not None:
            model_inputs_outputs.rename_outputs(model, names)
        self._takes_bytes = model_inputs_outputs.takes_bytes(model)
        model_inputs_outputs.take_floats(model)
        value = model.graph.input[0]
        self.input = value.name
        rank = len(value.type.tensor_type.shape.dim)
        layout = image.layout if rank == len(image.layout) else "NHWC"[4 - rank :]
        self.ending = NetworkInput(layout, value.type.tensor_type.elem_type)
        if not layout.startswith("N") and not image.encoded:
            model_inputs_outputs.add_batch_to_outputs(model)
        self._session = self.open(model)
        outputs = self._try()
        # Sizes are read off a run, because exported graphs often leave them open.
        self.outputs = tuple(
            Tensor(name, array.dtype.name, _with_open_batch(array.shape))
            for name, array in outputs.items()
        )

    @property
    def takes_bytes(self) -> bool:
        """Whether it took whole numbers when it was exported."""
        return self._takes_bytes

    @property
    def input_size(self) -> tuple[int, int]:
        """Height, width in pixels."""
        return self.image.size

    def run(
        self, pixels: np.ndarray, outputs: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Outputs by name for one image.

        Args:
            pixels: ``[height, width, channels]``, as the network was trained.
            outputs: those that are wanted; None for all.
        """
        names = outputs or [output.name for output in self._session.get_outputs()]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(self.ending.element_type)
        values = self.arrange(pixels, dtype.name)
        return dict(zip(names, self._session.run(names, {self.input: values}), strict=True))

    def arrange(self, pixels: np.ndarray, dtype: str) -> np.ndarray:
        """``pixels`` in the layout of the exported network's input."""
        return replace(self.image, layout=self.ending.layout).arrange(pixels, dtype)

    def open(
        self, model: onnx.ModelProto, options: onnxruntime.SessionOptions | None = None
    ) -> onnxruntime.InferenceSession:
        """Load the network, or a variant of it with the same weights.

        Raises:
            ExportError: ONNX Runtime does not take it.
        """
        if options is None:
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4  # its errors come as exceptions
        source: str | bytes = model.SerializeToString()
        if self.folder is not None:
            file = self.folder / "session.onnx"
            file.write_bytes(model.SerializeToString())
            source = str(file)
        try:
            return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no common base below Exception
            raise ExportError(
                f"ONNX Runtime does not take the exported network: {error}"
            ) from error

    def _try(self) -> dict[str, np.ndarray]:
        height, width = self.image.size
        try:
            return self.run(np.zeros((height, width, self.image.channels), np.float32))
        except Exception as error:  # its errors have no common base below Exception
            batch = ""
            if self.image.batch > 1:
                batch = (
                    f" The signature takes {self.image.batch} images at once, a robot one: export "
                    "it with a batch of 1 or of any size (None)."
                )
            raise ExportError(
                f"ONNX Runtime cannot run the exported network on {width}x{height} pixels: "
                f"{error}.{batch} See whether --input-size is one that the network takes"
            ) from error


def _with_open_batch(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (-1, *shape[1:]) if shape and shape[0] == 1 else shape
