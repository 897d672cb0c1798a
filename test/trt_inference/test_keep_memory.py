"""Arrays of the size of images get memory that the process has had before."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Prints how many pages Linux has given to the process for arrays that were there before already.
PAGES = """
import resource
from trt_inference.keep_memory import keep_freed_memory

SOURCE = bytes({size})

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        arrays = [bytearray(SOURCE) for _ in range({count})]
        del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages()
given = pages()
keep_freed_memory()
pages()
print(given, pages())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to")
@pytest.mark.parametrize(
    ("size", "count"),
    [(1920 * 1080 * 3, 3), pytest.param(3840 * 2160 * 3, 2, id="4K")],
)
def test_arrays_of_images_get_the_memory_of_those_before(size: int, count: int) -> None:
    program = PAGES.format(size=size, count=count)
    output = subprocess.check_output((sys.executable, "-c", program), cwd=str(ROOT))
    before, after = map(int, output.split())
    assert before > 100
    assert after < before / 10
