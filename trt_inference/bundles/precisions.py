"""The precisions that a bundle may have, and what runs them. A new one is one entry of the table.

How the converter makes a precision is in a folder of ``converter/precision``.
"""

from dataclasses import dataclass
from typing import Callable, Dict, Tuple

# The compute capability of an NVIDIA GPU, as (8, 7).
Capability = Tuple[int, int]


@dataclass(frozen=True)
class Precision:
    """A precision on the devices that may run it.

    Attributes:
        name: in the manifest, in the names of files, and for users.
        runs_on: whether an NVIDIA GPU of some compute capability runs it.
        rounding: the float type that rounds about as much, for comparisons of engines.
        builder_flags: of TensorRT, which let its types in where the model does not set them alone.
        quantized: whether the model has QuantizeLinear nodes.
        runs_on_dla: whether TensorRT puts its layers on the deep learning accelerator.
    """

    name: str
    runs_on: Callable[[Capability], bool]
    rounding: str
    builder_flags: Tuple[str, ...] = ()
    quantized: bool = False
    runs_on_dla: bool = False


def _runs_float16(capability: Capability) -> bool:
    return capability >= (7, 0) or capability in ((5, 3), (6, 0), (6, 2))


def _runs_int8(capability: Capability) -> bool:
    return capability >= (7, 0) or capability == (6, 1)


# The widest first: on a GPU the last one is the fastest, on a CPU the first one is.
#
# ``runs_on`` is from the table "Hardware and Precision" of NVIDIA's TensorRT Support Matrix, for
# capabilities below 7.0 from that of TensorRT 5 to 8:
# https://docs.nvidia.com/deeplearning/tensorrt/support-matrix and
# https://docs.nvidia.com/deeplearning/tensorrt/archives/. All GPUs from 7.0 on run every one;
# those that are newer than the table are taken to run them too.
_TABLE = (
    Precision("fp32", lambda capability: True, "float32"),
    Precision("fp16", _runs_float16, "float16", ("FP16",), runs_on_dla=True),
    Precision("int8", _runs_int8, "bfloat16", ("FP16", "INT8"), quantized=True),
)

PRECISION_TABLE: Dict[str, Precision] = {one.name: one for one in _TABLE}
PRECISIONS = tuple(PRECISION_TABLE)
# Every bundle has it: the others are made from it, and measured against it.
FP32 = PRECISIONS[0]
NARROW_PRECISIONS = PRECISIONS[1:]


def model_file_name(precision: str) -> str:
    """Return the name of a precision's ONNX file in a bundle."""
    return f"{precision}.onnx"
