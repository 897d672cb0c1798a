"""Runs what may crash or hang in a process of its own.

A probe is a module that prints one JSON object on its last line and ends: ``print_answer``. What
libraries print before it does not matter.
"""

import json
import signal
from typing import Any, Dict, NamedTuple

from trt_inference.doctor.host import Answer, Host

SECONDS = 180.0  # a Nano reads a GB of libraries from a slow card, while it swaps


class ProbeResult(NamedTuple):
    """What a probe answered, or why it did not, in a few words to follow "it": ``was ended by
    SIGILL``. One of both is empty."""

    answer: Dict[str, Any]
    problem: str


def run_probe(host: Host, module: str, *arguments: str, seconds: float = SECONDS) -> ProbeResult:
    """Run ``python -m module arguments`` on a machine and read its answer."""
    answer = host.run([host.python, "-m", module, *arguments], seconds)
    if answer is None:
        return ProbeResult({}, f"could not be started: {host.python} does not run")
    if answer.code == 0:
        try:
            found = json.loads(answer.output.rpartition("\n")[2])
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return ProbeResult(found, "")
    return ProbeResult({}, _problem(answer, seconds))


def print_answer(answer: Dict[str, Any]) -> None:
    """Print what a probe found, as its last line."""
    print(f"\n{json.dumps(answer)}", flush=True)


def _problem(answer: Answer, seconds: float) -> str:
    last = answer.errors.rpartition("\n")[2]
    if answer.code == 0:
        return "gave no answer"
    if answer.code is None:
        return f"did not end within {seconds:.0f} seconds"
    if answer.code < 0:
        try:
            name = signal.Signals(-answer.code).name
        except ValueError:
            name = f"signal {-answer.code}"
        return f"was ended by {name}"
    return f"ended with exit code {answer.code}{': ' + last if last else ''}"
