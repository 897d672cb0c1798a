"""Load a plan: the bytes of an engine → TensorRT's engine."""

import re
from collections import deque
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Deque, Match, Optional, Pattern

from trt_inference.bundles.engine_files import EngineFile, build_command
from trt_inference.engines.free_memory import MAKE_ROOM
from trt_inference.engines.tensorrt.plugins import UNKNOWN_PLUGIN, lacks_plugin, register_plugins
from trt_inference.errors import EngineError

_LINES_KEPT = 20
_LINES_SHOWN = 3
# In its words and those of its libraries: "Cuda Runtime (out of memory)", "OutOfMemory (no further
# information)", "Requested amount of GPU memory (… bytes) could not be allocated", "User allocator
# error allocating …-byte buffer", "std::bad_alloc", "CUDNN_STATUS_ALLOC_FAILED", "CUDA
# initialization failure with error: 2", the number of cudaErrorMemoryAllocation.
_OUT_OF_MEMORY = re.compile(
    r"out ?of ?memory|could not be allocated|error allocating|bad_alloc|_ALLOC_FAILED|"
    r"initialization failure with error: 2\b",
    re.IGNORECASE,
)
_REMEDY = (
    f"On a Jetson, {MAKE_ROOM}; elsewhere close other users of the GPU. Or take a narrower "
    "precision"
)


class Log:
    """The last warnings and errors of TensorRT, which gives its reasons in its log only.

    Attributes:
        out_of_memory: the first line about memory that could not be had, error or warning; empty
            without one. What TensorRT says last is often a consequence that names something else.
    """

    def __init__(self) -> None:
        self._warnings: Deque[str] = deque(maxlen=_LINES_KEPT)
        self._errors: Deque[str] = deque(maxlen=_LINES_KEPT)
        self.out_of_memory = ""

    def add(self, line: str, is_error: bool = True) -> None:
        """Keep a line."""
        line = line.strip()
        (self._errors if is_error else self._warnings).append(line)
        if not self.out_of_memory and _OUT_OF_MEMORY.search(line):
            self.out_of_memory = line

    def find(self, pattern: Pattern[str]) -> Optional[Match[str]]:
        """Look for a pattern in the lines that are kept, the latest first."""
        lines = [*self._warnings, *self._errors]
        return next(filter(None, map(pattern.search, reversed(lines))), None)

    def all(self) -> str:
        """All lines that are kept, the warnings first."""
        return "; ".join([*self._warnings, *self._errors]) or "it gave no reason"

    def last(self) -> str:
        """The last errors, the first of which often is the reason; where there are none, the last
        warnings, or that there are none either."""
        lines = list(self._errors or self._warnings)[-_LINES_SHOWN:]
        return "; ".join(lines) or "it gave no reason"


@dataclass(frozen=True)
class Plan:
    """An engine with what it needs while it lives."""

    engine: Any
    runtime: Any
    logger: Any
    log: Log


def load_plan(
    trt: ModuleType, file: EngineFile, device: int = 0, host_code_allowed: bool = False
) -> Plan:
    """
    Args:
        device: number of the GPU, for the message.
        host_code_allowed: take a plan that is for other versions of TensorRT too. It brings code
            for the processor, which runs with all rights of this process: only who trusts the
            origin of the plan can allow that, and never its own sidecar.

    Raises:
        BundleError: the plan is missing or was changed.
        EngineError: TensorRT does not take it, or it has code that is not allowed.
    """
    brings_code = bool(file.sidecar.options.get("version_compatible"))
    if brings_code and not host_code_allowed:
        raise EngineError(
            f"{file.plan} was built for several versions of TensorRT, and brings code that would "
            "run on the processor with all rights of this process. If you trust who built it, set "
            "the node's parameter engine_host_code_allowed, or give --allow-engine-host-code to "
            f"the command; else run {_build_command(file, device)}"
        )
    log = Log()
    logger = make_logger(trt, log)
    without_plugins = register_plugins(trt)
    runtime = trt.Runtime(logger)
    if brings_code:  # its own runtime
        runtime.engine_host_code_allowed = True
    if file.sidecar.options.get("dla"):
        runtime.DLA_core = 0  # as it was built
    with file.open() as checked:
        with checked.map() as plan:
            engine = runtime.deserialize_cuda_engine(plan)
        checked.check_unchanged()
    if engine is None:
        raise EngineError(_refusal(file, device, log, without_plugins))
    return Plan(engine, runtime, logger, log)


def _refusal(file: EngineFile, device: int, log: Log, without_plugins: str) -> str:
    """Why TensorRT made no engine of a plan, and what to do."""
    if log.out_of_memory:
        return f"TensorRT has no room for {file.plan.name}: {log.out_of_memory}. {_REMEDY}"
    reason = log.last()
    if lacks_plugin(reason):
        reason += f". It needs a plugin: {without_plugins or UNKNOWN_PLUGIN}"
    return f"TensorRT does not take {file.plan}: {reason}. Run {_build_command(file, device)}"


def _build_command(file: EngineFile, device: int) -> str:
    return build_command(file.bundle, file.sidecar.precision, device)


def make_logger(trt: ModuleType, log: Log) -> Any:
    """A logger that keeps warnings and errors. TensorRT calls it from its own threads."""

    class Logger(trt.ILogger):  # type: ignore[name-defined]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            # The fewer, the graver.
            if int(severity) <= int(trt.Logger.WARNING):
                log.add(message, is_error=int(severity) < int(trt.Logger.WARNING))

    return Logger()
