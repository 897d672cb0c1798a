"""A probe: which engines of a bundle run on this machine, which are missing, and which cannot be
built here."""

import sys
from pathlib import Path
from typing import Any, Dict, Iterator, Set

from trt_inference.bundles.choose_precision import choose, gpu
from trt_inference.bundles.engine_files import EngineFile, build_command
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.sidecar import Sidecar, measured_milliseconds
from trt_inference.doctor.bundle.probe_engine_room import room_for
from trt_inference.doctor.bundle.probe_model_limits import limits_of_model
from trt_inference.doctor.diagnosis import IS_ERROR, Diagnosis, caution, error, ok
from trt_inference.doctor.probe import print_answer
from trt_inference.engines.bundle_engines import BundleEngines, find_engines
from trt_inference.errors import BundleError

_SUBJECT = "Engines of the bundle"
_BUILD_LATER = ", or let the node do it with the parameter build_if_missing"


def _examine(folder: str, device: int) -> Dict[str, Any]:
    """``why_not``: why no engine runs here at all, or nothing; ``diagnoses``; the precisions
    that have an engine for this machine, ``running``, if there can be room for it."""
    found = find_engines(Path(folder), device)
    if found.machine is None:
        return {"why_not": found.why_not, "diagnoses": [], "running": []}
    running = _running(found)
    room = {name: room_for(file, device) for name, file in running.items()}
    diagnoses = [
        *_about_files(found),
        *_about_engines(found, set(running)),
        *_about_missing(found, found.machine, running),
        *_about_choice(found, found.machine, running),
        *room.values(),
    ]
    fitting = [name for name, one in room.items() if one.level != IS_ERROR]
    return {"why_not": "", "diagnoses": diagnoses, "running": fitting}


def _running(found: BundleEngines) -> Dict[str, EngineFile]:
    """The first engine of each precision that is for this machine, and whose plan is whole."""
    running: Dict[str, EngineFile] = {}
    for sidecar, reason in found.engines:
        file = EngineFile(found.bundle.path, sidecar, reason)
        if not reason and not _damage(file):
            running.setdefault(sidecar.precision, file)
    return running


def _damage(file: EngineFile) -> str:
    try:
        file.open().close()
    except BundleError as problem:
        return str(problem)
    return ""


def _about_files(found: BundleEngines) -> Iterator[Diagnosis]:
    for text in found.cautions:
        if "has no sidecar" in text:
            remedy = "Import it as above, or remove it."
            yield caution(_SUBJECT, "engine-without-sidecar", f"{text}.", remedy)
        else:
            remedy = "Remove the sidecar with its engine, and build that again."
            yield caution(_SUBJECT, "sidecar-unreadable", f"{text}.", remedy)


def _about_engines(found: BundleEngines, running: Set[str]) -> Iterator[Diagnosis]:
    """Engines that do not run here. Those for other machines are no fault beside one that does."""
    for sidecar, reason in found.engines:
        file = EngineFile(found.bundle.path, sidecar, reason)
        command = build_command(found.bundle.path, sidecar.precision, found.device)
        if reason and sidecar.precision not in running:
            text = f"{sidecar.file} does not run here: {reason}."
            if "is missing" in reason:
                yield caution(_SUBJECT, "engine-file-missing", text, command)
            else:
                yield caution(_SUBJECT, "stale-engine", text, command)
        elif not reason and _damage(file):
            yield error(_SUBJECT, "engine-changed", f"{_damage(file)}.", command)
        elif not reason and sidecar.options.get("version_compatible"):
            yield _brings_code(sidecar)


def _brings_code(sidecar: Sidecar) -> Diagnosis:
    return caution(
        _SUBJECT,
        "engine-brings-host-code",
        f"{sidecar.file} was built for several versions of TensorRT, and brings code that runs on "
        "the processor with all rights: it is refused unless that is allowed.",
        "Set the node's parameter engine_host_code_allowed if you trust who built it, or build it "
        "again without --version-compatible.",
    )


def _about_missing(
    found: BundleEngines, machine: Machine, running: Dict[str, EngineFile]
) -> Iterator[Diagnosis]:
    """Which engines could be built here, by which command, and which could not."""
    buildable = []
    for precision in found.missing:
        limits = limits_of_model(found.bundle, precision, machine.tensorrt)
        yield from limits
        if not limits and precision not in running:
            buildable.append(precision)
    if buildable and not running:
        fastest = min(buildable, key=gpu(*machine.capability).fastest_first.index)
        command = build_command(found.bundle.path, fastest, found.device)
        yield error(
            _SUBJECT,
            "engine-missing",
            f"The bundle has no engine for {machine}; {', '.join(buildable)} can be built.",
            f"{command}{_BUILD_LATER}",
        )
    elif found.missing and not running:
        yield error(
            _SUBJECT,
            "no-engine-possible",
            f"TensorRT {machine.tensorrt} can build no engine of this bundle, so that the node "
            "does not start on the GPU.",
            "Convert again as above; until then start the node with backend:=onnxruntime.",
        )


def _about_choice(
    found: BundleEngines, machine: Machine, running: Dict[str, EngineFile]
) -> Iterator[Diagnosis]:
    """What the node would run here."""
    if found.lacking:
        lacking = " and no ".join(found.lacking)
        yield ok(_SUBJECT, f"{machine.sm} has no {lacking}, which need not be built.")
    built = {name: measured_milliseconds(file.sidecar, machine) for name, file in running.items()}
    try:
        chosen = choose(found.bundle, "auto", gpu(*machine.capability), built or None)
    except BundleError as problem:
        remedy = "On the workstation: trt-inference convert … --precision fp16"
        yield error(_SUBJECT, "no-precision-for-gpu", f"{problem}.", remedy)
        return
    if running:
        missing = [name for name in found.missing if name not in running]
        more = f"; not built: {', '.join(missing)}" if missing else ""
        yield ok(_SUBJECT, f"The node would run {chosen}{more}.")


if __name__ == "__main__":
    print_answer(_examine(sys.argv[1], int(sys.argv[2])))
