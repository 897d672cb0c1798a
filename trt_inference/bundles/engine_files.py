"""The engines of a bundle: which one runs on a machine, and why others do not."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import List

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.bundle_files import CheckedFile, Expected
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.sidecar import Sidecar, read_sidecar, reason_against, sidecar_files
from trt_inference.errors import EngineMissing


@dataclass(frozen=True)
class EngineFile:
    """A plan with its sidecar, and why it does not run on the machine in question, if so."""

    bundle: Path
    sidecar: Sidecar
    reason_against: str

    @property
    def plan(self) -> Path:
        """The file of the plan."""
        return self.bundle / ENGINES_FOLDER / self.sidecar.file

    def open(self) -> CheckedFile:
        """The plan, checked, to be loaded and closed.

        Raises:
            BundleError: it is missing, was changed, is no regular file or leads out of the bundle.
        """
        sidecar = self.sidecar
        remedy = "Copy or build it again"
        name = f"{ENGINES_FOLDER}/{sidecar.file}"
        expected = Expected(name, sidecar.sha256, sidecar.bytes, "its sidecar", remedy)
        return CheckedFile(self.bundle, expected)


def list_engines(bundle: Bundle, machine: Machine) -> List[EngineFile]:
    """All engines of ``bundle``, by name.

    Raises:
        BundleError: a sidecar cannot be read.
    """
    found = []
    for file in sidecar_files(bundle.path):
        sidecar = read_sidecar(file)
        current = model_sha256(bundle, sidecar.precision)
        reason = reason_against(sidecar, machine, current)
        found.append(EngineFile(bundle.path, sidecar, reason))
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
