"""The bytes of a request: all but the pixels is small and serialised, the pixels are appended."""

from typing import Any

import numpy as np

from trt_inference.bundles.bundle import Bundle
from trt_inference.engines.triton.client.model_misfit import TRITON_DTYPES
from trt_inference.engines.triton.client.served_model import ServedModel

# Field 7 of ModelInferRequest, raw_input_contents, as bytes with their length before them.
_RAW_INPUT = bytes([7 << 3 | 2])


class InferenceRequest:
    """Makes the requests for one model.

    A protobuf message may be put together from pieces of its fields, and so the pixels are copied
    once. By the message's own field they would be copied three times, which takes several times as
    long as all else that a request costs here.
    """

    def __init__(self, messages: Any, bundle: Bundle, served: ServedModel) -> None:
        """
        Args:
            messages: the module with Triton's messages.
        """
        self._head = messages.ModelInferRequest(
            model_name=served.name, model_version=str(served.version)
        )
        spec = bundle.input
        self._input = self._head.inputs.add(name=spec.name, datatype=TRITON_DTYPES[spec.dtype])
        self._input.shape.extend([1, spec.height, spec.width, 3])
        for output in bundle.outputs:
            self._head.outputs.add(name=output.name)

    def serialise(self, images: np.ndarray, identity: str, timeout: float) -> bytes:
        """
        Args:
            identity: that the answer has to have, too.
            images: uint8 ``[count, height, width, 3]``.
            timeout: seconds after which nobody waits for the answer any more. A server
                whose queue has timeouts drops a request that has waited for so long.
        """
        self._head.id = identity
        self._input.shape[0] = len(images)
        self._head.parameters["timeout"].int64_param = max(1, int(timeout * 1e6))
        pixels = np.ascontiguousarray(images)
        length = _varint(pixels.nbytes)
        return b"".join((self._head.SerializeToString(), _RAW_INPUT, length, pixels.data))


def _varint(number: int) -> bytes:
    """A number as protobuf writes it: seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
