"""The builder: a plan that carries the ONNX, or None and a message."""

import operator
import sys
from typing import Any, Dict, List, Optional

from test.tensorrt_double.checks import Refused, check, fast_fp16, fast_int8
from test.tensorrt_double.config import initial_flags
from test.tensorrt_double.foundations import host_memory, report, require
from test.tensorrt_double.plan import Plan, Tensor
from test.tensorrt_double.plugins import why_not_compatible
from test.tensorrt_double.surface import Bound


class Builder(Bound):
    """Makes networks, configurations and plans."""

    def __init__(self, logger: Any) -> None:
        api = self._api
        self._constructed = True
        self._logger = require(api.ILogger, logger)
        if not api.machine.visible():
            report(api, logger, "ERROR", "CUDA initialization failure with error: 100")
            raise TypeError("pybind11::init(): factory function returned nullptr")

    @property
    def logger(self) -> Any:
        """The one it was made with."""
        return self._logger

    def create_network(self, flags: int = 0) -> Any:
        """An empty network."""
        api, bits = self._api, operator.index(flags)
        known = api.NetworkDefinitionCreationFlag.__members__
        if bits >> (1 + max(int(flag) for flag in known.values())):
            report(api, self._logger, "ERROR", f"createNetworkV2: there are no flags {bits:#b}")
            return None
        strong = known.get("STRONGLY_TYPED")
        explicit = known.get("EXPLICIT_BATCH")
        return api.INetworkDefinition._make(
            builder=self,
            model=None,
            inputs=[],
            outputs=[],
            layers=[],
            plugins=[],
            name="",
            flags=bits,
            explicit_batch=api.major >= 10 or bool(explicit and bits >> int(explicit) & 1),
            strong=api.major >= 11 or bool(strong and bits >> int(strong) & 1),
        )

    def create_builder_config(self) -> Any:
        """With TF32 and no limits."""
        return self._api.IBuilderConfig._make(
            builder=self,
            options={},
            flags=initial_flags(self._api),
            pools={},
            profiles=[],
            cache=None,
        )

    def create_optimization_profile(self) -> Any:
        """An empty one."""
        return self._api.IOptimizationProfile._make(shapes={})

    @property
    def platform_has_fast_fp16(self) -> bool:
        """From the compute capability."""
        return fast_fp16(self._api.machine.capability)

    @property
    def platform_has_fast_int8(self) -> bool:
        """From the compute capability."""
        return fast_int8(self._api.machine.capability)

    @property
    def platform_has_tf32(self) -> bool:
        """From the compute capability."""
        return self._api.machine.capability >= (8, 0)

    @property
    def num_DLA_cores(self) -> int:
        """How many the machine has."""
        return self._api.machine.dla_cores

    @property
    def max_threads(self) -> int:
        """Settable."""
        return getattr(self, "_threads", 1)

    @max_threads.setter
    def max_threads(self, number: int) -> None:
        self._threads = operator.index(number)

    def is_network_supported(self, network: Any, config: Any) -> bool:
        """Whether it would build."""
        try:
            check(self._api, network, config)
        except Refused:
            return False
        return True

    def build_serialized_network(self, network: Any, config: Any) -> Any:
        """The plan, or None with the reason in the log."""
        api = self._api
        require(api.INetworkDefinition, network)
        require(api.IBuilderConfig, config)
        for severity, message in api.machine.faults.before_build:
            report(api, self._logger, severity, message)
        try:
            check(api, network, config)
            _check_plugins(api, network, config)
            _watch(api, network, config)
        except Refused as refused:
            report(api, self._logger, "ERROR", str(refused))
            return None
        report(api, self._logger, "INFO", "Engine generation completed.")
        return host_memory(api, _plan(api, network, config).to_bytes())


def _check_plugins(api: Any, network: Any, config: Any) -> None:
    against = why_not_compatible(api, config, network._plugins)
    if against:
        raise Refused(f"Error Code 4: API Usage Error ({against})")


