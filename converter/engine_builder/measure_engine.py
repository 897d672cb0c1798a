"""Measure an engine before it is put into the bundle: its results, its times, its layers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Sequence, Tuple

from converter.engine_builder import tensorrt_api
from converter.engine_builder.compare_engine import EngineComparison, Seen, compare, see
from converter.engine_builder.engine_layers import by_precision, is_unused, may_be_unused
from converter.engine_builder.gpu_times import OnGpu, time_on_gpu
from converter.engine_builder.sample_pictures import Pictures
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.machine import Machine
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.tensorrt.gpu import import_tensorrt
from trt_inference.errors import EngineError
from trt_inference.inference.detector import Detector

_SLOWEST = 10


@dataclass(frozen=True)
class EngineMeasurement:
    """``comparison`` is None without ONNX Runtime. ``cautions`` are sentences for the user."""

    gpu: OnGpu
    comparison: Optional[EngineComparison]
    cautions: Tuple[str, ...]

    def content(self) -> Dict[str, Any]:
        """Return what the sidecar keeps."""
        slowest = sorted(self.gpu.layers, key=lambda layer: -layer.milliseconds)[:_SLOWEST]
        compared = {"comparison": self.comparison.content()} if self.comparison else {}
        return {
            "gpu_milliseconds": self.gpu.content(),
            **self.gpu.memory.content(),
            **compared,
            "precisions": by_precision(self.gpu.layers),
            "slowest_layers": [
                {"name": one.name, "precision": one.precision, "milliseconds": one.milliseconds}
                for one in slowest
            ],
            "cautions": list(self.cautions),
        }


def measure(
    folder: Path,
    precision: str,
    machine: Machine,
    pictures: Pictures,
    progress: Progress,
    device: int = 0,
) -> EngineMeasurement:
    """Open the engine in ``folder`` as a robot does, compare and time it.

    Args:
        device: number of the GPU.

    Raises:
        EngineError: it cannot be loaded or run.
        BundleError: it does not fit the bundle.
    """
    bundle = load_bundle(folder)
    # The engine was built here, just before: the code in it is this TensorRT's own.
    options = EngineOptions(device=device, host_code_allowed=True, warn=progress.caution)
    with Detector.open(bundle, "tensorrt", precision, options) as detector:
        seen = see(detector, pictures.samples)
    with progress.step(f"time {precision} on the GPU"):
        gpu = time_on_gpu(bundle, precision, machine, device)
    comparison, why_not = _compare(bundle, seen, precision, pictures, progress)
    cautions = [
        why_not,
        pictures.caution if comparison else "",
        _about_agreement(precision, comparison),
        _about_layers(precision, gpu),
    ]
    return EngineMeasurement(gpu, comparison, tuple(filter(None, cautions)))


def _compare(
    bundle: Bundle, seen: Sequence[Seen], precision: str, pictures: Pictures, progress: Progress
) -> Tuple[Optional[EngineComparison], str]:
    """The comparison, or None and the reason why there is none."""
    try:
        reference = Detector.open(bundle, "onnxruntime", precision)
    except EngineError as error:
        return None, f"{precision} was not compared with the ONNX model: {error}"
    with reference:
        samples = pictures.samples
        return compare(reference, seen, precision, samples, progress.track), ""


def _about_agreement(precision: str, comparison: Optional[EngineComparison]) -> str:
    if comparison is None or not comparison.differs:
        return ""
    return (
        f"the {precision} engine does not find what the ONNX model finds: look at the table, and "
        "build another precision if that is not good enough"
    )


def _about_layers(precision: str, gpu: OnGpu) -> str:
    if not tensorrt_api.has_inspector(import_tensorrt()):
        return "this TensorRT does not report the precision of layers"
    unknown = may_be_unused(precision, gpu.layers)
    if unknown:
        return (
            f"whether layers of the {precision} engine compute in {precision} is not known: "
            f"TensorRT does not report the types of {unknown} of them"
        )
    if not is_unused(precision, gpu.layers):
        return ""
    return (
        f"no layer of the {precision} engine computes in {precision}: TensorRT found wider ones "
        "faster on this GPU, so that another precision may do as well"
    )
