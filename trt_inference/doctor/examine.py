"""The order in which a machine is examined."""

from typing import Callable, Iterable, Iterator, List

from trt_inference.doctor.diagnosis import Diagnosis, error
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.middleware_checks import MIDDLEWARE_CHECKS

Check = Callable[[Host], Iterable[Diagnosis]]

# What depends on something comes after it.
_CHECKS: List[Check] = [*MIDDLEWARE_CHECKS]


def examine(host: Host) -> Iterator[Diagnosis]:
    """Look at everything, and report each diagnosis when it is there. No check ends the others."""
    for check in _CHECKS:
        try:
            yield from check(host)
        except Exception as problem:  # a fault of ours is no reason to keep the rest to ourselves
            yield _failed(check, problem)


def _failed(check: Check, problem: Exception) -> Diagnosis:
    name = check.__module__.rpartition(".")[2].replace("_", " ")
    text = f"could not be examined: {type(problem).__name__}: {problem}"
    return error(name, "check-failed", text, "Report this as a bug, with the whole output.")
