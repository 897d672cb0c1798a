"""What is in a plan of the double: who built it, what for, and the ONNX that it runs."""

import json
import struct
import zlib
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Tuple

MAGIC = b"TENSORRT DOUBLE\0"


@dataclass
class Tensor:
    """An input or output of the engine."""

    name: str
    is_input: bool
    dtype: str  # a name of trt.DataType
    shape: List[int]  # -1: open


@dataclass
class Plan:
    """A built engine."""

    version: str
    compute_capability: List[int]
    name: str
    tensors: List[Tensor]
    layers: List[Dict[str, Any]]  # name, type, precision, inputs, outputs
    # By profile and name of the input: the least, best and greatest shape.
    profiles: List[Dict[str, List[List[int]]]]
    options: Dict[str, Any] = field(default_factory=dict)
    onnx: bytes = b""

    def to_bytes(self) -> bytes:
        """As ``from_bytes`` reads it."""
        header = {key: value for key, value in asdict(self).items() if key != "onnx"}
        text = json.dumps(header).encode()
        content = struct.pack("<Q", len(text)) + text + self.onnx
        return MAGIC + struct.pack("<I", zlib.crc32(content)) + content

    @classmethod
    def from_bytes(cls, data: bytes) -> "Plan":
        """
        Raises:
            ValueError: it is no plan, or not whole.
        """
        start = len(MAGIC) + 4
        content = data[start:]
        if not data.startswith(MAGIC) or len(content) < 8:
            raise ValueError("Magic tag does not match")
        if struct.unpack("<I", data[len(MAGIC) : start])[0] != zlib.crc32(content):
            raise ValueError("the plan is not whole")
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        header["tensors"] = [Tensor(**tensor) for tensor in header["tensors"]]
        return cls(onnx=content[8 + length :], **header)

    def device(self) -> Tuple[int, int]:
        """The compute capability that it was built for."""
        return (self.compute_capability[0], self.compute_capability[1])
