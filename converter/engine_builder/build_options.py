"""The options of a build."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.machine import Machine

ANY_BATCH = "any_batch"  # in the options of a sidecar


@dataclass(frozen=True)
class BuildOptions:
    """What the user chooses.

    Attributes:
        precisions: those of the bundle to build engines for.
        workspace: bytes that TensorRT may use while it tries layers; None chooses from what is
            free.
        batch: images at once, fixed.
        any_batch: fewer of them too, as a server needs that runs as many as have come.
        dla: put layers on the deep learning accelerator where they run there.
        timing_cache: None takes the one beside the engines.
        optimization_level: 0 to 5; None leaves it to TensorRT.
        version_compatible: for newer TensorRT of the same major version too.
        hardware_compatible: for all GPUs from Ampere on.
        images: to compare on; None takes the pictures of the bundle's report.
        most_images: so many of them at most.
        plan: one that was built elsewhere, to be taken in instead of building.
        device: number of the GPU.
    """

    bundle: Path
    precisions: Tuple[str, ...]
    workspace: Optional[int] = None
    batch: int = 1
    any_batch: bool = False
    dla: bool = False
    timing_cache: Optional[Path] = None
    optimization_level: Optional[int] = None
    version_compatible: bool = False
    hardware_compatible: bool = False
    images: Optional[Path] = None
    most_images: int = 16
    plan: Optional[Path] = None
    device: int = 0

    @property
    def compatible(self) -> bool:
        """Whether the engine is for more than this version on this GPU."""
        return self.version_compatible or self.hardware_compatible

    def recorded(self) -> Dict[str, Any]:
        """Return what a sidecar keeps: the options that differ from the usual ones."""
        given = {
            ANY_BATCH: self.any_batch,
            "dla": self.dla,
            "optimization_level": self.optimization_level,
            "version_compatible": self.version_compatible,
            "hardware_compatible": self.hardware_compatible,
        }
        usual = (None, False)  # by identity: 0 is a level, and equal to False
        return {
            name: value for name, value in given.items() if all(value is not one for one in usual)
        }


@dataclass(frozen=True)
class EngineRequest:
    """One engine to be built: of what, for which machine, and with how many bytes of workspace."""

    bundle: Bundle
    precision: str
    machine: Machine
    options: BuildOptions
    workspace: int
