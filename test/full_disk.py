"""A disk that is full, for the process of the test."""

import resource
from contextlib import contextmanager
from typing import Iterator


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A write past ``size`` bytes of a file fails, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
