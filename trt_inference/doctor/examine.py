"""What is examined of a machine, in which order, and under which heading."""

from pathlib import Path
from typing import Callable, Iterable, Iterator, List, NamedTuple, Optional, Sequence

from trt_inference.doctor.bundle.check_bundle_here import check_bundle_here
from trt_inference.doctor.diagnosis import Diagnosis, error
from trt_inference.doctor.fit_remedy import fit_remedy
from trt_inference.doctor.gpu.check_gpu import check_gpu
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.middleware_checks import MIDDLEWARE_CHECKS
from trt_inference.doctor.system.check_board import check_board
from trt_inference.doctor.system.check_cameras import check_cameras
from trt_inference.doctor.system.check_clock import check_clock
from trt_inference.doctor.system.check_container import check_container
from trt_inference.doctor.system.check_disks import check_disks
from trt_inference.doctor.system.check_heat import check_heat
from trt_inference.doctor.system.check_memory_here import check_memory_here
from trt_inference.doctor.system.check_power import check_power
from trt_inference.doctor.system.check_python_packages import check_python_packages
from trt_inference.doctor.system.check_shared_memory import check_shared_memory

Check = Callable[[Host], Iterable[Diagnosis]]


class ExaminedPart(NamedTuple):
    """Checks under one heading."""

    heading: str
    checks: Sequence[Check]

    def examine(self, host: Host) -> Iterator[Diagnosis]:
        """Report each diagnosis when it is there. No check ends the others."""
        for check in self.checks:
            try:
                for found in check(host):
                    yield found._replace(remedy=fit_remedy(host, found.remedy))
            except Exception as problem:  # a fault of ours is no reason to keep the rest back
                yield _failed(check, problem)


def sections(bundle: Optional[Path] = None) -> List[ExaminedPart]:
    """All that is examined; what depends on something comes after it.

    Args:
        bundle: a folder made by the converter, to examine for this machine.
    """

    def check_disks_for_bundle(host: Host) -> Iterator[Diagnosis]:
        return check_disks(host, bundle)

    def check_given_bundle(host: Host) -> Iterator[Diagnosis]:
        return iter(()) if bundle is None else check_bundle_here(host, bundle, host.device)

    return [
        ExaminedPart("Board", [check_board, check_container, check_power, check_heat, check_clock]),
        ExaminedPart(
            "Memory and disks", [check_memory_here, check_shared_memory, check_disks_for_bundle]
        ),
        ExaminedPart("Python", [check_python_packages]),
        ExaminedPart("GPU and TensorRT", [check_gpu]),
        ExaminedPart("Bundle", [check_given_bundle]),
        ExaminedPart("ROS 2", MIDDLEWARE_CHECKS),
        ExaminedPart("Cameras", [check_cameras]),
    ]


def examine(host: Host, bundle: Optional[Path] = None) -> Iterator[Diagnosis]:
    """Look at everything, and report each diagnosis when it is there."""
    for section in sections(bundle):
        yield from section.examine(host)


def _failed(check: Check, problem: Exception) -> Diagnosis:
    name = getattr(check, "__name__", "a check").replace("_", " ")
    return error(
        "Doctor",
        "check-failed",
        f"What '{name}' looks at could not be examined: {type(problem).__name__}: {problem}.",
        "Report this as a bug of trt_inference, with the whole output.",
    )
