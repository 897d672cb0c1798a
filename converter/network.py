"""The exported network, before anything is grafted on it."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime

from converter.errors import ExportError, SavedModelError
from converter.saved_model import Signature, Tensor


class Network:
    """A network for images of one size: runs it on ONNX Runtime, and knows what it gives.

    Attributes:
        model: as it was exported.
        opset: the operator set that it was exported at.
        input_size: height, width in pixels.
        input: the name of its image input.
        outputs: name, dtype and sizes of its outputs, -1 for the batch.
    """

    def __init__(self, model: onnx.ModelProto, opset: int, input_size: tuple[int, int]) -> None:
        """
        Raises:
            ExportError: ONNX Runtime does not take the model.
        """
        self.model, self.opset, self.input_size = model, opset, input_size
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # its errors come as exceptions
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
            self.input = self._session.get_inputs()[0].name
            outputs = self.run(np.zeros((1, *input_size, 3), np.float32))
        except Exception as error:  # its errors have no common base below Exception
            height, width = input_size
            raise ExportError(
                f"ONNX Runtime cannot run the exported network on {width}x{height} pixels: {error}"
            ) from error
        # Sizes are read off a run, because exported graphs often leave them open.
        self.outputs = [
            Tensor(name, value.dtype.name, (-1, *value.shape[1:]))
            for name, value in outputs.items()
        ]

    def run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name for float32 ``[N, height, width, 3]``."""
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, {self.input: images}), strict=True))


def image_input(signature: Signature, wanted: tuple[int, int] | None) -> tuple[int, int]:
    """Height and width of the signature's one image input, in pixels.

    Args:
        wanted: what the user wants; needed where the signature leaves the size open.

    Raises:
        SavedModelError: the input is not one float32 image, or its size is open or another.
    """
    listed = "; ".join(str(tensor) for tensor in signature.inputs)
    if len(signature.inputs) != 1:
        raise SavedModelError(
            f"signature '{signature.name}' has {len(signature.inputs)} inputs ({listed}): "
            "export one that takes an image only"
        )
    tensor = signature.inputs[0]
    if (
        tensor.dtype != "float32"
        or tensor.shape is None
        or len(tensor.shape) != 4
        or tensor.shape[3] != 3
    ):
        raise SavedModelError(
            f"input {tensor} of signature '{signature.name}' is not supported: "
            "it must be float32 [N, height, width, 3]"
        )
    if tensor.shape[0] > 1:
        raise SavedModelError(
            f"input {tensor} of signature '{signature.name}' takes {tensor.shape[0]} images at "
            "once: export it with a batch of 1 or of any size (None)"
        )
    return _agreed_size(tensor, wanted)


def _agreed_size(tensor: Tensor, wanted: tuple[int, int] | None) -> tuple[int, int]:
    height, width = tensor.shape[1:3] if tensor.shape else (-1, -1)
    if wanted is None:
        if height < 1 or width < 1:
            raise SavedModelError(
                f"input {tensor} has no fixed size: give one, as in --input-size 640x480"
            )
        return height, width
    for given, fixed in zip(wanted, (height, width), strict=True):
        if fixed > 0 and given != fixed:
            raise SavedModelError(
                f"--input-size {wanted[1]}x{wanted[0]} does not fit input {tensor}"
            )
    return wanted
