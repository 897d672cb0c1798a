"""What the builder is told: flags, memory, profiles, the timing cache, the progress monitor."""

import json
import operator
from typing import Any, Dict, List, Optional

from test.tensorrt_double.foundations import buffer_bytes, host_memory, report, require, sizes
from test.tensorrt_double.surface import Bound

DLA_LAYERS = {"CONVOLUTION", "DECONVOLUTION", "POOLING", "ACTIVATION", "ELEMENTWISE"}
CACHE_MAGIC = b"TIMING CACHE OF THE DOUBLE\0"


class IOptimizationProfile(Bound):
    """The range of shapes of each open input."""

    _shapes: Dict[str, List[List[int]]]

    def set_shape(self, input: str, min: Any, opt: Any, max: Any) -> None:
        """All three have the input's rank, and do not shrink from the first to the last."""
        require(str, input)
        shapes = [list(sizes(shape)) for shape in (min, opt, max)]
        for name, less, more in (("opt", 0, 1), ("max", 1, 2)):
            pairs = list(zip(shapes[less], shapes[more]))
            if len(shapes[less]) != len(shapes[more]) or any(a > b for a, b in pairs):
                raise RuntimeError(f"Shape provided for {name} is inconsistent with other shapes.")
        if any(size < 0 for size in shapes[0]):
            raise RuntimeError("Shape provided for min is inconsistent with other shapes.")
        self._shapes[input] = shapes

    def get_shape(self, input: str) -> List[Any]:
        """Least, best, greatest; nothing if it was not set."""
        return [self._api.Dims(shape) for shape in self._shapes.get(input, [])]

    def __bool__(self) -> bool:
        return True


class ITimingCache(Bound):
    """How long each tactic took."""

    _entries: List[str]

    def serialize(self) -> Any:
        """As bytes."""
        machine = self._api.machine
        content = {
            "version": machine.version,
            "device": machine.device_name,
            "compute_capability": machine.capability,
            "entries": self._entries,
        }
        return host_memory(self._api, CACHE_MAGIC + json.dumps(content).encode())

    def combine(self, input_cache: Any, ignore_mismatch: bool) -> bool:
        """Take over what another one has."""
        require(self._api.ITimingCache, input_cache)
        self._entries.extend(e for e in input_cache._entries if e not in self._entries)
        return True

    def reset(self) -> bool:
        """Forget all."""
        self._entries.clear()
        return True