def _watch(api: Any, network: Any, config: Any) -> None:
    """Tell the monitor about two phases, one in the other; time what the cache does not know."""
    cache = config._cache
    entries = cache._entries if cache is not None else []
    outer, inner = "Building Engine", "Tactic Selection"
    monitor = _Monitor(config._get("monitor", None))
    monitor.phase_start(outer, None, 2)
    monitor.phase_start(inner, outer, len(network._layers))
    going = True
    for number, layer in enumerate(network._layers):
        if number == api.machine.faults.memory_after_layers:
            raise Refused("Error Code 2: OutOfMemory (Requested size was 268435456 bytes.)")
        going = going and monitor.step_complete(inner, number)
        if going and layer.name not in entries:
            entries.append(layer.name)
    monitor.phase_finish(inner)
    going = all(going and monitor.step_complete(outer, step) for step in range(2))
    monitor.phase_finish(outer)
    if not going:
        raise Refused("Error Code 4: Internal Error (The build was cancelled by the monitor.)")


class _Monitor:
    """Exceptions of the user's monitor are printed and end the build, as in the real one."""

    def __init__(self, monitor: Optional[Any]) -> None:
        self._monitor = monitor

    def _call(self, name: str, *arguments: Any) -> Any:
        if self._monitor is None:
            return True
        try:
            return getattr(self._monitor, name)(*arguments)
        except BaseException as error:
            print(f"[ERROR] Exception caught in {name}(): {error}", file=sys.stderr)
            return False

    def phase_start(self, phase: str, parent: Optional[str], steps: int) -> None:
        self._call("phase_start", phase, parent, steps)

    def step_complete(self, phase: str, step: int) -> bool:
        return bool(self._call("step_complete", phase, step))

    def phase_finish(self, phase: str) -> None:
        self._call("phase_finish", phase)


def _plan(api: Any, network: Any, config: Any) -> Plan:
    tensors = [
        Tensor(tensor.name, tensor._kind == "input", tensor._dtype.name, list(tensor._shape))
        for tensor in (*network._inputs, *network._outputs)
    ]
    return Plan(
        version=api.machine.version,
        compute_capability=list(api.machine.capability),
        name=network._name,
        tensors=tensors,
        layers=[_layer(layer, config) for layer in network._layers],
        profiles=[profile._shapes for profile in config._profiles] or [_fixed(network)],
        options=_options(api, network, config),
        onnx=network._model.SerializeToString(),
    )


def _fixed(network: Any) -> Dict[str, List[List[int]]]:
    return {tensor.name: [tensor._shape] * 3 for tensor in network._inputs}


def _layer(layer: Any, config: Any) -> Dict[str, Any]:
    precision = "HALF" if config._has("FP16") else "FLOAT"
    if getattr(layer, "_precision", None) is not None:
        precision = layer._precision.name
    return {
        "name": layer._name,
        "type": layer._type.name,
        "precision": precision,
        "inputs": [_typed(tensor, precision) for tensor in layer._inputs],
        "outputs": [_typed(tensor, precision) for tensor in layer._outputs],
    }


def _typed(tensor: Any, precision: str) -> Dict[str, Any]:
    """A tensor that has no other type has that of its layer."""
    dtype = tensor._dtype.name
    is_open = dtype == "FLOAT" and tensor._kind == "inner"
    return {
        "name": tensor.name,
        "type": precision if is_open else dtype,
        "shape": list(tensor._shape),
    }


def _options(api: Any, network: Any, config: Any) -> Dict[str, Any]:
    hardware = config.hardware_compatibility_level.name if api.at_least(8, 6) else "NONE"
    return {
        "verbosity": config.profiling_verbosity.name,
        "workspace": config._pools.get("WORKSPACE", 0),
        "hardware": hardware,
        "version_compatible": config._has("VERSION_COMPATIBLE"),
        "refit": config._has("REFIT"),
        "plugins": network._plugins,
        "libraries": config._get("libraries", []),
    }
