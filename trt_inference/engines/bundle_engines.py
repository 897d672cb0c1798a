"""What engines a bundle has, which of them run here, and why others do not."""

from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Tuple

from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.choose_precision import gpu
from trt_inference.bundles.engine_files import model_sha256
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.sidecar import Sidecar, read_sidecars, reason_against
from trt_inference.engines.tensorrt.gpu import this_machine
from trt_inference.errors import EngineError


@dataclass(frozen=True)
class BundleEngines:
    """The engines of a bundle.

    Attributes:
        device: number of the GPU.
        machine: this one; None where no engine runs, and ``why_not`` gives the reason.
        engines: each with the reason why it does not run here, empty where it does or where
            that is not known.
        cautions: what is wrong with files in the folder of the engines.
    """

    bundle: Bundle
    device: int
    machine: Optional[Machine]
    why_not: str
    engines: Tuple[Tuple[Sidecar, str], ...]
    cautions: Tuple[str, ...]

    @property
    def missing(self) -> Tuple[str, ...]:
        """The precisions of the bundle of which no engine runs here, but could be built."""
        running = {sidecar.precision for sidecar, reason in self.engines if not reason}
        without = {*running, *self.lacking}
        return tuple(one for one in self.bundle.precisions if one not in without)

    @property
    def lacking(self) -> Tuple[str, ...]:
        """The precisions of the bundle that this GPU does not run."""
        lacks = gpu(*self.machine.capability).lacks if self.machine is not None else ()
        return tuple(one for one in self.bundle.precisions if one in lacks)


def find_engines(folder: Path, device: int = 0) -> BundleEngines:
    """Read the sidecars of a bundle's engines and compare them with this machine.

    Args:
        device: number of the GPU.

    Raises:
        BundleError: ``folder`` is no bundle.
    """
    bundle = load_bundle(folder)
    machine, why_not = _machine(device)
    found, broken = read_sidecars(bundle.path)
    engines = tuple((sidecar, _reason(bundle, sidecar, machine, file)) for file, sidecar in found)
    cautions = (*broken, *_without_sidecar(bundle))
    return BundleEngines(bundle, device, machine, why_not, engines, cautions)


def _machine(device: int) -> Tuple[Optional[Machine], str]:
    """This one, or why it runs no engines."""
    try:
        return this_machine(device), ""
    except EngineError as error:
        return None, str(error)


def _reason(bundle: Bundle, sidecar: Sidecar, machine: Optional[Machine], file: Path) -> str:
    if not file.with_name(sidecar.file).is_file():
        return f"{sidecar.file} is missing: copy the bundle again"
    if machine is None:
        return ""
    current = model_sha256(bundle, sidecar.precision)
    return reason_against(sidecar, machine, current)


def _without_sidecar(bundle: Bundle) -> List[str]:
    return [
        f"{file.name} has no sidecar, so that it is not used: import it with `trt-inference build "
        f"{bundle.path} --import-engine {file} --precision …`"
        for file in sorted((bundle.path / ENGINES_FOLDER).glob("*.engine"))
        if not file.with_suffix(".json").is_file()
    ]
