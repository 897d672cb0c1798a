"""The runtime, and why it does not take a plan."""

import operator
from typing import Any

from test.tensorrt_double.foundations import buffer_bytes, report, require
from test.tensorrt_double.model import Model
from test.tensorrt_double.plan import Plan
from test.tensorrt_double.plugins import KNOWN, LIBRARY_OF_COMPATIBLE
from test.tensorrt_double.surface import Bound

FAILED = (
    "[runtime.cpp::deserializeCudaEngine::66] Error Code 4: Internal Error (Engine "
    "deserialization failed.)"
)


NO_MEMORY = "[defaultAllocator.cpp::allocate::20] Error Code 1: Cuda Runtime (out of memory)"


class Unreadable(Exception):
    """Why there is no engine; logged, and None returned."""


class Runtime(Bound):
    """Reads plans."""

    def __init__(self, logger: Any) -> None:
        self._constructed = True
        self._logger = require(self._api.ILogger, logger)

    @property
    def logger(self) -> Any:
        """The one it was made with."""
        return self._logger

    @property
    def num_DLA_cores(self) -> int:
        """How many the machine has."""
        return self._api.machine.dla_cores

    @property
    def DLA_core(self) -> int:
        """Settable."""
        return getattr(self, "_core", -1)

    @DLA_core.setter
    def DLA_core(self, core: int) -> None:
        self._core = operator.index(core)

    @property
    def max_threads(self) -> int:
        """Settable."""
        return getattr(self, "_threads", 1)

    @max_threads.setter
    def max_threads(self, number: int) -> None:
        self._threads = operator.index(number)

    @property
    def engine_host_code_allowed(self) -> bool:
        """Needed for plans that are compatible with other versions."""
        return getattr(self, "_host_code", False)

    @engine_host_code_allowed.setter
    def engine_host_code_allowed(self, allowed: bool) -> None:
        self._host_code = require(bool, allowed)

    def deserialize_cuda_engine(self, serialized_engine: Any) -> Any:
        """The engine, or None with the reason in the log."""
        machine = self._api.machine
        if not machine.visible():
            machine.fail("a Runtime without a driver crashes the process: ask pycuda first")
        data = buffer_bytes(serialized_engine)
        try:
            plan = self._readable(data)
            self._find_plugins(plan)
            machine.raise_sticky("deserializeCudaEngine")
        except Unreadable as reason:
            for message in (str(reason), FAILED):
                report(self._api, self._logger, "ERROR", message)
            return None
        if plan.options["version_compatible"] and plan.version != machine.version:
            report(self._api, self._logger, "WARNING", f"A plan of {plan.version} is run")
        if len(data) > machine.free_memory:
            for message in (NO_MEMORY, FAILED):
                report(self._api, self._logger, "ERROR", message)
            return None
        machine.free_memory -= len(data)
        return self._api.ICudaEngine._make(
            runtime=self, plan=plan, data=data, context=machine.current(), model=Model(plan)
        )

    def _readable(self, data: bytes) -> Plan:
        machine, new = self._api.machine, self._api.at_least(8, 6)
        try:
            plan = Plan.from_bytes(data)
        except ValueError as error:
            raise Unreadable(
                "[stdArchiveReader.cpp::StdArchiveReader::32] Error Code 1: Serialization "
                "(Serialization assertion magicTagRead == kMAGIC_TAG failed.Magic tag does not "
                f"match) [{error}]"
            ) from error
        other = plan.version != machine.version
        if plan.options["version_compatible"]:
            if not self._host_code_allowed():
                raise Unreadable(
                    "Error Code 3: API Usage Error (a version compatible engine contains host "
                    "code, which is not allowed: engineHostCodeAllowed)"
                )
            other = plan.version.split(".")[0] > machine.version.split(".")[0]
        if other and new:
            raise Unreadable(
                "[runtime.cpp::parsePlan::314] Error Code 1: Serialization (The engine plan file "
                "is not compatible with this version of TensorRT, expecting library version "
                f"{machine.version} got {plan.version}, please rebuild.)"
            )
        if other:
            raise Unreadable(
                "[stdArchiveReader.cpp::StdArchiveReader::40] Error Code 1: Serialization "
                "(Serialization assertion stdVersionRead == serializationVersion failed.Version "
                "tag does not match. Note: Current Version: 205, Serialized Engine Version: 232)"
            )
        if not _runs_on(plan, machine.capability):
            here, there = machine.capability, plan.compute_capability
            raise Unreadable(
                "Error Code 6: The engine plan file is generated on an incompatible device, "
                f"expecting compute {here[0]}.{here[1]} got compute {there[0]}.{there[1]}, please "
                "rebuild."
            )
        return plan

    def _find_plugins(self, plan: Plan) -> None:
        """Those that are neither registered in this process nor in the plan itself are missing."""
        machine, libraries = self._api.machine, plan.options["libraries"]
        registered = KNOWN if machine.plugin_logger is not None else ()
        for name in plan.options["plugins"]:
            if name in registered or LIBRARY_OF_COMPATIBLE.get(name) in libraries:
                continue
            text = f"3: getPluginCreator could not find plugin: {name} version: 1"
            report(self._api, self._logger, "ERROR", text)
            raise Unreadable(
                "[pluginV2Runner.cpp::load::300] Error Code 1: Serialization (Serialization "
                "assertion creator failed.Cannot deserialize plugin since corresponding "
                "IPluginCreator not found in Plugin Registry)"
            )

    def _host_code_allowed(self) -> bool:
        return bool(getattr(self, "_host_code", False))


def _runs_on(plan: Plan, capability: Any) -> bool:
    if plan.options["hardware"] == "AMPERE_PLUS":
        return capability >= (8, 0)
    return plan.device() == tuple(capability)
