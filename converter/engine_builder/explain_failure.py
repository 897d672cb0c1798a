"""Why TensorRT built no engine: its last words, and what they mean with the memory that there was.

A build that runs out of memory often ends with an error that does not name it.
"""

import re
from typing import Sequence

from converter.engine_builder.check_memory import MemoryNeed
from trt_inference.engines.free_memory import binary_size
from trt_inference.engines.tensorrt.plan import Log

# What TensorRT ends with where memory was short, though not only there: "Cuda Runtime (invalid
# resource handle)", "Could not find any implementation for node …", "CUBLAS_STATUS_NOT_…".
_OF_THE_GPU = re.compile(r"cuda (runtime|driver|error)|CUDNN_STATUS|CUBLAS_STATUS", re.IGNORECASE)
_MAY_BE_MEMORY = re.compile(f"{_OF_THE_GPU.pattern}|any implementation|no reason", re.IGNORECASE)
# "Tactic Device request: 538MB Available: 166MB. Device memory is insufficient to use tactic."
_TOO_MUCH = re.compile(r"Tactic Device request: (\d+)MB Available: (\d+)MB")
_NO_TACTIC = "any implementation"
_LEAN = "nvinfer_lean"
_OTHERWISE = (
    "See whether another --precision can be built, and whether the report lists operators that "
    "this TensorRT lacks"
)


def explain_failure(
    precision: str, log: Log, workspace: int, needs: Sequence[MemoryNeed], advice: str
) -> str:
    """Return what to tell a user whose build has failed.

    Args:
        log: of the build.
        workspace: in bytes.
        needs: the memory that the build might take, and that was free before it.
        advice: what helps where memory is short.
    """
    last = log.last()
    may_be_memory = _MAY_BE_MEMORY.search(last) is not None
    is_short = any(need.is_short for need in needs)
    expected = f"It was to take up to {' and '.join(map(_in_figures, needs))}"
    if _LEAN not in last and (log.out_of_memory or (may_be_memory and is_short)):
        surely = "" if log.out_of_memory else "probably "
        words = dict.fromkeys(filter(None, (log.out_of_memory, last)))
        return (
            f"TensorRT {surely}ran out of memory when it built {precision}. {expected}, with a "
            f"workspace of {binary_size(workspace)}. To mend it, {advice}. In its words: "
            f"{'; '.join(words)}"
        )
    return f"TensorRT cannot build {precision}: {last}. {_remedy(log, workspace, expected)}"


def _in_figures(need: MemoryNeed) -> str:
    free = binary_size(need.free)
    return f"{binary_size(need.needed)} of {need.kind}, of which {free} were free"


def _remedy(log: Log, workspace: int, expected: str) -> str:
    """What to do where memory was not short."""
    last, request = log.last(), log.find(_TOO_MUCH)
    if _LEAN in last:
        return (
            "This TensorRT comes without its lean runtime, which a plan for other versions "
            "contains: leave --version-compatible out"
        )
    if _NO_TACTIC in last and request is not None:
        return (
            f"A layer asked for {request.group(1)}MiB of the workspace of "
            f"{binary_size(workspace)}, and had {request.group(2)}MiB: choose a larger --workspace"
        )
    if _OF_THE_GPU.search(last) and _NO_TACTIC not in last:
        return (
            f"Memory is hardly the reason ({expected[0].lower()}{expected[1:]}): try again, and "
            "if it fails again, look for the GPU's errors in the system's log (sudo dmesg)"
        )
    return _OTHERWISE
