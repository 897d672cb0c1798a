"""Build the engine of one precision of a bundle on this machine's GPU."""

import contextlib
import time
from dataclasses import dataclass
from typing import Any, Callable, Tuple

from rich.console import Console

from converter.engine_builder import background, tensorrt_api
from converter.engine_builder.build_options import BuildOptions, EngineRequest
from converter.engine_builder.build_progress import BuildProgress, make_monitor
from converter.engine_builder.builder_config import check_any_batch, check_dla, configure
from converter.engine_builder.check_memory import (
    check_memory,
    default_workspace,
    memory_advice,
    memory_needs,
)
from converter.engine_builder.explain_failure import explain_failure
from converter.engine_builder.parse_onnx import parse
from converter.engine_builder.parser_remedies import refusal_warnings
from converter.engine_builder.timing_cache import TimingCache, default_file
from converter.errors import BuildError, OutputError
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.machine import Machine
from trt_inference.engines.free_memory import Memory, measure_memory
from trt_inference.engines.tensorrt import build_api
from trt_inference.engines.tensorrt.gpu import GpuContext, import_tensorrt
from trt_inference.engines.tensorrt.plan import Log, make_logger
from trt_inference.engines.tensorrt.plugins import register_plugins

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Built:
    """A plan, and how it was built.

    Attributes:
        plan: in TensorRT's own memory, which this keeps alive.
        typing: ``strong`` or ``weak``.
        workspace: in bytes.
        reused: whether the times of an earlier build were used.
    """

    plan: memoryview
    typing: str
    input_dtype: str
    workspace: int
    seconds: float
    reused: bool


def build_plan(
    bundle: Bundle,
    precision: str,
    machine: Machine,
    options: BuildOptions,
    console: Console,
    warn: Warn,
) -> Built:
    """Parse, configure and build; nothing is written but the timing cache.

    Raises:
        BuildError: TensorRT does not take the model or the options, or has too little memory.
        BundleError: the model is missing or was changed.
        EngineError: the GPU cannot be used.
        KeyboardInterrupt: after Ctrl-C.
    """
    trt = import_tensorrt()
    check_any_batch(trt, options)
    memory = _memory(machine, options.device)
    workspace = options.workspace or default_workspace(memory)
    for warning in check_memory(memory, workspace, bundle, precision):
        warn(warning)
    for warning in refusal_warnings(bundle.source, trt.__version__):
        warn(warning)
    without_plugins = register_plugins(trt)
    if without_plugins:
        warn(f"{without_plugins}: models that need one, as for RoiAlign, cannot be built")
    with BuildProgress(console, f"build {precision}") as progress:
        request = EngineRequest(bundle, precision, machine, options, workspace)
        build = _Build(trt, request, memory, progress)
        return background.run(
            build.run, progress.cancel, tensorrt_api.has_progress(trt), tick=progress.tick
        )


def _memory(machine: Machine, device: int) -> Memory:
    with GpuContext(device) as gpu:
        return measure_memory(gpu.cuda, machine.architecture)


class _Build:
    """One build, on a thread of its own, which owns the CUDA context."""

    def __init__(
        self, trt: Any, request: EngineRequest, memory: Memory, progress: BuildProgress
    ) -> None:
        """
        Args:
            memory: as it was before the build.
        """
        self._trt, self._request, self._memory = trt, request, memory
        self._progress = progress
        default = default_file(request.bundle.path, request.machine)
        self._cache = request.options.timing_cache or default
        self._typing = tensorrt_api.typing_mode(trt, request.precision, request.options.dla)

    def run(self) -> Built:
        started = time.monotonic()
        with GpuContext(self._request.options.device):
            plan, reused = self._build()
        return Built(
            plan=plan,
            typing=self._typing,
            input_dtype="uint8" if tensorrt_api.supports_uint8(self._trt) else "float32",
            workspace=self._request.workspace,
            seconds=time.monotonic() - started,
            reused=reused,
        )

    def _build(self) -> Tuple[memoryview, bool]:
        trt, log = self._trt, Log()
        logger = make_logger(trt, log)
        builder = build_api.make_builder(trt, logger)
        if builder is None:
            raise BuildError(self._explain(log))
        network, config = self._configured(builder, logger)
        cache = TimingCache(config, self._cache)
        if tensorrt_api.has_progress(trt):
            config.progress_monitor = make_monitor(trt, self._progress)
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            with contextlib.suppress(OutputError):  # of the two, what went wrong first is reported
                cache.save()
            raise BuildError(self._explain(log))
        cache.save()
        return memoryview(plan).cast("B"), cache.is_reused

    def _configured(self, builder: Any, logger: Any) -> Tuple[Any, Any]:
        """The parsed network, and how it is to be built."""
        trt, request = self._trt, self._request
        options = request.options
        if options.dla:
            check_dla(trt, builder, request.machine, request.precision)
        network = builder.create_network(build_api.network_flags(trt, self._typing))
        parser = parse(trt, network, logger, request)
        config = configure(trt, builder, network, request)
        if options.version_compatible:
            tensorrt_api.take_plugins_along(config, parser)
        return network, config

    def _explain(self, log: Log) -> str:
        """Why TensorRT built nothing."""
        request, memory = self._request, self._memory
        of_build = (memory, request.workspace, request.bundle, request.precision)
        return explain_failure(
            request.precision,
            log,
            request.workspace,
            memory_needs(*of_build),
            memory_advice(*of_build),
        )
