"""Load a plan: the bytes of an engine → TensorRT's engine."""

import re
from collections import deque
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Deque

from trt_inference.bundles.engine_files import EngineFile, build_command
from trt_inference.engines.free_memory import MAKE_ROOM
from trt_inference.errors import EngineError

_LINES_KEPT = 20
_LINES_SHOWN = 3
# In its words: "Cuda Runtime (out of memory)", "OutOfMemory (no further information)".
_OUT_OF_MEMORY = re.compile(r"out ?of ?memory|could not be allocated", re.IGNORECASE)
_REMEDY = (
    f"On a Jetson, {MAKE_ROOM}; elsewhere close other users of the GPU. Or take a narrower "
    "precision"
)


class Log:
    """The last warnings and errors of TensorRT, which gives its reasons in its log only."""

    def __init__(self) -> None:
        self._warnings: Deque[str] = deque(maxlen=_LINES_KEPT)
        self._errors: Deque[str] = deque(maxlen=_LINES_KEPT)

    def add(self, line: str, is_error: bool = True) -> None:
        """Keep a line."""
        (self._errors if is_error else self._warnings).append(line.strip())

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


def load_plan(trt: ModuleType, file: EngineFile, device: int = 0) -> Plan:
    """
    Args:
        device: number of the GPU, for the message.

    Raises:
        BundleError: the plan is missing or was changed.
        EngineError: TensorRT does not take it.
    """
    log = Log()
    logger = make_logger(trt, log)
    runtime = trt.Runtime(logger)
    if file.sidecar.options.get("version_compatible"):  # such a plan brings its own runtime
        runtime.engine_host_code_allowed = True
    with file.open() as plan:
        engine = runtime.deserialize_cuda_engine(plan)
    if engine is None and _OUT_OF_MEMORY.search(log.last()):
        raise EngineError(f"TensorRT has no room for {file.plan.name}: {log.last()}. {_REMEDY}")
    if engine is None:
        command = build_command(file.plan.parents[1], file.sidecar.precision, device)
        raise EngineError(f"TensorRT does not take {file.plan}: {log.last()}. Run {command}")
    return Plan(engine, runtime, logger, log)


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
