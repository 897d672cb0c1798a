"""TensorRT: the backend for NVIDIA GPUs."""

from typing import Dict, Optional

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.choose_precision import Device
from trt_inference.bundles.engine_files import list_engines
from trt_inference.bundles.sidecar import measured_milliseconds
from trt_inference.engines.base import Backend, Engine, EngineOptions
from trt_inference.engines.tensorrt.gpu import (
    gpu_device,
    import_tensorrt,
    open_cuda,
    this_machine,
)
from trt_inference.errors import EngineError


class TensorRtBackend(Backend):
    """Runs the engines that were built for this machine from a bundle's ONNX files."""

    name = "tensorrt"
    rank = 10

    def is_available(self, device: int) -> bool:
        """Whether TensorRT is installed, and there is a GPU: a wrong number of it is an error."""
        try:
            import_tensorrt()
            open_cuda()
        except EngineError:
            return False
        return True

    def device(self, index: int) -> Device:
        """The GPU."""
        return gpu_device(index)

    def built_precisions(self, bundle: Bundle, index: int) -> Dict[str, Optional[float]]:
        """Those for which the bundle has an engine for this machine, with their milliseconds."""
        machine = this_machine(index)
        found: Dict[str, Optional[float]] = {}
        for engine in list_engines(bundle, machine):
            if not engine.reason_against:  # of several of one precision, the first is opened
                time = measured_milliseconds(engine.sidecar, machine)
                found.setdefault(engine.sidecar.precision, time)
        return found

    def open(self, bundle: Bundle, precision: str, options: EngineOptions) -> Engine:
        """As ``Backend.open``."""
        from trt_inference.engines.tensorrt.engine import TensorRtEngine

        return TensorRtEngine(bundle, precision, options)


BACKEND = TensorRtBackend()