class IBuilderConfig(Bound):
    """One build."""

    _builder: Any
    _options: Dict[str, Any]
    _flags: int
    _pools: Dict[str, int]
    _profiles: List[Any]
    _cache: Optional[Any]

    def set_flag(self, flag: Any) -> None:
        """Set one."""
        self._flags |= 1 << int(require(self._api.BuilderFlag, flag))

    def clear_flag(self, flag: Any) -> None:
        """Clear one."""
        self._flags &= ~(1 << int(require(self._api.BuilderFlag, flag)))

    def get_flag(self, flag: Any) -> bool:
        """Whether it is set."""
        return bool(self._flags >> int(require(self._api.BuilderFlag, flag)) & 1)

    def _has(self, name: str) -> bool:
        """Whether the version has the flag, and it is set."""
        flag = getattr(self._api.BuilderFlag, name, None)
        return flag is not None and self.get_flag(flag)

    @property
    def flags(self) -> int:
        """All as bits."""
        return self._flags

    @flags.setter
    def flags(self, flags: int) -> None:
        self._flags = operator.index(flags)

    @property
    def max_workspace_size(self) -> int:
        """Bytes."""
        return self._pools.get("WORKSPACE", 0)

    @max_workspace_size.setter
    def max_workspace_size(self, size: int) -> None:
        self._pools["WORKSPACE"] = operator.index(size)

    def set_memory_pool_limit(self, pool: Any, pool_size: int) -> None:
        """Bytes of one pool."""
        name = require(self._api.MemoryPoolType, pool).name
        self._pools[name] = operator.index(pool_size)

    def get_memory_pool_limit(self, pool: Any) -> int:
        """Bytes of one pool."""
        return self._pools.get(require(self._api.MemoryPoolType, pool).name, 0)

    def add_optimization_profile(self, profile: Any) -> int:
        """Its index."""
        self._profiles.append(require(self._api.IOptimizationProfile, profile))
        return len(self._profiles) - 1

    @property
    def num_optimization_profiles(self) -> int:
        """How many."""
        return len(self._profiles)

    def create_timing_cache(self, serialized_timing_cache: Any) -> Any:
        """From bytes, or a new one from none; None for those of another version or device."""
        data = buffer_bytes(serialized_timing_cache)
        if not data:
            return self._api.ITimingCache._make(entries=[])
        try:
            if not data.startswith(CACHE_MAGIC):
                raise ValueError("magic")
            content = json.loads(data[len(CACHE_MAGIC) :])
            if content["version"] != self._api.machine.version:
                raise ValueError("version")
        except ValueError as error:
            self._log("ERROR", f"[timingCache.cpp] The timing cache cannot be read: {error}")
            return None
        cache = self._api.ITimingCache._make(entries=content["entries"])
        cache._device = (content["device"], tuple(content["compute_capability"]))
        return cache

    def set_timing_cache(self, cache: Any, ignore_mismatch: bool) -> bool:
        """Use it, unless it is another device's."""
        require(self._api.ITimingCache, cache)
        machine = self._api.machine
        here = (machine.device_name, machine.capability)
        if getattr(cache, "_device", here) != here and not ignore_mismatch:
            self._log("ERROR", "The timing cache was made on another device")
            return False
        self._cache = cache
        return True

    def get_timing_cache(self) -> Any:
        """What was set, or None."""
        return self._cache

    def _log(self, severity: str, message: str) -> None:
        report(self._api, self._builder._logger, severity, message)

    def _get(self, name: str, default: Any) -> Any:
        return self._options.get(name, default)

    @property
    def builder_optimization_level(self) -> int:
        """0 to 5."""
        return self._get("level", 3)

    @builder_optimization_level.setter
    def builder_optimization_level(self, level: int) -> None:
        if not 0 <= operator.index(level) <= 5:
            self._log("ERROR", f"the optimization level {level} is not between 0 and 5")
            return
        self._options["level"] = level

    @property
    def avg_timing_iterations(self) -> int:
        """How often a tactic is timed."""
        return self._get("iterations", 1)

    @avg_timing_iterations.setter
    def avg_timing_iterations(self, number: int) -> None:
        self._options["iterations"] = operator.index(number)

    @property
    def progress_monitor(self) -> Any:
        """Who is told about the build."""
        return self._get("monitor", None)

    @progress_monitor.setter
    def progress_monitor(self, monitor: Any) -> None:
        if monitor is not None:
            require(self._api.IProgressMonitor, monitor)
        self._options["monitor"] = monitor

    @property
    def profiling_verbosity(self) -> Any:
        """How much the plan tells the inspector."""
        return self._get("verbosity", self._api.ProfilingVerbosity(0))

    @profiling_verbosity.setter
    def profiling_verbosity(self, verbosity: Any) -> None:
        self._options["verbosity"] = require(self._api.ProfilingVerbosity, verbosity)

    @property
    def hardware_compatibility_level(self) -> Any:
        """What other devices the plan shall run on."""
        return self._get("hardware", self._api.HardwareCompatibilityLevel.NONE)

    @hardware_compatibility_level.setter
    def hardware_compatibility_level(self, level: Any) -> None:
        self._options["hardware"] = require(self._api.HardwareCompatibilityLevel, level)

    @property
    def plugins_to_serialize(self) -> List[str]:
        """The libraries of plugins that go into a plan for other versions."""
        return list(self._get("libraries", []))

    @plugins_to_serialize.setter
    def plugins_to_serialize(self, libraries: List[str]) -> None:
        self._options["libraries"] = [require(str, one) for one in libraries]

    @property
    def default_device_type(self) -> Any:
        """GPU or DLA."""
        return self._get("device", self._api.DeviceType.GPU)

    @default_device_type.setter
    def default_device_type(self, kind: Any) -> None:
        self._options["device"] = require(self._api.DeviceType, kind)

    @property
    def DLA_core(self) -> int:
        """Its number."""
        return self._get("dla", -1)

    @DLA_core.setter
    def DLA_core(self, core: int) -> None:
        self._options["dla"] = operator.index(core)

    @property
    def engine_capability(self) -> Any:
        """Standard, unless it was set."""
        return self._get("capability", self._api.EngineCapability.STANDARD)

    @engine_capability.setter
    def engine_capability(self, capability: Any) -> None:
        self._options["capability"] = require(self._api.EngineCapability, capability)

    @property
    def max_aux_streams(self) -> int:
        """-1: TensorRT chooses."""
        return self._get("aux", -1)

    @max_aux_streams.setter
    def max_aux_streams(self, number: int) -> None:
        self._options["aux"] = operator.index(number)

    def set_tactic_sources(self, tactic_sources: int) -> bool:
        """Which libraries may be used, as bits."""
        self._options["sources"] = operator.index(tactic_sources)
        return True

    def get_tactic_sources(self) -> int:
        """All, unless it was set."""
        values = self._api.TacticSource.__members__.values()
        return self._get("sources", sum(1 << int(source) for source in values))

    def can_run_on_DLA(self, layer: Any) -> bool:
        """Whether the machine has one, and the layer is of the usual kinds."""
        kind = require(self._api.ILayer, layer)._type.name
        return self._api.machine.dla_cores > 0 and kind in DLA_LAYERS

    def set_device_type(self, layer: Any, device_type: Any) -> None:
        """Where this layer runs."""
        places = self._options.setdefault("places", {})
        places[require(self._api.ILayer, layer)._name] = require(self._api.DeviceType, device_type)

    def get_device_type(self, layer: Any) -> Any:
        """Where this layer runs."""
        return self._get("places", {}).get(layer._name, self.default_device_type)

    def is_device_type_set(self, layer: Any) -> bool:
        """Whether somebody did."""
        return layer._name in self._get("places", {})

    def reset(self) -> None:
        """As new."""
        self._flags, self._cache = initial_flags(self._api), None
        self._options.clear()
        self._pools.clear()
        self._profiles.clear()


def initial_flags(api: Any) -> int:
    """TF32 is on from the start."""
    return 1 << int(api.BuilderFlag.TF32)
