"""Execution contexts: shapes, addresses, and work that is put on a stream."""

import operator
import time
import zlib
from typing import Any, Dict, List, Tuple

import numpy as np

from test.tensorrt_double.errors import Error
from test.tensorrt_double.foundations import address, require, sizes
from test.tensorrt_double.machine import Machine
from test.tensorrt_double.memory import ALIGNMENT, Block, device_block
from test.tensorrt_double.model import NUMPY, Model, Shapes, size_in_bytes
from test.tensorrt_double.plan import Tensor
from test.tensorrt_double.streams import Operation, stream_of_handle
from test.tensorrt_double.surface import Bound

Places = Dict[str, Tuple[Block, int]]


class Inference(Operation):
    """One run of the model on what lies at these places."""

    def __init__(self, machine: Machine, model: Model, places: Places, shapes: Shapes) -> None:
        self._machine, self._model, self._places, self._shapes = machine, model, places, shapes
        self.reads = [places[tensor.name][0] for tensor in model.inputs]
        self.writes = [places[tensor.name][0] for tensor in model.outputs]

    def prepare(self) -> List[int]:
        """Note what is in inputs that the host can change; poison outputs that it can read."""
        for block in self.writes:
            block.require_alive(self._machine, "an engine got")
            if block.written is None:
                block.forget()
        return [zlib.crc32(b.data.data) if b.written is None else 0 for b in self.reads]

    def run(self, prepared: List[int]) -> None:
        inputs = {tensor.name: self._read(tensor) for tensor in self._model.inputs}
        for block, noted in zip(self.reads, prepared):
            if noted and zlib.crc32(block.data.data) != noted:
                self._machine.fail(f"{block.what} was changed while an engine was to read it")
        for name, array in self._model.run(inputs).items():
            block, start = self._places[name]
            block.require_alive(self._machine, "an engine writes")
            block.write(start, array.reshape(-1).view(np.uint8))
        self._machine.counters.executed += 1

    def _read(self, tensor: Tensor) -> np.ndarray:
        block, start = self._places[tensor.name]
        shape = self._shapes[tensor.name]
        size = size_in_bytes(tensor.dtype, shape)
        block.require_written(self._machine, f"input '{tensor.name}' reads", start, size)
        return block.data[start : start + size].view(NUMPY[tensor.dtype]).reshape(shape)


