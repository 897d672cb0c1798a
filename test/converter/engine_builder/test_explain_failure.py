"""What a user is told of a build that failed: memory where it was short, and only there.

The texts are those of users' logs in NVIDIA/TensorRT's and other projects' issues.
"""

from typing import Sequence, Tuple

import pytest

from converter.engine_builder.check_memory import MemoryNeed
from converter.engine_builder.explain_failure import explain_failure
from trt_inference.engines.free_memory import GIB, MIB
from trt_inference.engines.tensorrt.plan import Log

SHORT = MemoryNeed("memory", 2 * GIB, 1 * GIB)
AMPLE = MemoryNeed("GPU memory", 2 * GIB, 20 * GIB)
ADVICE = "close something"

NO_TACTIC = (
    "IBuilder::buildSerializedNetwork: Error Code 10: Internal Error (Could not find any "
    "implementation for node {ForeignNode[/1/Constant_36_output_0.../1/Slice_4]}.)"
)
HANDLE = "Error Code 1: Cuda Runtime (invalid resource handle)"
USAGE = "Error Code 4: API Usage Error (Network must have at least one output)"


def explained(lines: Sequence[Tuple[str, bool]], *needs: MemoryNeed) -> str:
    """For a log of these lines, each with whether it is an error."""
    log = Log()
    for line, is_error in lines:
        log.add(line, is_error)
    return explain_failure("fp16", log, 256 * MIB, needs, ADVICE)


@pytest.mark.parametrize(
    ("line", "is_error"),
    [
        ("[defaultAllocator.cpp::allocate::31] Error Code 1: Cuda Runtime (out of memory)", True),
        ("../rtSafe/safeRuntime.cpp (25) - Cuda Error in allocate: 2 (out of memory)", True),
        ("[virtualMemoryBuffer.cpp::resizePhysical::145] Error Code 2: OutOfMemory", True),
        ("Requested amount of GPU memory (15485030400 bytes) could not be allocated.", False),
        ("[tunable_graph.cpp:create:117] autotuning: User allocator error allocating 5-byte", True),
        ("FAILED_ALLOCATION: std::bad_alloc", True),
        ("Error Code 1: Cudnn (CUDNN_STATUS_ALLOC_FAILED)", True),
    ],
)
@pytest.mark.parametrize("last", [NO_TACTIC, HANDLE, "Engine could not be created from network"])
def test_memory_comes_first_wherever_the_log_names_it(line: str, is_error: bool, last: str) -> None:
    later = [(f"[W] {number}", True) for number in range(40)]  # more than the log keeps
    text = explained([(line, is_error), *later, (last, True)], AMPLE)
    assert text.startswith("TensorRT ran out of memory when it built fp16. ")
    for part in (line, last, "2.0GiB of GPU memory, of which 20.0GiB were free", "256MiB", ADVICE):
        assert part in text
    assert text.index(ADVICE) < text.index(line)


@pytest.mark.parametrize(
    "last",
    [
        HANDLE,
        NO_TACTIC,
        "Error Code 1: Cuda Driver (invalid argument)",
        "Error Code 1: Cublas (CUBLAS_STATUS_NOT_INITIALIZED)",
        "",
    ],
)
def test_an_error_that_a_lack_of_memory_causes_names_it_where_it_was_short(last: str) -> None:
    lines = [(last, True)] if last else []
    text = explained(lines, AMPLE, SHORT)
    assert text.startswith("TensorRT probably ran out of memory when it built fp16. ")
    assert "2.0GiB of memory, of which 1.0GiB were free" in text and ADVICE in text
    assert "out of memory" not in explained(lines, AMPLE)


def test_an_error_of_the_model_is_none_of_memory() -> None:
    text = explained([(USAGE, True)], SHORT)
    assert text.startswith(f"TensorRT cannot build fp16: {USAGE}. See whether another --precision")


def test_a_missing_lean_runtime_is_none_of_memory() -> None:
    line = "Error Code 6: Internal Error (Unable to load library: libnvinfer_lean.so.8.6.0)"
    assert "leave --version-compatible out" in explained([(line, True)], SHORT)


def test_a_workspace_that_is_too_small_is_to_be_larger() -> None:
    skipped = "Tactic Device request: 538MB Available: 166MB. Device memory is insufficient to use"
    text = explained([(skipped, False), (NO_TACTIC, True)], AMPLE)
    assert "asked for 538MiB of the workspace of 256MiB" in text
    assert "choose a larger --workspace" in text and ADVICE not in text
    # Tactics are skipped in builds that fail for other reasons, too.
    assert "--workspace" not in explained([(skipped, False), (USAGE, True)], AMPLE)
