"""The ways in which Triton runs a bundle, and what its model repository calls each."""

from typing import Mapping, NamedTuple, Tuple

GPU, CPU_KIND = "gpu", "cpu"


class Platform(NamedTuple):
    """One way.

    Attributes:
        name: for users.
        backend: of Triton, which runs it.
        platform: what the configuration calls it beside the backend; empty where it has no name.
        model: the file of the network in the folder of a version.
        runs_on: what instances of it can run on, the usual one first.
    """

    name: str
    backend: str
    platform: str
    model: str
    runs_on: Tuple[str, ...]


TENSORRT_PLAN = Platform("tensorrt_plan", "tensorrt", "tensorrt_plan", "model.plan", (GPU,))
ONNXRUNTIME_ONNX = Platform(
    "onnxruntime_onnx", "onnxruntime", "onnxruntime_onnx", "model.onnx", (GPU, CPU_KIND)
)
PYTHON = Platform("python", "python", "", "model.onnx", (CPU_KIND,))
PLATFORMS: Mapping[str, Platform] = {
    one.name: one for one in (TENSORRT_PLAN, ONNXRUNTIME_ONNX, PYTHON)
}