class IExecutionContext(Bound):
    """One user of an engine."""

    _engine: Any
    _context: Any
    _shapes: Shapes
    _places: Dict[str, int]
    _memory: int

    @classmethod
    def _create(cls, engine: Any) -> Any:
        machine = cls._api.machine
        size = 1 << 20
        if machine.faults.create_execution_context or size > machine.free_memory:
            engine._log(
                "ERROR",
                "[defaultAllocator.cpp::allocateAsync::48] Error Code 1: Cuda Runtime (out of "
                "memory)",
            )
            engine._log("ERROR", "Error Code 2: OutOfMemory (no further information)")
            return None
        machine.free_memory -= size
        machine.counters.execution_contexts += 1
        machine.count_live("execution_contexts", 1)
        return cls._make(
            engine=engine,
            context=machine.current(),
            shapes={},
            places={},
            memory=size,
            warm=None,
            profile=0,
            profiler_=None,
            emits=True,
            last=None,
            name_="",
        )

    @property
    def engine(self) -> Any:
        """Whose it is."""
        return self._engine

    @property
    def name(self) -> str:
        """Settable."""
        return self._name_

    @name.setter
    def name(self, name: str) -> None:
        self._name_ = name

    @property
    def active_optimization_profile(self) -> int:
        """0 at first."""
        return self._profile

    def set_optimization_profile_async(self, profile_index: int, stream_handle: int) -> bool:
        """Choose a profile; the shapes are to be set again."""
        if not 0 <= operator.index(profile_index) < len(self._engine._plan.profiles):
            if self._api.at_least(10):
                return self._refuse(f"there is no optimization profile {profile_index}")
            raise RuntimeError("Error in set optimization profile async.")
        stream_of_handle(self._api.machine, address(stream_handle), "an execution context")
        self._profile, self._shapes = profile_index, {}
        return True

    @property
    def all_binding_shapes_specified(self) -> bool:
        """Whether all inputs have a shape."""
        return not self._missing()

    @property
    def all_shape_inputs_specified(self) -> bool:
        """There are none."""
        return True

    @property
    def profiler(self) -> Any:
        """Who is told the times of layers."""
        return self._profiler_

    @profiler.setter
    def profiler(self, profiler: Any) -> None:
        self._profiler_ = require(self._api.IProfiler, profiler)

    @property
    def enqueue_emits_profile(self) -> bool:
        """Whether execution waits and tells, or ``report_to_profiler`` does."""
        return self._emits

    @enqueue_emits_profile.setter
    def enqueue_emits_profile(self, emits: bool) -> None:
        self._emits = require(bool, emits)

    def report_to_profiler(self) -> bool:
        """Tell the times of the last run, which must be over."""
        if self._profiler_ is None or self._last is None:
            return self._refuse("there is no profiler, or nothing ran")
        self._tell_times()
        return True

    def _tell_times(self) -> None:
        for layer in self._engine._plan.layers:
            self._profiler_.report_layer_time(layer["name"], 0.001)

    # Named tensors, from 8.5.

    def set_input_shape(self, name: str, shape: Any) -> bool:
        """False, with a message, outside of the profile."""
        return self._set_shape(require(str, name), sizes(shape))

    def get_tensor_shape(self, name: str) -> Any:
        """-1 for outputs while an input has no shape."""
        tensor = self._engine._tensor(name)
        return self._api.Dims([] if tensor is None else self._shape(tensor))

    def set_tensor_address(self, name: str, memory: Any) -> bool:
        """False, with a message, for an unknown name."""
        if self._engine._tensor(name) is None:
            return False
        where = address(memory)
        self._place(name, where)
        self._places[name] = where
        return True

    def get_tensor_address(self, name: str) -> int:
        """0 if it was not set."""
        return self._places.get(name, 0)

    def infer_shapes(self) -> List[str]:
        """The inputs that have no shape yet."""
        return self._missing()

    def execute_async_v3(self, stream_handle: Any) -> bool:
        """False, with a message, if something was not set."""
        for tensor in self._engine._plan.tensors:
            if tensor.name not in self._places:
                kind = "input" if tensor.is_input else "output"
                return self._refuse(
                    f"Neither address or allocator is set for {kind} tensor {tensor.name}. Call "
                    "setTensorAddress before enqueue/execute."
                )
        return self._enqueue(self._places, address(stream_handle))

    # Bindings, before 10.

    def set_binding_shape(self, binding: int, shape: Any) -> bool:
        """False, with a message, outside of the profile."""
        return self._set_shape(self._engine._binding(binding).name, sizes(shape))

    def get_binding_shape(self, binding: int) -> Any:
        """-1 for outputs while an input has no shape."""
        return self._api.Dims(self._shape(self._engine._binding(binding)))

    def execute_async_v2(
        self, bindings: List[Any], stream_handle: Any, input_consumed: Any = None
    ) -> bool:
        """``bindings``: one address for each binding."""
        return self._enqueue(self._of_bindings(bindings), address(stream_handle))

    def execute_v2(self, bindings: List[Any]) -> bool:
        """The same, and wait."""
        machine = self._api.machine
        done = self._enqueue(self._of_bindings(bindings), 0)
        if done:
            machine.synchronizing("executeV2")
            machine.streams[0].flush()
        return done

    def _of_bindings(self, bindings: List[Any]) -> Dict[str, int]:
        tensors = self._engine._plan.tensors
        count = len(tensors) * (1 if self._api.at_least(10) else len(self._engine._plan.profiles))
        if not isinstance(bindings, list) or len(bindings) != count:
            self._api.machine.fail(f"bindings must be a list of {count} addresses: {bindings!r}")
        first = len(tensors) * self._profile if count > len(tensors) else 0
        numbers = [address(binding) for binding in bindings[first : first + len(tensors)]]
        return {tensor.name: number for tensor, number in zip(tensors, numbers)}

    # What both have in common.

    def _set_shape(self, name: str, shape: Tuple[int, ...]) -> bool:
        tensor = self._engine._model.tensor(name)
        if tensor is None or not tensor.is_input:
            return self._refuse(f"Given invalid tensor name: {name}. It is no input.")
        least, _, most = self._engine._plan.profiles[self._profile].get(name, [tensor.shape] * 3)
        inside = len(shape) == len(least) and all(
            a <= size <= b for a, size, b in zip(least, shape, most)
        )
        if not inside:
            return self._refuse(
                f"Error Code 3: API Usage Error (Parameter check failed: {name} has the shape "
                f"{shape}, not within {least} and {most} of optimization profile {self._profile})"
            )
        self._shapes[name] = shape
        return True

    def _input_shapes(self) -> Shapes:
        fixed = {
            tensor.name: tuple(tensor.shape)
            for tensor in self._engine._model.inputs
            if -1 not in tensor.shape
        }
        return {**fixed, **self._shapes}

    def _missing(self) -> List[str]:
        known = self._input_shapes()
        return [t.name for t in self._engine._model.inputs if t.name not in known]

    def _shape(self, tensor: Tensor) -> Tuple[int, ...]:
        known = self._input_shapes()
        if tensor.is_input or self._missing():
            return known.get(tensor.name, tuple(tensor.shape))
        return self._engine._model.output_shapes(known)[tensor.name]

    def _place(self, name: str, where: int) -> Tuple[Block, int]:
        machine = self._api.machine
        if where % ALIGNMENT:
            machine.fail(f"the address {where:#x} of '{name}' is no multiple of {ALIGNMENT}")
        return device_block(machine, where, f"tensor '{name}' got")

    def _enqueue(self, addresses: Dict[str, int], handle: int) -> bool:
        machine, engine = self._api.machine, self._engine
        stream = stream_of_handle(machine, handle, "execute_async")
        if machine.current() is None:
            machine.fail("an engine was executed in a thread where no context is current")
        if self._missing():
            return self._refuse(f"no shape was set for the input {', '.join(self._missing())}")
        try:
            machine.check("enqueue")
        except Error as error:
            return self._refuse(f"Error Code 1: Cuda Runtime ({error})")
        if machine.faults.execute:
            return self._refuse("Error Code 1: Cuda Driver (the execution fails)")
        logger = machine.plugin_logger
        if engine._plan.options["plugins"] and logger is not None and logger() is None:
            machine.fail("a plugin runs whose logger is gone: register plugins with one that stays")
        shapes = self._input_shapes()
        places = {name: self._place(name, where) for name, where in addresses.items()}
        for tensor in engine._plan.tensors:
            self._check_room(tensor, places[tensor.name])
        if stream.capture is not None and not self._may_capture(stream.capture, shapes):
            return False
        stream.enqueue(Inference(machine, engine._model, places, shapes))
        machine.counters.enqueued += 1
        self._warm, self._last = dict(shapes), time.perf_counter()
        if self._profiler_ is not None and self._emits and stream.capture is None:
            stream.flush()
            self._tell_times()
        return True

    def _check_room(self, tensor: Tensor, place: Tuple[Block, int]) -> None:
        block, start = place
        needed = size_in_bytes(tensor.dtype, self._shape(tensor))
        if start + needed > block.size:
            self._api.machine.fail(
                f"tensor '{tensor.name}' needs {needed} bytes, more than {block.what} has"
            )

    def _may_capture(self, capture: Any, shapes: Shapes) -> bool:
        """The first run with new shapes prepares what a graph cannot hold."""
        if self._warm == shapes and self._api.machine.faults.capture != "execute":
            return True
        capture.invalid = True
        return self._refuse(
            "Error Code 1: Cuda Runtime (operation not permitted when stream is capturing)"
        )

    def _refuse(self, message: str) -> bool:
        self._engine._log("ERROR", f"IExecutionContext: {message}")
        return False

    def __del__(self) -> None:
        machine, context = self._api.machine, getattr(self, "_context", None)
        if getattr(self, "_memory", 0):
            machine.free_memory += self._memory
            machine.count_live("execution_contexts", -1)
        if context is not None and not context.alive:
            machine.note("an execution context was freed after its context was detached")
