"""The engines of a bundle: which one runs on a machine, and why others do not."""

import hashlib
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import List

from trt_inference.bundles.bundle import Bundle, sha256_of_stream
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.mapped_file import map_stream
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.sidecar import Sidecar, read_sidecar, reason_against
from trt_inference.errors import BundleError, EngineMissing


@dataclass(frozen=True)
class EngineFile:
    """A plan with its sidecar, and why it does not run on the machine in question, if so."""

    plan: Path
    sidecar: Sidecar
    reason_against: str

    def open(self) -> mmap.mmap:
        """The plan as memory, to be closed.

        Raises:
            BundleError: it is missing or was changed.
        """
        try:
            with self.plan.open("rb") as stream:  # another may be renamed over it meanwhile
                actual = sha256_of_stream(stream)
                if actual != self.sidecar.sha256:
                    raise BundleError(
                        f"{self.plan} was changed: its sha256 is {actual[:12]}…, its sidecar has "
                        f"{self.sidecar.sha256[:12]}…. Copy or build it again"
                    )
                return map_stream(stream)
        except OSError as error:
            raise BundleError(f"{self.plan} cannot be read: {error}. Build it again") from error


def list_engines(bundle: Bundle, machine: Machine) -> List[EngineFile]:
    """All engines of ``bundle``, by name.

    Raises:
        BundleError: a sidecar cannot be read.
    """
    found = []
    for file in sorted((bundle.path / ENGINES_FOLDER).glob("*.json")):
        sidecar = read_sidecar(file)
        current = model_sha256(bundle, sidecar.precision)
        reason = reason_against(sidecar, machine, current)
        found.append(EngineFile(file.with_name(sidecar.file), sidecar, reason))
    return found


def find_engine(bundle: Bundle, precision: str, machine: Machine, device: int = 0) -> EngineFile:
    """The engine of ``precision`` that runs on ``machine``.

    Args:
        device: number of its GPU, for the command.

    Raises:
        EngineMissing: there is none; with why, and the command that builds one.
        BundleError: a sidecar cannot be read.
    """
    engines = [one for one in list_engines(bundle, machine) if one.sidecar.precision == precision]
    for engine in engines:
        if not engine.reason_against:
            return engine
    stale = "; ".join(f"{one.plan.name} was {one.reason_against}" for one in engines)
    raise EngineMissing(
        f"{bundle.path} has no {precision} engine for {machine}"
        f"{': ' + stale if stale else ''}. Run {build_command(bundle.path, precision, device)}",
        precision,
    )


def build_command(bundle: Path, precision: str, device: int = 0) -> str:
    """What builds an engine on this machine, for GPU number ``device``."""
    which = f" --device {device}" if device else ""
    return f"trt-inference build {bundle} --precision {precision}{which}"


def model_sha256(bundle: Bundle, precision: str) -> str:
    """The hash that distinguishes models of one precision: that of the file, with that of its
    weights where they are in a second one. Empty where the bundle does not have the precision."""
    entry = bundle.precisions.get(precision)
    if entry is None:
        return ""
    parts = [entry["sha256"], *([entry["data"]["sha256"]] if "data" in entry else [])]
    return parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()
