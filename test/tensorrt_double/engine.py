"""Engines: what their tensors are, by name or as bindings."""

import operator
from typing import Any, List, Optional

from test.tensorrt_double.foundations import host_memory, report, require
from test.tensorrt_double.model import Model
from test.tensorrt_double.plan import Plan, Tensor
from test.tensorrt_double.surface import Bound


class ICudaEngine(Bound):
    """A plan on a device."""

    _runtime: Any
    _plan: Plan
    _data: bytes
    _context: Any
    _model: Model

    @property
    def name(self) -> str:
        """The network's."""
        return self._plan.name

    @property
    def num_layers(self) -> int:
        """How many."""
        return len(self._plan.layers)

    @property
    def num_optimization_profiles(self) -> int:
        """At least one."""
        return len(self._plan.profiles)

    @property
    def device_memory_size(self) -> int:
        """Bytes that a context takes."""
        return 1 << 20

    @property
    def device_memory_size_v2(self) -> int:
        """Bytes that a context takes."""
        return 1 << 20

    @property
    def refittable(self) -> bool:
        """Whether it was built for it."""
        return bool(self._plan.options["refit"])

    @property
    def has_implicit_batch_dimension(self) -> bool:
        """Never: the parser refuses such networks."""
        return False

    @property
    def max_batch_size(self) -> int:
        """1 with an explicit batch."""
        return 1

    @property
    def profiling_verbosity(self) -> Any:
        """As it was built."""
        return getattr(self._api.ProfilingVerbosity, self._plan.options["verbosity"])

    @property
    def hardware_compatibility_level(self) -> Any:
        """As it was built."""
        return getattr(self._api.HardwareCompatibilityLevel, self._plan.options["hardware"])

    def serialize(self) -> Any:
        """The plan again."""
        return host_memory(self._api, self._data)

    def create_engine_inspector(self) -> Any:
        """Who tells what is in it."""
        return self._api.EngineInspector._make(engine=self, context=None)

    def create_execution_context(self, *strategy: Any, **named: Any) -> Any:
        """None, with a message, where the memory is full."""
        api = self._api
        if (strategy or named) and not api.at_least(10):
            raise TypeError("create_execution_context(): incompatible function arguments")
        return api.IExecutionContext._create(self)

    # Named tensors, from 8.5.

    @property
    def num_io_tensors(self) -> int:
        """Inputs and outputs."""
        return len(self._plan.tensors)

    def get_tensor_name(self, index: int) -> str:
        """By index."""
        return self._plan.tensors[operator.index(index)].name

    def get_tensor_mode(self, name: str) -> Any:
        """INPUT, OUTPUT, or NONE for an unknown name."""
        tensor = self._tensor(name)
        kind = "NONE" if tensor is None else "INPUT" if tensor.is_input else "OUTPUT"
        return getattr(self._api.TensorIOMode, kind)

    def get_tensor_shape(self, name: str) -> Any:
        """-1 where it is open; no dimensions for an unknown name."""
        tensor = self._tensor(name)
        return self._api.Dims([] if tensor is None else tensor.shape)

    def get_tensor_dtype(self, name: str) -> Any:
        """FLOAT for an unknown name."""
        tensor = self._tensor(name)
        return getattr(self._api.DataType, "FLOAT" if tensor is None else tensor.dtype)

    def get_tensor_location(self, name: str) -> Any:
        """Always the device."""
        self._tensor(name)
        return self._api.TensorLocation.DEVICE

    def get_tensor_format(self, name: str, *profile_index: int) -> Any:
        """Always linear."""
        self._tensor(name)
        return self._api.TensorFormat.LINEAR

    def get_tensor_bytes_per_component(self, name: str, *profile_index: int) -> int:
        """Only for vectorised formats."""
        self._tensor(name)
        return -1

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> List[Any]:
        """Least, best, greatest."""
        self._tensor(name)
        return self._profile(profile_index, name)

    def is_shape_inference_io(self, name: str) -> bool:
        """Never in the double."""
        self._tensor(name)
        return False

    def _profile(self, profile_index: int, name: str) -> List[Any]:
        shapes = self._plan.profiles[operator.index(profile_index)].get(name)
        if shapes is None:
            tensor = self._model.tensor(name)
            shapes = [tensor.shape if tensor is not None else []] * 3
        return [self._api.Dims(shape) for shape in shapes]

    def _tensor(self, name: str) -> Optional[Tensor]:
        tensor = self._model.tensor(require(str, name))
        if tensor is None:
            self._log("ERROR", f"ICudaEngine: Error Code 3: Given invalid tensor name: {name}")
        return tensor

    def _log(self, severity: str, message: str) -> None:
        report(self._api, self._runtime._logger, severity, message)

    # Bindings, before 10: all tensors once for each profile.

    @property
    def num_bindings(self) -> int:
        """Tensors times profiles."""
        return len(self._plan.tensors) * len(self._plan.profiles)

    def __len__(self) -> int:
        if self._api.at_least(10):
            raise TypeError("object of type 'tensorrt.tensorrt.ICudaEngine' has no len()")
        return self.num_bindings

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._plan.tensors):
            raise IndexError(index)
        return self._plan.tensors[index].name

    def get_binding_name(self, index: int) -> str:
        """The tensor's own name for the first profile; with a suffix for the others."""
        tensor = self._binding(index)
        profile = index // len(self._plan.tensors)
        return tensor.name + (f" [profile {profile}]" if profile else "")

    def get_binding_index(self, name: str) -> int:
        """-1 for an unknown name."""
        names = [self.get_binding_name(index) for index in range(self.num_bindings)]
        return names.index(name) if name in names else -1

    def binding_is_input(self, index: Any) -> bool:
        """By index or name."""
        return self._binding(index).is_input

    def get_binding_shape(self, index: Any) -> Any:
        """-1 where it is open."""
        return self._api.Dims(self._binding(index).shape)

    def get_binding_dtype(self, index: Any) -> Any:
        """By index or name."""
        return getattr(self._api.DataType, self._binding(index).dtype)

    def get_binding_format(self, index: int) -> Any:
        """Always linear."""
        self._binding(index)
        return self._api.TensorFormat.LINEAR

    def get_location(self, index: Any) -> Any:
        """Always the device."""
        self._binding(index)
        return self._api.TensorLocation.DEVICE

    def get_profile_shape(self, profile_index: int, binding: Any) -> List[Any]:
        """Least, best, greatest."""
        return self._profile(profile_index, self._binding(binding).name)

    def is_shape_binding(self, binding: int) -> bool:
        """Never in the double."""
        self._binding(binding)
        return False

    def is_execution_binding(self, binding: int) -> bool:
        """Always in the double."""
        self._binding(binding)
        return True

    def _binding(self, index: Any) -> Tensor:
        number = self.get_binding_index(index) if isinstance(index, str) else index
        count = len(self._plan.tensors) * len(self._plan.profiles)
        if not 0 <= operator.index(number) < count:
            self._api.machine.fail(f"there is no binding {index!r}: the real engine reads garbage")
        return self._plan.tensors[number % len(self._plan.tensors)]

    def __del__(self) -> None:
        self._api.machine.free_memory += len(getattr(self, "_data", b""))
        context = getattr(self, "_context", None)
        if context is not None and not context.alive:
            self._api.machine.note("an engine was freed after its context was detached")
