"""The memory of one frame: page-locked arrays and what the GPU sees of them, allocated once."""

from contextlib import ExitStack
from typing import Any, Dict, List, Mapping

import numpy as np

from trt_inference.engines.tensorrt.cuda.base import Copy, Cuda, DeviceMemory
from trt_inference.engines.tensorrt.io_tensors import IoTensor
from trt_inference.errors import EngineError

_ALIGNMENT = 256  # bytes, which TensorRT asks of every address


class BufferSet:
    """Arrays for all inputs and outputs of an engine, and their addresses on the GPU.

    Attributes:
        arrays: page-locked, by name; inputs are written into, outputs are read.
        outputs: those of them that are read.
        addresses: of each tensor on the GPU, by name.
    """

    def __init__(
        self, cuda: Cuda, tensors: Mapping[str, IoTensor], zero_copy: bool = False
    ) -> None:
        """
        Args:
            zero_copy: the GPU works on the arrays themselves, without copies: for GPUs that share
                the memory of the processor, as those of Jetsons do.

        Raises:
            cuda.out_of_memory: there is not enough memory.
        """
        self._cuda, self._tensors, self._zero_copy = cuda, tensors, zero_copy
        self.arrays: Dict[str, np.ndarray] = {}
        self.addresses: Dict[str, int] = {}
        self._allocations: Dict[str, DeviceMemory] = {}
        for name, tensor in tensors.items():
            array = cuda.page_locked(tensor.shape, tensor.dtype, mapped=zero_copy)
            array.fill(0)
            self.arrays[name] = array
            self.addresses[name] = self._place(name, array)
        self.outputs = {
            name: array for name, array in self.arrays.items() if not tensors[name].is_input
        }
        # Prepared once, so that no frame asks again.
        self._inputs = self._copies(inputs=True)
        self._outputs = self._copies(inputs=False)

    def _place(self, name: str, array: np.ndarray) -> int:
        if self._zero_copy:
            address = self._cuda.address_of(array)
        else:
            self._allocations[name] = self._cuda.allocate(array.nbytes)
            address = int(self._allocations[name])
        if address % _ALIGNMENT:
            raise EngineError(f"the GPU gave {name} the address {address:#x}, not on {_ALIGNMENT}")
        return address

    def bindings(self) -> List[int]:
        """The addresses by number, as TensorRT before 8.5 takes them."""
        ordered = sorted(self._tensors.values(), key=lambda tensor: tensor.index)
        return [self.addresses[tensor.name] for tensor in ordered]

    def copy_in(self, stream: Any) -> None:
        """Put the copies of all inputs to the GPU on ``stream``."""
        for copy in self._inputs:
            copy(stream)

    def copy_out(self, stream: Any) -> None:
        """Put the copies of all outputs from the GPU on ``stream``."""
        for copy in self._outputs:
            copy(stream)

    def free(self) -> None:
        """Give the memory back, on the thread that took it. Nothing may run on it any more."""
        self._inputs = self._outputs = []
        self.outputs = {}
        self.arrays.clear()
        with ExitStack() as stack:  # all of them, also when one fails
            for allocation in self._allocations.values():
                stack.callback(allocation.free)
            self._allocations.clear()

    def _copies(self, inputs: bool) -> List[Copy]:
        cuda, arrays = self._cuda, self.arrays
        return [
            cuda.upload(memory, arrays[name]) if inputs else cuda.download(arrays[name], memory)
            for name, memory in self._allocations.items()
            if self._tensors[name].is_input == inputs
        ]
