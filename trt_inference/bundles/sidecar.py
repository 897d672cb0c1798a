"""The file that describes an engine beside it, and whether the engine runs on a machine.

A TensorRT plan does not describe itself, and one that was built elsewhere fails with unhelpful
messages when it is loaded, or crashes. So what it needs is compared before it is loaded.
"""

import json
import math
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from trt_inference.bundles.bundle_files import read_in_bundle
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.bundles.strict_json import find_fault, make_validator, parse_json
from trt_inference.errors import BundleError
from trt_inference.printable import shortened

SIDECAR_VERSION = 1

_SCHEMA = json.loads(Path(__file__).with_name("sidecar.schema.json").read_text("utf-8"))
_SCHEMA["properties"]["precision"]["enum"] = list(PRECISIONS)
_VALIDATOR = make_validator(_SCHEMA)
_LARGEST = 4 << 20  # bytes
_MOST = 1000  # engines of one bundle


@dataclass(frozen=True)
class Sidecar:
    """What is known about one engine.

    Attributes:
        file: name of the plan, beside this file.
        sha256, bytes: of the plan.
        precision: of the bundle, as ``fp16``.
        onnx_sha256: of the model that it was built from; empty for an engine that was taken in.
        machine: that it was built on.
        typing: ``strong`` where the model alone determines each tensor's type, ``weak`` where
            TensorRT may choose wider ones, ``unknown`` for an engine that was taken in.
        batch: images at once, fixed.
        input_dtype: ``uint8``, or ``float32`` for TensorRT before 8.5.
        workspace: bytes that the build could use.
        seconds: that the build took.
        options: that it was built with, such as ``version_compatible``.
        measured: what was found out after the build: agreement with the ONNX model, times.
    """

    file: str
    sha256: str
    bytes: int
    precision: str
    onnx_sha256: str
    machine: Machine
    typing: str
    batch: int = 1
    input_dtype: str = "uint8"
    workspace: int = 0
    seconds: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    measured: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> Dict[str, Any]:
        """As it is written."""
        return {"schema_version": SIDECAR_VERSION, **asdict(self)}


def engine_name(precision: str, machine: Machine) -> str:
    """The name of a plan in the folder ``engines`` of a bundle."""
    sm = machine.sm.replace("_", "")
    return f"{precision}-trt{machine.tensorrt}-{sm}-{machine.architecture}.engine"


def sidecar_files(bundle: Path) -> List[Path]:
    """The files in the folder of a bundle's engines that may be sidecars, by name.

    Raises:
        BundleError: there are far more than engines.
    """
    found = sorted(islice((bundle / ENGINES_FOLDER).glob("*.json"), _MOST + 1))
    if len(found) > _MOST:
        raise BundleError(f"{bundle / ENGINES_FOLDER} has more than {_MOST} sidecars: remove some")
    return found


def read_sidecar(file: Path) -> Sidecar:
    """
    Args:
        file: in the folder of a bundle's engines.

    Raises:
        BundleError: it cannot be read, leads out of the bundle, or is not a sidecar.
    """
    bundle, name = file.parents[1], f"{file.parent.name}/{file.name}"
    try:
        # Of an engine whose outputs are not all numbers, what was measured is not either.
        content = parse_json(read_in_bundle(bundle, name, _LARGEST), finite=False)
    except (OSError, ValueError) as error:
        reason = shortened(str(error))
        raise BundleError(f"{file} cannot be read: {reason}. Build the engine again") from error
    fault = find_fault(content, _VALIDATOR)
    if fault:
        raise BundleError(f"{file} is not valid at {fault}. Build the engine again")
    content.pop("schema_version")
    machine = content.pop("machine")
    capability: Tuple[int, int] = tuple(machine.pop("capability"))
    return Sidecar(machine=Machine(capability=capability, **machine), **content)


def read_sidecars(bundle: Path) -> Tuple[List[Tuple[Path, Sidecar]], List[str]]:
    """Read the sidecars of a bundle's engines, by name.

    Returns:
        Those that can be read, each with its file, and why others cannot.
    """
    found: List[Tuple[Path, Sidecar]] = []
    broken: List[str] = []
    for file in sidecar_files(bundle):
        try:
            found.append((file, read_sidecar(file)))
        except BundleError as error:
            broken.append(str(error))
    return found, broken


def reason_against(sidecar: Sidecar, machine: Machine, onnx_sha256: Optional[str] = None) -> str:
    """Why an engine does not run on ``machine``, in plain words; empty where it does.

    Args:
        onnx_sha256: of the model of its precision in the bundle now.
    """
    built, here = sidecar.machine, machine
    if sidecar.onnx_sha256 and onnx_sha256 and sidecar.onnx_sha256 != onnx_sha256:
        return f"built from another {sidecar.precision} model than the bundle has now"
    if (built.system, built.architecture) != (here.system, here.architecture):
        return f"built for {built.architecture} ({built.system}), this machine is {_place(here)}"
    if _fits_version(sidecar, here) and _fits_capability(sidecar, here):
        return ""
    return (
        f"built by TensorRT {built.tensorrt} for {built.sm}, this machine has TensorRT "
        f"{here.tensorrt} and {here.sm}"
    )


def measured_milliseconds(sidecar: Sidecar, machine: Machine) -> Optional[float]:
    """Milliseconds of GPU work for one image, the median; None where they were not measured, or
    not on this kind of machine: an engine may run on others than the one that it was built on.
    JSON has numbers that are no times, too: NaN, which would come first among them, and 0."""
    built, here = sidecar.machine, machine
    same = (built.gpu, built.capability, built.architecture, built.tensorrt) == (
        here.gpu,
        here.capability,
        here.architecture,
        here.tensorrt,
    )
    found = float(sidecar.measured.get("gpu_milliseconds", {}).get("p50", 0))
    return found / sidecar.batch if same and math.isfinite(found) and found > 0 else None


def _place(machine: Machine) -> str:
    return f"{machine.architecture} ({machine.system})"


def _fits_version(sidecar: Sidecar, machine: Machine) -> bool:
    """Plans are for one version to the last digit; version-compatible ones for all that are newer
    with the same major version."""
    built, here = _numbers(sidecar.machine.tensorrt), _numbers(machine.tensorrt)
    if sidecar.options.get("version_compatible"):
        return built[:1] == here[:1] and built <= here
    return built == here


def _numbers(version: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _fits_capability(sidecar: Sidecar, machine: Machine) -> bool:
    if sidecar.options.get("hardware_compatible"):  # with Ampere and all that is newer
        return machine.capability >= (8, 0)
    return sidecar.machine.capability == machine.capability
