"""That requests do not cost more in memory than in anything else."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SIDE = 640
PAGES = SIDE * SIDE * 3 // 4096  # of one request
IMAGES = 50

# In a process of its own, since the library learns from all that is freed in one. What an image
# needs: a request, and gRPC's copy of it, for each of two runs.
PROGRAM = """
import resource, sys
from trt_inference.engines.triton.server_lane import SERVER_DEPTH, ServerLane

class Input:
    height = width = {side}

if sys.argv[1] == "lane":
    lane = ServerLane(Input, 1, 1.0, None)

def request():
    blocks = [b"".join((b"x", memoryview(pixels))) for _ in range(2 * SERVER_DEPTH)]

pixels = bytes(range(256)) * ({side} * {side} * 3 // 256)
for _ in range(10):
    request()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({images}):
    request()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / {images})
"""


def pages_of_an_image(way: str) -> float:
    """How many pages Linux has to make for each image."""
    program = PROGRAM.format(side=SIDE, images=IMAGES)
    shown = subprocess.check_output([sys.executable, "-c", program, way], cwd=str(ROOT))
    return float(shown)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_the_memory_of_requests_is_used_again() -> None:
    assert pages_of_an_image("lane") < PAGES / 4
